"""Cost ledger: one file of JSON lines per month, in the user's state folder.

Many processes append: each line is written whole, under a lock, and flushed to disk. What
may still be spent is checked and reserved under the same lock, so that processes at once
cannot spend the same dollars. The lock is never held while a model is asked.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from kagura_git import atomic
from kagura_git.disk import explained
from kagura_git.errors import KaguraError, UsageError
from kagura_git.llm.ledger_lines import TORN, Call, Month, is_cut, parse

__all__ = ["Call", "Ledger", "Month", "UnreadableLedger", "month_of", "state_folder"]

_LOCK_SECONDS: Final = 60.0
_MONTH: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])\Z")
# A link could lead to another user's file, and a named pipe would block.
_SAFELY: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_CANNOT: Final = "the cost ledger cannot be read"
_NEW_LINE: Final = b"\n"


class UnreadableLedger(KaguraError):
    """A month of the ledger cannot be read, so what may still be spent is not known."""


class Ledger:
    """Calls that this user has paid for, on this machine.

    Args:
        folder: where the months' files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, call: Call, month: str | None = None) -> None:
        """Append a line to a month (default: that of its timestamp) and flush it to disk.

        Raises:
            CannotWrite: the disk is full or read-only.
        """
        month = month or month_of(call.timestamp)
        with self._locked(month):
            self._append(call, month)

    def change(self, month: str, make: Callable[[Month], Call]) -> Call:
        """Append the line that ``make`` returns for a month as it stands, under one lock.

        Raises:
            UnreadableLedger: the month cannot be read.
            CannotWrite: the disk is full or read-only.
        """
        with self._locked(month):
            call = make(self.readable(month))
            self._append(call, month)
        return call

    def replace(self, month: str, make: Callable[[bytes], bytes]) -> None:
        """Replace a month's file with what ``make`` returns for it, under the lock."""
        with self._locked(month):
            path = self.file(month)
            atomic.write(path, make(self._read(month)))

    def month(self, month: str) -> Month:
        """Return the calls of a month such as ``2026-11``.

        Raises:
            UsageError: not a month.
            UnreadableLedger: something else lies in the place of its file, or it may not be read.
        """
        return parse(self._read(month))

    def readable(self, month: str) -> Month:
        """Return the calls of a month of which every line can be read.

        Raises:
            UnreadableLedger: some cannot, or none.
        """
        found = self.month(month)
        if found.damaged:
            first, count = found.damaged[0], len(found.damaged)
            what = "a line" if count == 1 else f"{count} lines, the first of them here,"
            raise self._unreadable(f"{what} of the cost ledger cannot be read", month, f":{first}")
        return found

    def months(self) -> list[str]:
        """Return the months that have calls, oldest first."""
        with contextlib.suppress(OSError):
            names = (path.stem for path in self.folder.glob("*.jsonl"))
            return sorted(name for name in names if _MONTH.match(name))
        return []

    def file(self, month: str) -> Path:
        """Return where the lines of a month are.

        Raises:
            UsageError: not a month.
        """
        if not is_month(month):
            raise UsageError(
                f"{month!r:.40} is not a month", hint="Write it as 2026-11.", where="month"
            )
        return self.folder / f"{month}.jsonl"

    def _read(self, month: str) -> bytes:
        path = self.file(month)
        try:
            descriptor = os.open(path, os.O_RDONLY | _SAFELY)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._unreadable(f"{_CANNOT}: {error.strerror}", month) from None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise self._unreadable(f"{_CANNOT}: this is no file", month)
            with open(descriptor, "rb", closefd=False) as file:
                return file.read()
        except OSError as error:
            raise self._unreadable(f"{_CANNOT}: {error.strerror}", month) from None
        finally:
            os.close(descriptor)

    def _unreadable(self, message: str, month: str, line: str = "") -> UnreadableLedger:
        return UnreadableLedger(
            message,
            hint="Mend it there, or state what the provider billed for it: git kagura costs "
            f"--settle {month} --cost DOLLARS. Until then no model is asked.",
            where=f"{self.file(month)}{line}",
        )

    @contextlib.contextmanager
    def _locked(self, month: str) -> Iterator[None]:
        path = self.file(month)
        atomic.make_folder(str(self.folder))
        with atomic.locked(f"{path}.lock", _LOCK_SECONDS, "writing the cost ledger"):
            yield

    def _append(self, call: Call, month: str) -> None:
        path = self.file(month)
        new = not path.exists()
        with explained(str(path)):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | _SAFELY
            descriptor = os.open(path, flags, 0o600)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise self._unreadable("the cost ledger cannot be written: no file", month)
                _write(descriptor, msgspec.json.encode(call) + _NEW_LINE)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if new:
                atomic.sync_folder(str(self.folder))


def is_month(text: str) -> bool:
    """Tell whether a text is a month such as ``2026-11``."""
    return bool(_MONTH.match(text))


def month_of(when: datetime) -> str:
    """Return the month of a time, such as ``2026-11``, in UTC."""
    return when.astimezone(UTC).strftime("%Y-%m")


def _write(descriptor: int, line: bytes) -> None:
    """Append a line whole, after ending one that a killed process has left cut."""
    size = os.fstat(descriptor).st_size
    line = _ended(descriptor, size) + line
    try:
        done = os.write(descriptor, line)
        if done != len(line):
            raise OSError(28, os.strerror(28))  # a disk that is full takes a part
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _ended(descriptor: int, size: int) -> bytes:
    """Return what ends the last line of a file: nothing where it is ended."""
    if not size or os.pread(descriptor, 1, size - 1) == _NEW_LINE:
        return b""
    data = os.pread(descriptor, size, 0)
    tail = data[data.rfind(_NEW_LINE) + 1 :]
    return TORN + _NEW_LINE if is_cut(tail) else _NEW_LINE


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return where the ledger lies: ``KAGURA_STATE_DIR`` or the user's state folder."""
    given = environ.get("KAGURA_STATE_DIR")
    if given:
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_state_dir("kagura-git"))
