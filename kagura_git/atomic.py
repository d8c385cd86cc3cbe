"""Atomic file writes and locks between processes.

Standard library only: the hooks use it.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from kagura_git import lock_file, permissions
from kagura_git.disk import explained
from kagura_git.errors import KaguraError


def write(
    path: str | os.PathLike[str],
    data: bytes,
    *,
    durable: bool = True,
    settled: bool = True,
    aside: str | None = None,
    tracked: bool = False,
    folder_fd: int | None = None,
) -> None:
    """Replace the file with ``data``: a temporary file beside it, fsync, rename.

    Args:
        durable: False leaves out the fsync calls, for what can be derived again.
        settled: False leaves out the folder's: after a power loss the file is whole,
            but it may still be the old one. For what has a settled copy elsewhere.
        aside: a folder for the temporary file, where a killed process may leave it in
            nobody's way; not used if it cannot be, or lies on another disk.
        tracked: a file of the work tree, with the permissions that git would give it (the
            umask's). Else it is as private as its folder, see :mod:`kagura_git.permissions`.
        folder_fd: a descriptor of the target's folder, which is then not looked up again
            by its path.

    Raises:
        CannotWrite: the disk is full, read-only ...; what was there stays.
    """
    target = os.fspath(path)
    folder = os.path.split(target)[0]
    with explained(target):
        mode = None if tracked else permissions.file_mode(folder)
        if aside is None or not _replace(target, data, aside, mode, durable, folder_fd):
            _replace(target, data, None, mode, durable, folder_fd)
        if durable and settled:
            if folder_fd is None:
                sync_folder(folder or ".")
            else:
                os.fsync(folder_fd)


def _replace(
    target: str,
    data: bytes,
    aside: str | None,
    mode: int | None,
    durable: bool,
    folder_fd: int | None,
) -> bool:
    """Write the file by way of a temporary one; False if that cannot be in the folder aside."""
    folder, name = os.path.split(target)
    # The pid keeps two processes apart, the suffix keeps globs for records away from it.
    temporary = f".{name[:120]}.{os.getpid()}.{os.urandom(3).hex()}.tmp"
    if aside is not None:
        folder, in_folder = aside, None
        temporary = os.path.join(aside, temporary)
    else:
        in_folder = folder_fd
        temporary = temporary if folder_fd is not None else os.path.join(folder, temporary)
    target = target if folder_fd is None else name
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(temporary, flags, 0o666 if mode is None else 0o600, dir_fd=in_folder)
    except OSError as error:
        if aside is None or error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        try:
            permissions.make_folder(folder)
            descriptor = os.open(temporary, flags, 0o666 if mode is None else 0o600)
        except OSError:
            return False
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None and mode != 0o600:
                permissions.set_mode(descriptor, mode)
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if folder_fd is None:
            os.replace(temporary, target)
        else:
            os.replace(temporary, target, src_dir_fd=in_folder, dst_dir_fd=folder_fd)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=in_folder)
        if isinstance(error, OSError) and error.errno == errno.EXDEV:
            return False
        raise
    return True


def create(path: str | os.PathLike[str], data: bytes) -> bool:
    """Create the file with its whole content; False, and nothing done, if it exists.

    Raises:
        CannotWrite: the disk is full, read-only ...
    """
    target = os.fspath(path)
    temporary = f"{target}.{os.getpid()}.{os.urandom(3).hex()}.tmp"
    write(temporary, data)
    with explained(target):
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        finally:
            os.unlink(temporary)
    return True


def make_folder(path: str, *, tracked: bool = False) -> None:
    """Make a folder, and those above it, unless it exists; raises ``CannotWrite``.

    Args:
        tracked: one of the work tree, with the permissions that git would give it.
    """
    with explained(path):
        if tracked:
            os.makedirs(path, exist_ok=True)
        else:
            permissions.make_folder(path)


@contextlib.contextmanager
def locked(path: str, seconds: float, doing: str = "writing records") -> Iterator[None]:
    """Hold a lock among processes; it goes away with the process, killed or not.

    Args:
        doing: what another holder does, for the message.

    Raises:
        KaguraError: another process held it for so many seconds.
        CannotWrite: the lock's file cannot be opened.
    """
    try:
        import fcntl  # noqa: F401 - only whether there is one
    except ImportError:  # not POSIX: a package that takes 0.15 s to import knows how
        from filelock import FileLock, Timeout

        try:
            with FileLock(path, timeout=seconds):
                yield
        except Timeout:
            raise _held(path, seconds, doing) from None
        return
    try:
        release = lock_file.acquire(path, seconds)
    except lock_file.Held as held:
        raise _held(path, seconds, doing, held) from None
    try:
        yield
    finally:
        release()


def _held(path: str, seconds: float, doing: str, held: lock_file.Held | None = None) -> KaguraError:
    hint = "Try again; the lock goes away by itself when that process ends."
    if held is not None and held.file:  # a file system without locks
        path, by = held.file, held.holder
        who = f"is process {by.process:.20} on {by.machine!r:.200}" if by else "is not known"
        hint = f"Its holder {who}; if that process is gone, delete this file."
    return KaguraError(
        f"another process has been {doing} for over {seconds:.0f} seconds", hint=hint, where=path
    )


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
