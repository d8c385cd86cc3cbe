"""Moves of HEAD that made a commit, told from those that brought commits here.

A program may write any words into the reflog, or none, and ``GIT_REFLOG_ACTION``
replaces git's own: then the commits themselves tell. Light on purpose: the
hooks use it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from kagura_git.git.head_move import Move
from kagura_git.git.run import Git, decode

AMENDED: Final = "commit (amend)"
COMMITS: Final = ("commit", "commit (initial)", AMENDED, "commit (merge)")
# First words of git's own messages for what takes commits from elsewhere, or makes them again.
_ARRIVALS: Final = frozenset(
    "checkout reset merge pull rebase cherry-pick revert am clone branch fetch bisect stash "
    "initial switch restore update-ref filter-branch push".split()
)
_OTHER_COMMITS: Final = "commit (cherry-pick)"


def arrived(move: Move) -> bool:
    """Tell whether git says of a move that it made no new work: a pull, a rebase, a checkout."""
    words = move.how.replace("(", " ").split()
    return move.how == _OTHER_COMMITS or bool(words and words[0] in _ARRIVALS)


def named(git: Git, moves: Sequence[Move]) -> list[Move]:
    """Return the moves, those that made a commit in other words renamed to git's own.

    A new commit upon the old tip is ``commit``, one in the old tip's place is
    ``commit (amend)``. What was made again of an older commit, a revert, and what
    moved by more than one commit stay as they are.
    """
    foreign = [move for move in moves if _is_open(move)]
    if not foreign:
        return list(moves)
    known = _read(git, {sha for move in foreign for sha in (move.new, move.old) if sha})
    return [_renamed(move, known) if _is_open(move) else move for move in moves]


class _Commit(NamedTuple):
    parents: tuple[str, ...]
    is_new: bool


def _is_open(move: Move) -> bool:
    return move.how not in COMMITS and not arrived(move) and move.new != move.old


def _renamed(move: Move, known: Mapping[str, _Commit]) -> Move:
    made = known.get(move.new)
    if made is None:
        return move
    if made.parents[:1] == ((move.old,) if move.old else ()) and made.is_new:
        return move._replace(how="commit (merge)" if len(made.parents) > 1 else "commit")
    old = known.get(move.old or "")
    if old is not None and old.parents == made.parents:
        return move._replace(how=AMENDED)
    return move


def _read(git: Git, shas: Iterable[str]) -> dict[str, _Commit]:
    """Return what commits are; those that are gone are left out."""
    asked = "".join(f"{sha}\n" for sha in sorted(shas)).encode()
    done = git.run(
        "log", "--no-walk=unsorted", "--no-show-signature", "--format=%H %at %ct%x00%P%x00%s",
        "--ignore-missing", "--stdin", stdin=asked, ok=(0, 128),
    )  # fmt: skip
    found = {}
    for line in decode(done.stdout).splitlines():
        (sha, authored, committed), (parents, subject) = _cut(line)
        fresh = is_fresh(int(authored or 0), int(committed or 0))
        found[sha] = _Commit(tuple(parents.split()), fresh and not subject.startswith('Revert "'))
    return found


def _cut(line: str) -> tuple[list[str], tuple[str, str]]:
    head, _, rest = line.partition("\0")
    parents, _, subject = rest.partition("\0")
    return [*head.split(" "), "", ""][:3], (parents, subject)


def is_fresh(authored: int, committed: int) -> bool:
    """Tell whether a commit was made for the first time: one made again keeps its author's date."""
    return committed - authored <= 1


def made_here(git: Git, git_dir: str, move: Move) -> Move:
    """Return the move for which post-commit runs, in git's own words if it made a commit.

    A replayed commit comes here as well: git takes its message file away only later.
    """
    if not _is_open(move) or os.path.exists(os.path.join(git_dir, "MERGE_MSG")):
        return move
    return named(git, [move])[0]
