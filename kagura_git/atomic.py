"""Writing a file so that a reader, a crash or a full disk never meets half of it.

Standard library only: the hooks use it.
"""

from __future__ import annotations

import contextlib
import os


def write(
    path: str | os.PathLike[str], data: bytes, *, durable: bool = True, settled: bool = True
) -> None:
    """Replace the file with ``data``: a temporary file beside it, fsync, rename.

    Args:
        durable: False leaves out the fsync calls, for what can be derived again.
        settled: False leaves out the folder's: after a power loss the file is whole,
            but it may still be the old one. For what has a settled copy elsewhere.
    """
    target = os.fspath(path)
    folder, name = os.path.split(target)
    # The pid keeps two processes apart, the suffix keeps globs for records away from it.
    temporary = os.path.join(folder, f".{name[:120]}.{os.getpid()}.{os.urandom(3).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if durable and settled:
        sync_folder(folder or ".")


def create(path: str | os.PathLike[str], data: bytes) -> bool:
    """Create the file with its whole content; False, and nothing done, if it exists."""
    target = os.fspath(path)
    temporary = f"{target}.{os.getpid()}.{os.urandom(3).hex()}.tmp"
    write(temporary, data)
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    finally:
        os.unlink(temporary)
    return True


def flush_to_disk() -> None:
    """Wait until everything written before is on disk: one flush for many files."""
    if hasattr(os, "sync"):
        os.sync()


def sync_folder(folder: str) -> None:
    """Make a rename in the folder survive a power loss, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
