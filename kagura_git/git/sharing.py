"""Sharing of what kagura keeps beside a repository: as ``core.sharedRepository`` says."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import Final

from kagura_git import permissions
from kagura_git.git.repo import Repository

_PRIVATE: Final = 0o700
# As git counts them (git-init(1), --shared): the permissions that are added to the umask's.
_ADDED: Final = {
    "group": 0o660, "true": 0o660, "1": 0o660, "yes": 0o660, "on": 0o660,
    "all": 0o664, "world": 0o664, "everybody": 0o664, "2": 0o664,
}  # fmt: skip
_OCTAL: Final = frozenset("01234567")


def folder_mode(repo: Repository) -> int:
    """Return the mode of kagura's folders in a repository: 0700 where it is not shared."""
    said = (repo.git.config("core.sharedRepository") or "").lower()
    if said in _ADDED:
        files = stat.S_IMODE(os.stat(repo.common_dir).st_mode) & 0o666 | _ADDED[said]
    elif len(said) > 1 and set(said) <= _OCTAL and int(said, 8) & 0o600 == 0o600:
        files = int(said, 8) & 0o666
    else:
        return _PRIVATE
    return files | (files & 0o444) >> 2 | stat.S_ISGID


def outdated(repo: Repository) -> list[str]:
    """Return the folders that exist with other permissions than the repository's."""
    mode = folder_mode(repo) & ~stat.S_ISGID
    found = []
    for folder in sorted({repo.shared, repo.private}):
        with contextlib.suppress(OSError):
            if stat.S_IMODE(os.stat(folder).st_mode) & ~stat.S_ISGID != mode:
                found.append(folder)
    return found


def apply(repo: Repository) -> None:
    """Make kagura's folders in a repository, and give all in them the permissions it has."""
    for folder in (repo.shared, repo.private):
        permissions.make_folder(folder)
    for folder in outdated(repo):
        permissions.change(folder, folder_mode(repo))


def keep_private(repo: Repository) -> None:
    """Correct the permissions of folders that an older version made, or that git now shares."""
    if permissions.needs_change(repo.shared) or permissions.needs_change(repo.private):
        apply(repo)
