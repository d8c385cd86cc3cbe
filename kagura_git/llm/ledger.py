"""What calls have cost: one line of JSON per call, a file per month, in the user's state folder.

Many processes append: each line is written whole, under a lock, and flushed to
disk before the call counts as recorded. The sum is what the budget is held
against, so an unreadable line is reported, never passed over in silence.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import fsum
from pathlib import Path
from typing import Final

import msgspec

from kagura_git import atomic
from kagura_git.disk import explained
from kagura_git.errors import KaguraError, UsageError

_LOCK_SECONDS: Final = 10.0
_MONTH: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])\Z")


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a model. ``cost`` is in US dollars; None where no price is known."""

    timestamp: datetime
    model: str
    operation: str
    repository: str
    tokens_in: int
    tokens_out: int
    cost: float | None
    ok: bool = True


class Month(msgspec.Struct, frozen=True):
    """The calls of one month, and the numbers of lines that could not be read."""

    calls: tuple[Call, ...]
    damaged: tuple[int, ...] = ()

    @property
    def cost(self) -> float:
        """What they cost together, in US dollars."""
        return fsum(call.cost or 0.0 for call in self.calls)


class Ledger:
    """The calls that this user has paid for, on this machine.

    Args:
        folder: where the months' files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, call: Call) -> None:
        """Write a call down, for good.

        Raises:
            CannotWrite: the disk is full or read-only.
        """
        atomic.make_folder(str(self.folder))
        path = self._file(call.timestamp.astimezone(UTC).strftime("%Y-%m"))
        line = msgspec.json.encode(call) + b"\n"
        with atomic.locked(f"{path}.lock", _LOCK_SECONDS), explained(str(path)):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(path, flags, 0o600)
            try:
                _write(descriptor, line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def month(self, month: str) -> Month:
        """Return the calls of a month such as ``2026-11``.

        Raises:
            UsageError: not a month.
        """
        if not _MONTH.match(month):
            raise UsageError(
                f"{month!r:.40} is not a month", hint="Write it as 2026-11.", where="month"
            )
        path = self._file(month)
        calls, damaged = [], []
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            return Month(())
        except OSError as error:
            raise KaguraError(
                f"what was spent cannot be read: {error.strerror}",
                hint="No model is asked until it can be: the budget is held against it.",
                where=str(path),
            ) from None
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                calls.append(msgspec.json.decode(line, type=Call))
            except (msgspec.DecodeError, UnicodeDecodeError):
                damaged.append(number)
        return Month(tuple(calls), tuple(damaged))

    def months(self) -> list[str]:
        """Return the months that have calls, oldest first."""
        with contextlib.suppress(OSError):
            names = (path.stem for path in self.folder.glob("*.jsonl"))
            return sorted(name for name in names if _MONTH.match(name))
        return []

    def _file(self, month: str) -> Path:
        return self.folder / f"{month}.jsonl"


def _write(descriptor: int, line: bytes) -> None:
    """Append a line whole; what a killed process left half is ended first, and stays alone."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    try:
        done = os.write(descriptor, line)
        if done != len(line):
            raise OSError(28, os.strerror(28))  # a disk that is full takes a part
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return where the ledger lies: ``KAGURA_STATE_DIR`` or the user's state folder."""
    given = environ.get("KAGURA_STATE_DIR")
    if given:
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_state_dir("kagura-git"))
