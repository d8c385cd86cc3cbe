"""The lines of a record that best match a query."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Final

from kagura_git.search.tokens import tokens

LIMIT: Final = 160
_MOST_LINES: Final = 200
_LINE_READ: Final = 2_000
_CONTEXT: Final = 24


def snippet(body: str, query: Collection[str]) -> str:
    """Return at most 160 characters of the body: its best line for the query's terms.

    Without a shared term that is the first line.
    """
    wanted = set(query)
    best, most = "", -1
    for line in body.splitlines()[:_MOST_LINES]:
        text = " ".join(line[:_LINE_READ].split())
        if not text:
            continue
        shared = len(wanted.intersection(tokens(text)))
        if shared > most:
            best, most = text, shared
    return best if len(best) <= LIMIT else _window(best, wanted)


def _window(line: str, wanted: set[str]) -> str:
    """Return the stretch of a long line that holds the most of the wanted terms."""
    words = line.split(" ")
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    hits = [i for i, word in enumerate(words) if not wanted.isdisjoint(_terms(word))]
    room = LIMIT - 2
    best, most = 0, -1
    for first in hits:
        inside = sum(1 for i in hits if i >= first and starts[i + 1] - starts[first] <= room)
        if inside > most:
            best, most = starts[first], inside
    begin = max(0, best - _CONTEXT)
    if begin:
        begin = line.find(" ", begin) + 1 or begin
    piece = line[begin : begin + room]
    if begin + room < len(line) and " " in piece[room // 2 :]:
        piece = piece[: piece.rfind(" ")]
    left = "…" if begin else ""
    right = "…" if begin + len(piece) < len(line) else ""
    return f"{left}{piece}{right}"


# A hundred words a window: asking the tokenizer for each took a third of a whole query.
@lru_cache(maxsize=20_000)
def _terms(word: str) -> tuple[str, ...]:
    return tuple(tokens(word))
