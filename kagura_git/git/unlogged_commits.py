"""Commits that HEAD's reflog does not list, yet may have taken an edit whose reason waits.

A library may write refs without a log, and a patch stack moves by several
commits at once. Light on purpose: the hooks use it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from kagura_git.git.commit_entries import Fact
from kagura_git.git.commit_moves import COMMITS, arrived, is_fresh
from kagura_git.git.head_move import Move
from kagura_git.git.run import Git, decode

_FORMAT: Final = "--format=tformat:%x01%H%x00%P%x00%cE%x00%ct%x00%at"
_MOST_COMMITS: Final = 200
_MOST_PATHS: Final = 500
_MOST_HEADS: Final = 8
_MOST_MOVES: Final = 20


class Unlogged(NamedTuple):
    """A commit, as far as it is asked whether it took an edit.

    Attributes:
        email: the committer's.
        authored: seconds since 1970; a commit made again keeps the time of the first one.
    """

    sha: str
    parents: tuple[str, ...]
    email: str
    committed: int
    authored: int
    paths: frozenset[str]

    def may_have_taken(self, fact: Fact, email: str) -> bool:
        """Tell whether a commit is its user's new work, made after a reason was recorded."""
        try:
            at = int(datetime.fromisoformat(str(fact.get("at"))).timestamp())
        except ValueError:
            return False
        mine = self.email == email and is_fresh(self.authored, self.committed)
        return mine and min(self.committed, self.authored) >= at


def unlogged(git: Git, facts: Iterable[Fact], tip: str, moves: Sequence[Move]) -> list[Unlogged]:
    """Return commits that touch the facts' files, from where each was recorded to a tip.

    The oldest come first. Those that a pull, a rebase or the like brought are left out.

    Args:
        moves: HEAD's last moves, the oldest first.
    """
    by_head: dict[str, set[str]] = {}
    for fact in facts:
        head, path = fact.get("head"), fact.get("path")
        if isinstance(head, str) and head.isalnum() and isinstance(path, str) and head != tip:
            by_head.setdefault(head, set()).add(path)
    logged = {move.new for move in moves if move.how in COMMITS}
    found: dict[str, Unlogged] = {}
    for head, paths in list(by_head.items())[-_MOST_HEADS:]:
        for commit in _touching(git, head, tip, paths):
            if commit.sha not in logged:
                found.setdefault(commit.sha, commit)
    brought = _brought(git, moves, found.keys()) if found else set()
    return [commit for commit in found.values() if commit.sha not in brought]


def _touching(git: Git, base: str, tip: str, paths: Collection[str]) -> Iterator[Unlogged]:
    some = sorted(paths) if len(paths) <= _MOST_PATHS else ()
    done = git.run(
        "--literal-pathspecs", "-c", "protocol.allow=never", "log", "-z", "--no-show-signature",
        "--no-merges", "--topo-order", f"--max-count={_MOST_COMMITS}", "--no-renames",
        "--name-only", _FORMAT, f"{base}..{tip}", "--", *some, ok=(0, 128),
    )  # fmt: skip
    blocks = decode(done.stdout).split("\x01")[1:]
    for block in reversed(blocks):
        sha, parents, email, committed, authored, *names = block.split("\0")
        touched = frozenset(name.lstrip("\n") for name in names if name.strip("\n"))
        yield Unlogged(
            sha, tuple(parents.split()), email, int(committed or 0), int(authored or 0), touched
        )


def _brought(git: Git, moves: Sequence[Move], wanted: Collection[str]) -> set[str]:
    """Return those of some commits that git says it has taken from elsewhere."""
    found: set[str] = set()
    for move in [move for move in moves if arrived(move)][-_MOST_MOVES:]:
        if move.new in wanted:
            found.add(move.new)
        if move.old is None or move.old == move.new:
            continue
        done = git.run(
            "rev-list", f"--max-count={10 * _MOST_COMMITS}", move.new, f"^{move.old}", ok=(0, 128)
        )
        found |= {*decode(done.stdout).split()} & {*wanted}
    return found
