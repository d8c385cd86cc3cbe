"""Permissions of the files of state, logs and journal: private, or shared as git shares.

A new file is as private as its folder, and a new folder as the one above it: where that
belongs to a group that may write (setgid and group-writable, as ``git init --shared``
makes its own folders), it is shared alike; everything else is 0600 in 0700 folders.
Nobody has to ask git for ``core.sharedRepository`` while a record is written.
Standard library only: the hooks use it.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import Final

_SHARED: Final = stat.S_ISGID | stat.S_IWGRP
_PRIVATE: Final = 0o700


def is_shared(mode: int) -> bool:
    """Return whether a folder of this mode is shared with a group that may write."""
    return mode & _SHARED == _SHARED


def file_mode(folder: str) -> int:
    """Return the mode of a new file in a folder of state."""
    mode = os.stat(folder or ".").st_mode
    return mode & 0o666 if is_shared(mode) else _PRIVATE & 0o666


def make_folder(path: str) -> None:
    """Make a folder of state, and those above it, unless it exists; raises ``OSError``."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(os.path.abspath(path))
    try:
        os.mkdir(path, _PRIVATE)
    except FileNotFoundError:
        if os.path.lexists(above):  # a link that leads nowhere
            raise
        make_folder(above)
        make_folder(path)
        return
    except FileExistsError:
        if not os.path.isdir(path):
            raise
        return
    mode = os.stat(above).st_mode
    if is_shared(mode):
        os.chmod(path, stat.S_IMODE(mode))


def open_file(path: str, flags: int) -> int:
    """Return a descriptor of a file of state, made if it does not exist; raises ``OSError``."""
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    set_mode(descriptor, file_mode(os.path.dirname(path)))
    return descriptor


def set_mode(descriptor: int, mode: int) -> None:
    """Give an open file its mode, whatever the umask is, where the file system has modes."""
    with contextlib.suppress(OSError, AttributeError):  # FAT, some mounts; Windows
        os.fchmod(descriptor, mode)


def needs_change(folder: str) -> bool:
    """Return whether others may read a folder of state that is not shared."""
    try:
        mode = os.stat(folder).st_mode
    except OSError:
        return False
    return bool(mode & 0o077) and not is_shared(mode)


def change(folder: str, mode: int) -> None:
    """Give a folder this mode, and all below it the like; what belongs to others stays."""
    for path, _, names in os.walk(folder):
        for name in names:
            _change_file(os.path.join(path, name), mode)
        with contextlib.suppress(OSError):
            os.chmod(path, mode)


def _change_file(path: str, folder_mode: int) -> None:
    with contextlib.suppress(OSError):
        now = os.lstat(path).st_mode
        if stat.S_ISREG(now):
            runs = (folder_mode & 0o111) if now & stat.S_IXUSR else 0
            os.chmod(path, folder_mode & 0o666 | runs)
