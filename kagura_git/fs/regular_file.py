"""Reading regular files at paths that others name: no pipe, no device, no more than a limit.

Opening a pipe waits for a writer, and opening some devices does something. Standard
library only: the hooks use it.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

_CHUNK: Final = 1024 * 1024
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a symbolic link"),
)


class NotRegular(OSError):
    """The path names something else than a regular file; ``strerror`` says what."""

    def __init__(self, mode: int, path: str) -> None:
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "a special file")
        super().__init__(errno.EINVAL, f"{kind}, not a regular file", path)


def read(path: str | os.PathLike[str], limit: int, *, follow: bool = True) -> bytes:
    """Return a regular file's first ``limit`` bytes; ask for one more to see that it is larger.

    Args:
        follow: whether a symbolic link as last part of the path is followed.

    Raises:
        NotRegular: it is a folder, pipe, socket, device or (without ``follow``) a link.
        OSError: it cannot be read.
    """
    name = os.fspath(path)
    mode = os.stat(name, follow_symlinks=follow).st_mode
    if not stat.S_ISREG(mode):
        raise NotRegular(mode, name)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_BINARY", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
    descriptor = os.open(name, flags)
    try:
        # Between the two calls another file may have taken its place.
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise NotRegular(mode, name)
        data = bytearray()
        while len(data) < limit and (chunk := os.read(descriptor, min(_CHUNK, limit - len(data)))):
            data += chunk
        return bytes(data)
    finally:
        os.close(descriptor)
