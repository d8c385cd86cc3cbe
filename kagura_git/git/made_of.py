"""What the commit just made is made of, where git itself says so while it makes it.

A cherry-pick names its commit and ``merge --squash`` lists them in files that
are gone before post-commit runs: the prepare-commit-msg shim keeps the ids. A
commit that follows a ``reset`` is the old tip's, as far as it leaves the files
as that did. Light on purpose: the post-commit hook uses it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from kagura_git.git import notes
from kagura_git.git.diff import commit_changes
from kagura_git.git.head_move import Move, recent_moves
from kagura_git.git.notes import Entry
from kagura_git.git.run import Git
from kagura_git.git.unwritten import Note
from kagura_git.git.versions import record_at
from kagura_git.model.carried import Taker, carried

_MARK: Final = "made-of"
_PICKED: Final = ("cherry-pick", "commit (cherry-pick)")
_MOST: Final = 1000
_DIGITS: Final = "0123456789abcdef"
# A reset over more than this is left to `git kagura relink`: a commit does not wait for it.
_FAR: Final = 100


def is_marked(folder: str) -> bool:
    """Tell whether the shim has kept what the commit being made is made of."""
    return os.path.exists(os.path.join(folder, _MARK))


def joined(git: Git, git_dir: str, folder: str, move: Move, note: Note | None) -> Note | None:
    """Return a commit's note with what it takes over from others; that is rarely anything.

    Args:
        folder: the worktree's working memory.
        note: what is to be noted about it anyway.
    """
    held = note.entries if note is not None else []
    entries = _entries(git, git_dir, folder, move, held)
    if not entries:
        return note
    return Note(move.new, [*held, *entries], move.identity, note.facts if note else [])


def _entries(git: Git, git_dir: str, folder: str, move: Move, held: Sequence[Entry]) -> list[Entry]:
    how, commits = _take(folder)
    if how == "pick" and move.how in _PICKED:
        return _carried(git, move.new, commits[-1:], held, whole=True)
    if how == "squash" and move.how == "commit":
        return _carried(git, move.new, commits, held, whole=False)
    if move.how == "commit" and (given_up := _given_up(git_dir, move)) is not None:
        return _again(git, move, given_up, held)
    return []


def _take(folder: str) -> tuple[str, list[str]]:
    """Return how the commit is made of which ones, oldest first, and remove the mark."""
    try:
        with open(os.path.join(folder, _MARK), encoding="ascii", errors="replace") as file:
            how, *commits = file.read(_MOST * 65).split()
        os.unlink(file.name)
    except (OSError, ValueError):
        return "", []
    hexadecimal = [sha for sha in commits if len(sha) in (40, 64) and not sha.strip(_DIGITS)]
    return how, hexadecimal[::-1]


def _given_up(git_dir: str, move: Move) -> str | None:
    """Return the tip that HEAD was reset from right before this commit."""
    before = recent_moves(git_dir)[-2:-1]
    if before and before[0].how == "reset" and before[0].new == move.old != before[0].old:
        return before[0].old
    return None


def _carried(
    git: Git,
    new: str,
    commits: Sequence[str],
    held: Sequence[Entry],
    *,
    whole: bool,
    paths: dict[str, str] | None = None,
) -> list[Entry]:
    known = notes.read(git, commits)
    if not known:
        return []
    files = commit_changes(git, new).files
    changed = {path for file in files for path in (file.path, file.old_path) if path is not None}
    touched = changed if paths is None else changed & paths.keys()
    records = {record for path in touched if (record := record_at(path)) is not None}
    sources = [(sha, known[sha]) for sha in commits if sha in known]
    return carried(Taker(new, changed, records, held, whole=whole, paths=paths), sources)


def _again(git: Git, move: Move, given_up: str, held: Sequence[Entry]) -> list[Entry]:
    """Return what a commit takes over from the tip that its parent was reset from."""
    sides = git.run(
        "rev-list", "--left-right", f"--max-count={_FAR + 1}", f"{move.old}...{given_up}",
        ok=(0, 128),
    )  # fmt: skip
    lines = sides.stdout.decode().split()
    if sides.returncode or not lines or len(lines) > _FAR or not lines[-1].startswith(">"):
        return []
    commits = [line[1:] for line in lines if line.startswith(">")][::-1]
    if len(commits) < len(lines) or not notes.read(git, commits):
        return []  # the reset went elsewhere, or nothing is known of what it gave up
    from kagura_git.git import patches

    names = (f"{name}^{{tree}}" for name in (move.old, given_up, move.new))
    old, goal, new = git.text("rev-parse", *names).split()
    wanted, made = patches.steps(git, [(old, goal), (old, new)])
    if goal == new:
        return _carried(git, move.new, commits, held, whole=len(commits) == 1)
    paths = {path: path for path, step in wanted.items() if path in made and made[path] == step}
    return _carried(git, move.new, commits, held, whole=False, paths=paths) if paths else []
