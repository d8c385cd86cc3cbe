"""Texts cut to what an embedding model reads.

all-MiniLM-L6-v2 reads 256 word pieces and drops the rest without a word, so a
long text becomes several passages that overlap. Word pieces are estimated, not
counted: the tokenizer is a heavy import and belongs to one model.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kagura_git.model.frames import Frame

WORDS: Final = 180
_OVERLAP: Final = 40
_PIECES: Final = 240
_TITLE_WORDS: Final = 24
_MOST: Final = 12
_MOST_FRAMES: Final = 8
_RUN: Final = re.compile(r"[A-Za-z]+|\d+|[^\sA-Za-z\d]")
# Longer than this a "word" is a hash or base64; no model learns from it.
_LONGEST_WORD: Final = 80
_TRACE: Final = re.compile(r"Traceback \(most recent call last\)|^\s+at .+:\d+|^\s*File \"", re.M)


def clean(text: str) -> str:
    """Return a text without lone surrogates (of odd file names), which nothing can encode."""
    return text.encode("utf-8", "replace").decode()


def passages(text: str, title: str = "") -> tuple[str, ...]:
    """Return a text as overlapping passages; each after the first starts with the title."""
    # Ideographs have no spaces between words: give the splitter something to cut at.
    words = [w[:_LONGEST_WORD] for run in text.split() for w in _breakable(run)]
    head = " ".join(title.split()[:_TITLE_WORDS])
    room = _PIECES - sum(map(_cost, head.split()))
    out: list[str] = []
    start = 0
    while start < len(words) and len(out) < _MOST:
        end = _end(words, start, _PIECES if not out else room)
        body = " ".join(words[start:end])
        out.append(f"{head}\n{body}" if out and head else body)
        if end >= len(words):
            break
        start = max(end - _OVERLAP, start + 1, start + (end - start) // 2)
    return tuple(out)


def _breakable(run: str) -> list[str]:
    if run.isascii() or len(run) <= _LONGEST_WORD:
        return [run]
    return [run[i : i + _LONGEST_WORD] for i in range(0, len(run), _LONGEST_WORD)]


def _end(words: list[str], start: int, room: int) -> int:
    used = 0
    for end in range(start, min(len(words), start + WORDS)):
        used += _cost(words[end])
        if used > room and end > start:
            return end
    return min(len(words), start + WORDS)


def _cost(word: str) -> int:
    return sum(
        1 if len(run) <= 8 else -(-len(run) // 4) if run[0].isalpha() else -(-len(run) // 2)
        for run in _RUN.findall(word)
    )


def essence(text: str) -> str:
    """Return what matters of a pasted stack trace: its message lines, then its own frames.

    A text without frames comes back as it is.
    """
    if not _TRACE.search(text):
        return text
    # Its patterns take 3 ms to compile, which a question in words need not pay.
    from kagura_git.model.frames import frames

    calls = frames(text)
    if not calls:
        return text
    said = [line for line in text.splitlines() if line and not _is_frame_line(line)]
    return "\n".join([*said, places(calls)]).strip()


def places(calls: list[Frame]) -> str:
    """Return the outermost and innermost own frames, one line each: file, function."""
    own = [call for call in calls if call.own] or calls
    if len(own) > _MOST_FRAMES:
        # Python prints the failing call last, Java and JavaScript first.
        own = own[: _MOST_FRAMES // 2] + own[-_MOST_FRAMES // 2 :]
    lines = dict.fromkeys(
        f"{call.path} {'' if call.function in {'?', '<module>'} else call.function}".strip()
        for call in own
    )
    return "\n".join(lines)


def _is_frame_line(line: str) -> bool:
    return line[0] in " \t" or line.startswith(("Traceback (most recent", "--> ", "goroutine "))
