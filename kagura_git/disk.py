"""What the system says about a failed write, as something that a user can mend.

Standard library only: the hooks use it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kagura_git.errors import KaguraError

_FREE: Final = "Free some space there, then try again; nothing that was there is harmed."


class CannotWrite(KaguraError, OSError):
    """The disk is full or read-only, a permission is missing, something is in the way.

    Args:
        error: what the system said.
        path: what was to be written.
    """

    def __init__(self, error: OSError, path: str) -> None:
        message, hint = _why(error, path)
        super().__init__(message, hint=hint, where=path)
        self.errno = error.errno


def _why(error: OSError, path: str) -> tuple[str, str]:
    """Return what a user has to know about a failed write, and what to do about it."""
    match error.errno:
        case errno.ENOSPC:
            return f"the disk is full: no space left on {_disk(path)}", _FREE
        case errno.EDQUOT:
            return f"the disk quota is used up on {_disk(path)}", _FREE
        case errno.EROFS:
            return (
                f"the disk is read-only: {_disk(path)}",
                "Search and show work all the same; to record, work on a disk that can be written.",
            )
        case errno.EACCES | errno.EPERM:
            place = _existing(path)
            return (
                f"no permission to write: {place} belongs to {_owner(place)}, this is {_user()}",
                "Correct the owner or the permissions there, or ask its owner to.",
            )
        case errno.EEXIST | errno.ENOTDIR | errno.EISDIR | errno.ENOTEMPTY | errno.ELOOP:
            return (
                f"cannot be written: something else is in the way ({error.strerror})",
                "Look at what is there, and move it to another name.",
            )
        case errno.ENOENT:
            return (
                "cannot be written: a folder on the way is missing, or a link that leads nowhere",
                "Look at what is there, and move such a link to another name.",
            )
        case errno.EFBIG:
            return "larger than this process may write (`ulimit -f`)", "Raise that limit."
    return f"cannot be written: {error.strerror or error}", "Mend that, then try again."


def _existing(path: str) -> str:
    """Return the path, or the nearest folder above it that exists."""
    place = os.path.abspath(path)
    while not os.path.lexists(place) and os.path.dirname(place) != place:
        place = os.path.dirname(place)
    return place


def _disk(path: str) -> str:
    """Return where the disk that holds a path is mounted."""
    place = os.path.realpath(_existing(path))
    while not os.path.ismount(place):
        place = os.path.dirname(place)
    return place


def _owner(path: str) -> str:
    try:
        return _name(os.lstat(path).st_uid)
    except OSError:
        return "somebody else"


def _user() -> str:
    return _name(os.geteuid()) if hasattr(os, "geteuid") else "you"


def _name(number: int) -> str:
    import pwd  # not on Windows

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn any ``OSError`` of a write to ``path`` into one that says what to do.

    Raises:
        CannotWrite: in its place.
    """
    try:
        yield
    except CannotWrite:
        raise
    except OSError as error:
        raise CannotWrite(error, path) from error
