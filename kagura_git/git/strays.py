"""Records that git took for renamed ones during a merge: kept until it is seen what became of them.

A record that one side edited and the other deleted beside a new one that
resembles it is to git one file with a new name. The merge driver is asked for
that new name alone, and the edit would be gone without a word. Light on
purpose: the merge driver and the hooks use it.
"""

from __future__ import annotations

import contextlib
import os
from typing import Final

from kagura_git import atomic
from kagura_git.git.run import Git
from kagura_git.model.ids import is_id

_FOLDER: Final = "strays"
_LARGEST: Final = 1024 * 1024


def keep(git: Git, record_id: str, data: bytes) -> None:
    """Keep a version of a record in this worktree's memory.

    Raises:
        GitError: there is no repository here.
        CannotWrite: the disk is full, read-only ...
    """
    folder = os.path.join(git.text("rev-parse", "--absolute-git-dir"), "kagura", _FOLDER)
    atomic.make_folder(folder)
    atomic.write(os.path.join(folder, f"{record_id}.yaml"), data, durable=False)


def waiting(folder: str) -> dict[str, bytes]:
    """Return the versions that wait in a worktree's memory, by record id."""
    found = {}
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(os.path.join(folder, _FOLDER))):
            if is_id(name.removesuffix(".yaml")):
                with contextlib.suppress(OSError), open(_path(folder, name), "rb") as file:
                    found[name.removesuffix(".yaml")] = file.read(_LARGEST)
    return found


def forget(folder: str) -> None:
    """Forget all that waited: what was missing is back."""
    with contextlib.suppress(OSError):
        for name in os.listdir(os.path.join(folder, _FOLDER)):
            os.unlink(_path(folder, name))
        os.rmdir(os.path.join(folder, _FOLDER))


def _path(folder: str, name: str) -> str:
    return os.path.join(folder, _FOLDER, name)
