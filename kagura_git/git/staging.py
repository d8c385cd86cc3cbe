"""Staging record files, so that they ride in the next commit.

Recording must not fail because someone else is committing: a file that could
not be staged is reported, never an error.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Final

from kagura_git.errors import GitError
from kagura_git.git.guarded import unguarded, without_filters
from kagura_git.git.repo import Repository
from kagura_git.git.run import Git, decode
from kagura_git.git.sparse import Sparse

_PATIENCE: Final = 1.0


def stage(repo: Repository, paths: Sequence[str], welcome: set[str] | None = None) -> list[str]:
    """Stage exactly these files; returns those that could not be staged.

    That is: the owner's ``.gitignore`` covers the file, it is gone, or another
    git process held the staging area for a second.

    Args:
        paths: relative to the top of the work tree.
        welcome: folders known not to be ignored; a long-lived caller hands in one set,
            and git is asked once a folder instead of once a file.
    """
    wanted = list(dict.fromkeys(paths))
    if not wanted:
        return []
    known = set() if welcome is None else welcome
    ignored = _ignored(repo.git, [path for path in wanted if _folder(path) not in known])
    known.update(_folder(path) for path in wanted if path not in ignored)
    refused = [path for path in wanted if path in ignored]
    rest = [path for path in wanted if path not in ignored]
    if Sparse(repo).active:
        for path in rest:  # else a git before 2.36 passes over, without a word, what was left out
            unguarded(repo.git).run("update-index", "--no-skip-worktree", "--", path, ok=range(256))
    if rest and not _add(repo.git, rest):
        # One file that is gone fails the whole call; the others must not suffer.
        refused += [path for path in rest if len(rest) == 1 or not _add(repo.git, [path])]
    return refused


def ignored(repo: Repository, paths: Sequence[str]) -> set[str]:
    """Return those of these files that the owner's ``.gitignore`` covers."""
    return _ignored(repo.git, paths)


def drop(repo: Repository, paths: Sequence[str]) -> None:
    """Take these files out of the staging area, their unmerged stages too."""
    unguarded(repo.git).run("update-index", "--force-remove", "-z", "--stdin", stdin=_listed(paths))


def unstaged_records(repo: Repository) -> list[str]:
    """Return the record files whose last version the next commit would leave out."""
    done = without_filters(repo.git).run(
        "--no-optional-locks", "status", "--porcelain=v1", "-z", "--no-renames",
        "--untracked-files=all", "--ignore-submodules=all", "--", ".kagura",
    )  # fmt: skip
    lines = decode(done.stdout).split("\0")[:-1]
    return [line[3:] for line in lines if line[1] != " " and line.endswith(".yaml")]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _ignored(git: Git, paths: Sequence[str]) -> set[str]:
    if not paths:
        return set()
    done = git.run("check-ignore", "-z", "--stdin", stdin=_listed(paths), ok=(0, 1, 128))
    return set(decode(done.stdout).split("\0")[:-1])


def _add(git: Git, paths: Sequence[str]) -> bool:
    """Stage the files; unlike `git add`, update-index reads no folder and minds no sparse cone."""
    # As its user would stage: else git would drop what its file monitor knows from the index.
    git = unguarded(git)
    deadline = time.monotonic() + _PATIENCE
    wait = 0.01
    while True:
        try:
            # No --replace: a file must not push a folder of the same name out.
            git.run("update-index", "--add", "-z", "--stdin", stdin=_listed(paths))
            return True
        except GitError as error:
            locked = "index.lock" in error.message
        if not locked or time.monotonic() + wait > deadline:
            return False
        time.sleep(random.uniform(wait / 2, wait))
        wait = min(wait * 2, 0.15)


def _listed(paths: Sequence[str]) -> bytes:
    return b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
