"""The worktrees of a repository, as its own folders tell; light, for whoever records.

`git worktree list` would do for most, but ends lines at newlines in names
before git 2.36, and does not say where a main work tree lies that has its git
directory elsewhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from kagura_git.git.repo import Repository
from kagura_git.git.run import decode


@dataclass(frozen=True, slots=True)
class Worktree:
    """One worktree.

    Attributes:
        git_dir: its own git directory.
        prefix: how revisions name it from elsewhere, such as ``worktrees/fix/``.
        top: the top of its work tree; None if it has none, or nobody knows where.
    """

    git_dir: str
    prefix: str
    top: str | None


def worktrees(repo: Repository) -> list[Worktree]:
    """Return all worktrees but those whose folder is gone; a locked one only may be away."""
    found = [Worktree(repo.common_dir, "main-worktree/", main_top(repo))]
    folder = os.path.join(repo.common_dir, "worktrees")
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        names = []
    for name in names:
        git_dir = os.path.join(folder, name)
        top = repo.top if git_dir == repo.git_dir else _linked_top(git_dir)
        if top is not None and os.path.isdir(top):
            found.append(Worktree(git_dir, f"worktrees/{name}/", top))
        elif os.path.exists(os.path.join(git_dir, "locked")):
            found.append(Worktree(git_dir, f"worktrees/{name}/", None))
    return found


def main_top(repo: Repository) -> str | None:
    """Return the top of the main work tree; None if there is none, or nobody knows where."""
    if repo.git_dir == repo.common_dir:
        return repo.top
    done = repo.git.run(f"--git-dir={repo.common_dir}", "config", "core.worktree", ok=(0, 1))
    if given := decode(done.stdout).rstrip("\n"):
        return os.path.realpath(os.path.join(repo.common_dir, given))
    bare, top = os.path.basename(repo.common_dir) != ".git", os.path.dirname(repo.common_dir)
    return None if bare or not os.path.isdir(top) else top


def _linked_top(git_dir: str) -> str | None:
    try:
        with open(os.path.join(git_dir, "gitdir"), "rb") as file:
            link = decode(file.read(65536)).rstrip("\n")
    except OSError:
        return None
    # Since git 2.48 it may be relative to the worktree's git directory.
    return os.path.dirname(os.path.normpath(os.path.join(git_dir, link))) or None


def branch(git_dir: str) -> str:
    """Return the branch that is checked out, without a process; empty if that cannot be told."""
    try:
        with open(os.path.join(git_dir, "HEAD"), "rb") as file:
            name = decode(file.read(4096)).strip()
    except OSError:
        return ""
    found = name.removeprefix("ref: refs/heads/")
    # In a reftable repository the file names no branch at all.
    return "" if found == name or found == ".invalid" or " " in found else found
