"""Settings and set-up of a branch that has none: an orphan one, or one from before ``init``.

They come from the main worktree, or from a branch that has them. Asked only where the
work tree has no ``kagura.toml`` of its own.
"""

from __future__ import annotations

import os
from typing import Final

from kagura_git import atomic
from kagura_git.git import objects
from kagura_git.git.repo import Repository
from kagura_git.git.run import decode
from kagura_git.git.worktrees import main_top

_SETTINGS: Final = "kagura.toml"
_FOLDER: Final = ".kagura"
_FIRST: Final = ("refs/heads/main", "refs/heads/master")
_MOST_REFS: Final = "100"
_LARGEST: Final = 64 * 1024 + 1  # as settings may be, and one byte that shows a larger file


def settings_folder(repo: Repository) -> str:
    """Return the folder whose ``kagura.toml`` holds in this work tree.

    The file of a branch is copied to the worktree's working memory, where the hooks, which
    start no git for it, find it too.
    """
    if os.path.lexists(os.path.join(repo.top, _SETTINGS)):
        return repo.top
    top = _other_top(repo)
    if top is not None and os.path.isfile(os.path.join(top, _SETTINGS)):
        return top
    copy = os.path.join(repo.private, _SETTINGS)
    data = _from_a_branch(repo)
    try:
        _keep(copy, data)
    except OSError:  # a disk that cannot be written to; then nothing is recorded either
        return repo.top
    return repo.top if data is None else repo.private


def are_set_up(repo: Repository) -> bool:
    """Return whether the main worktree or a branch has the folder of records."""
    top = _other_top(repo)
    if top is not None and os.path.isdir(os.path.join(top, _FOLDER)):
        return True
    names = [f"{ref}:{_FOLDER}" for ref in _refs(repo)]
    return any(found.kind == "tree" for found in objects.heads(repo.git, names))


def _other_top(repo: Repository) -> str | None:
    return None if repo.git_dir == repo.common_dir else main_top(repo)


def _from_a_branch(repo: Repository) -> bytes | None:
    names = [f"{ref}:{_SETTINGS}" for ref in _refs(repo)]
    for name, found in zip(names, objects.heads(repo.git, names), strict=True):
        if found.kind == "blob" and found.size < _LARGEST:
            return objects.read(repo.git, [name], largest=_LARGEST)[0].data
    return None


def _refs(repo: Repository) -> list[str]:
    """Return branches in which to look: main ones first, then the youngest, local ones first."""
    done = repo.git.run(
        "for-each-ref", f"--count={_MOST_REFS}", "--sort=-committerdate", "--format=%(refname)",
        "refs/heads", "refs/remotes", ok=(0, 128),
    )  # fmt: skip
    found = decode(done.stdout).split("\n")[:-1]
    return sorted(found, key=lambda ref: (ref not in _FIRST, not ref.startswith("refs/heads/")))


def _keep(copy: str, data: bytes | None) -> None:
    """Make the copy what a branch has; raises ``OSError``."""
    try:
        with open(copy, "rb") as file:
            now = file.read(_LARGEST)
    except OSError:
        now = None
    if now == data:
        return
    if data is None:
        os.unlink(copy)
    else:
        atomic.make_folder(os.path.dirname(copy))
        atomic.write(copy, data, durable=False)
