"""Standard output and error of the program: failed writes become one line, never a traceback.

A write to stdout that fails raises :class:`StdoutError` once; what comes after it is dropped, so
that the interpreter does not fail again when it flushes at exit. stderr holds talk only: a failed
write there is ignored, and the answer on stdout still counts.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import suppress
from typing import Any, Final

from kagura_git.errors import KaguraError

# As a shell reports a program that SIGPIPE ended: `git log | head -1` gives the same.
READER_GONE: Final = 141


class StdoutError(KaguraError):
    """The answer could not be written to stdout: no space left, closed, or the reader has gone."""

    def __init__(self, error: OSError) -> None:
        what = "closed" if error.errno == errno.EBADF else (error.strerror or str(error))
        super().__init__(
            f"the answer cannot be written: {what} (anything that was recorded is kept)",
            where="stdout",
        )
        self.reader_gone = error.errno in (errno.EPIPE, errno.ECONNRESET)


class _Raw(io.FileIO):
    """A descriptor whose writes fail at most once, with :class:`StdoutError`."""

    def __init__(self, descriptor: int, *, silent: bool) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._silent = silent
        self._failed = False

    def write(self, data: Any, /) -> int:
        """Write bytes; all of them count as written once a write has failed."""
        if not self._failed:
            try:
                written = super().write(data)
                while written is None:  # a pipe that does not block, and is full
                    select.select([], [self], [])
                    written = super().write(data)
                return written
            except OSError as error:
                self._failed = True
                if not self._silent:
                    raise StdoutError(error) from error
        return memoryview(data).nbytes


def prepare() -> None:
    """Replace the standard streams by open ones whose failed writes are handled."""
    _hold_closed_descriptors()
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for the whole run
    sys.stdout = _prepared(sys.stdout, 1)
    sys.stderr = _prepared(sys.stderr, 2)


def _hold_closed_descriptors() -> None:
    """Open closed standard descriptors, so that no file of ours gets the number of one.

    /dev/null is opened for reading: a write to it fails as a write to a closed descriptor does.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):  # the lowest free number is taken: this one
                os.open(os.devnull, os.O_RDONLY)


def _prepared(stream: Any, descriptor: int) -> Any:
    encoding, line_buffered = "utf-8", descriptor == 2
    if stream is not None:
        try:
            if not isinstance(stream, io.TextIOWrapper) or stream.fileno() != descriptor:
                return stream  # a caller's own stream, such as a test's
        except OSError:
            return stream
        encoding, line_buffered = stream.encoding, stream.line_buffering
        with suppress(OSError, ValueError):
            stream.flush()
    raw = _Raw(descriptor, silent=descriptor == 2)
    # What a terminal's encoding lacks is shown as a question mark, never a crash.
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, errors="replace", line_buffering=line_buffered
    )


def flush() -> StdoutError | None:
    """Flush stdout and stderr; returns the error of a stdout that could not take its text."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except StdoutError as error:
        return error
    finally:
        with suppress(OSError, ValueError):
            if sys.stderr is not None:
                sys.stderr.flush()
    return None
