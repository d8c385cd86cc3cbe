"""Texts made fit to store: without terminal codes and controls, and of bounded length.

What is too long keeps its head and its tail: a trace says most at both ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kagura_git.model.frames import Frame, located_frames
from kagura_git.model.printable import whole_characters
from kagura_git.model.redact import redact

MAX_TEXT: Final = 64 * 1024
_HEAD: Final = 24 * 1024
# How much of a trace is looked through for calls of one's own: some seconds' worth.
_SEARCHED: Final = 32 * 1024 * 1024
_FRAMES: Final = 14 * 1024
# ECMA-48: control sequences, strings up to their end, other escapes; then the 8-bit forms.
_ANSI: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|[ -/]+[0-~]"
    r"|[0-Z\\-~])|\x9b[0-?]+[ -/]*[@-~]|[\x90\x98\x9d-\x9f][^\x07\x1b\x80-\x9f]*(?:\x07|\x9c)"
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_TRAILING: Final = re.compile(r"(?<![ \t])[ \t]+$", re.MULTILINE)


def text(value: str | None) -> str:
    """Return a text without colour codes, control characters and trailing blanks.

    One of more than 64 KiB keeps its head and its tail, and says how much is left out.
    """
    if not value:
        return ""
    if len(value) > 4 * MAX_TEXT:  # before the patterns below, so that 20 MB cost nothing
        value = _cut(value, 2 * MAX_TEXT)
    plain = _cleaned(value)
    return _TRAILING.sub("", _cut(plain, MAX_TEXT)) if len(plain) > MAX_TEXT else plain


def trace(value: str | None) -> str:
    """Return a stack trace, cleaned; a long one keeps head, tail and the calls of one's own.

    Which code failed may stand anywhere in a trace of thousands of calls; the
    calls of libraries and repeated ones in its middle say nothing more.
    """
    if not value or len(value) <= MAX_TEXT:
        return text(value)
    plain = _cleaned(_cut(value, _SEARCHED) if len(value) > _SEARCHED else value)
    if len(plain) <= MAX_TEXT:
        return plain
    tail = MAX_TEXT - _HEAD - _FRAMES - 200
    calls = _own_calls(plain, _HEAD, len(plain) - tail)
    gap = f"[... {len(plain) - _HEAD - tail:,} characters left out"
    middle = f"{gap}; own calls in them: ...]\n{calls}\n[...]" if calls else f"{gap} ...]"
    parts = (plain[:_HEAD], middle, plain[-tail:])
    return _TRAILING.sub("", "\n".join(parts))


def _own_calls(plain: str, start: int, end: int) -> str:
    """Return the lines of the own calls between two places, each call once."""
    seen: set[tuple[str, str]] = set()
    lines: list[str] = []
    room = _FRAMES
    for frame, line in _located(plain, start, end):
        if frame.own and (frame.path, frame.function) not in seen and len(line) < room:
            seen.add((frame.path, frame.function))
            lines.append(line)
            room -= len(line) + 1
    return "\n".join(lines)


def _located(plain: str, start: int, end: int) -> Iterator[tuple[Frame, str]]:
    for frame, first, last in located_frames(plain):
        if first >= start and last <= end:
            yield frame, plain[first:last].strip("\n")


def _cleaned(value: str) -> str:
    plain = _ANSI.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    plain = whole_characters(plain)
    if _CONTROL.search(plain):  # before a blank in its place parts a secret into halves
        plain = redact(plain)[0]
    return _TRAILING.sub("", _CONTROL.sub(" ", plain)).strip("\n")


def _cut(plain: str, size: int) -> str:
    head = size * 3 // 8
    tail = size - head - 80
    left_out = len(plain) - head - tail
    return f"{plain[:head]}\n[... {left_out:,} characters left out ...]\n{plain[-tail:]}"
