"""Locks among processes: ``flock``, or a lock file where the file system has no locks.

Some network file systems refuse ``flock`` (ENOLCK and the like). There a file beside,
made with its content in one step, tells who holds the lock. It is taken from a holder
only on proof that its process is gone: the same machine, and started anew since or
without that process. Standard library only: the hooks use it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from kagura_git import permissions
from kagura_git.disk import explained

Release = Callable[[], None]

_NO_LOCKS: Final = {
    errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL,
}  # fmt: skip
_POLL: Final = 0.005
_LARGEST: Final = 4096
FALLBACK: Final = ".held"
"""What the lock file's name has behind the name of the lock."""


class Holder(NamedTuple):
    """Who holds a lock file: a process, since when it runs, and on which machine."""

    process: str
    started: str
    machine: str
    boot: str
    space: str


class Held(Exception):
    """Another process holds the lock; ``file`` is the lock file, where it is one."""

    def __init__(self, file: str = "", holder: Holder | None = None) -> None:
        super().__init__(file)
        self.file = file
        self.holder = holder


def acquire(path: str, seconds: float) -> Release:
    """Take the lock, waiting so many seconds at most; returns what gives it back.

    Raises:
        Held: another process has it.
        CannotWrite: the lock's file cannot be made.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            return _attempt(path)
        except Held:
            if time.monotonic() >= until:
                raise
        time.sleep(_POLL)


def _attempt(path: str) -> Release:
    import fcntl

    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    with explained(path):
        descriptor = permissions.open_file(path, flags)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise Held from None
        with explained(path):
            if error.errno not in _NO_LOCKS:
                raise
            return _by_file(path + FALLBACK)
    except BaseException:
        os.close(descriptor)
        raise
    return lambda: os.close(descriptor)


def _by_file(file: str) -> Release:
    if not _make(file):
        found = _read(file)
        if found is None or not _is_gone(found) or not _take_away(file, found) or not _make(file):
            raise Held(file, found)
    return lambda: _remove(file)


def _make(file: str) -> bool:
    """Make the lock file with its content in one step; False if it exists."""
    text = "\n".join((*_this(), "")).encode()
    aside = f"{file}.{os.getpid()}.{os.urandom(3).hex()}.tmp"
    descriptor = permissions.open_file(aside, os.O_WRONLY)
    try:
        with os.fdopen(descriptor, "wb") as made:
            made.write(text)
        os.link(aside, file)
    except FileExistsError:
        return False
    except OSError:  # no hard links either
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "wb") as made:
            made.write(text)
    finally:
        _remove(aside)
    return True


def _take_away(file: str, gone: Holder) -> bool:
    """Remove the lock file of a process that is gone; False if another one does so now."""
    breaker = f"{file}.break"
    if not _make(breaker):
        other = _read(breaker)
        if other is not None and _is_gone(other):
            _remove(breaker)  # killed while it did this; the next try goes on
        return False
    try:
        if _read(file) == gone:
            _remove(file)
        return True
    finally:
        _remove(breaker)


def _remove(file: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(file)


def _read(file: str) -> Holder | None:
    """Return who holds a lock file; None if it is gone or does not say."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as found:
            lines = found.read(_LARGEST).split("\n")
    except OSError:
        return None
    return Holder(*lines[:-1]) if len(lines) == len(Holder._fields) + 1 else None


def _this() -> Holder:
    process = str(os.getpid())
    machine = f"{os.uname().nodename} {_text('/etc/machine-id')}".strip()
    return Holder(process, _started(process), machine, _boot(), _space())


def _is_gone(holder: Holder) -> bool:
    """Return whether a holder surely runs no more; False where that cannot be told."""
    here = _this()
    if holder.machine != here.machine or not holder.boot or not here.boot:
        return False
    if holder.boot != here.boot:
        return True
    if holder.space != here.space or not holder.process.isdecimal():
        return False
    try:
        os.kill(int(holder.process), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    # The number may have been given to another process since.
    return bool(holder.started) and _started(holder.process) not in ("", holder.started)


def _boot() -> str:
    if text := _text("/proc/sys/kernel/random/boot_id"):
        return text
    return "unknown" if os.uname().sysname == "Darwin" else ""


def _space() -> str:
    """Return which process numbers these are: a container has its own."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _started(process: str) -> str:
    """Return when a process was started, in ticks since the boot; empty if nobody knows."""
    # The name, in parentheses, may hold anything; the 20th field behind it is the time.
    fields = _text(f"/proc/{process}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else ""


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_LARGEST).strip()
    except OSError:
        return ""
