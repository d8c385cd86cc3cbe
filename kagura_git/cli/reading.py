"""Texts that a command is given: on the command line, in a file, on stdin; of any size."""

from __future__ import annotations

import sys
from typing import BinaryIO, Final

from kagura_git.errors import UsageError

# Read whole up to here; of more, this much of the beginning and of the end.
_WHOLE: Final = 32 * 1024 * 1024
_END: Final = 8 * 1024 * 1024
# A device has no end.
_MOST: Final = 1024 * 1024 * 1024
_PIECE: Final = 1024 * 1024
_LOOK: Final = 8192
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def text_argument(value: str | None) -> str | None:
    """Return a text given on the command line; ``-`` reads it from stdin."""
    return _stdin() if value == "-" else value


def file_text(path: str | None) -> str:
    """Return a file's text (``-`` is stdin), bytes that are not UTF-8 replaced.

    Of a file larger than 32 MiB the beginning and the end.

    Raises:
        UsageError: it cannot be read, or it is binary.
    """
    if path is None:
        return ""
    if path == "-":
        return _stdin()
    try:
        with open(path, "rb") as file:
            return _text(file, path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", where=path) from None


def _stdin() -> str:
    raw = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if raw is None else _text(raw, "stdin")


def _text(stream: BinaryIO, name: str) -> str:
    data, left_out = _read(stream)
    if data[:2] in _UTF16:  # what PowerShell writes
        return data.decode("utf-16", "replace")
    if b"\0" in data[:_LOOK]:
        raise UsageError(
            "binary data, not text", hint="Give the text that says what happened.", where=name
        )
    if not left_out:
        return data.decode("utf-8", "replace")
    head, tail = data[:-_END], data[-_END:]
    gap = f"\n[... {left_out:,} bytes left out ...]\n"
    return head.decode("utf-8", "replace") + gap + tail.decode("utf-8", "replace")


def _read(stream: BinaryIO) -> tuple[bytes, int]:
    """Return what is kept of a stream, and how many bytes were left out of its middle."""
    data = bytearray()
    seen = 0
    while seen < _MOST and (piece := stream.read(_PIECE)):
        seen += len(piece)
        data += piece
        if b"\0" in data[:_LOOK] and bytes(data[:2]) not in _UTF16:
            break  # binary: the rest need not be read
        if len(data) > _WHOLE + _END:
            del data[_END : len(data) - _WHOLE]
    if seen <= _WHOLE:
        return bytes(data), 0
    return bytes(data[:_END] + data[-_END:]), seen - 2 * _END
