"""The lines of a record that best match a query."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from kagura_git.search.tokens import tokens

LIMIT: Final = 160
_MOST_LINES: Final = 200
_LINE_READ: Final = 2_000
_CONTEXT: Final = 24
_WORD: Final = re.compile(r"[^ ]+")


def snippet(body: str, query: Collection[str]) -> str:
    """Return at most 160 characters of the body: its best line for the query's terms.

    Without a shared term that is the first line.
    """
    wanted = set(query)
    # What a stem and all words that have it begin with.
    roots = [term.removesuffix("y") or term for term in wanted]
    lines = [" ".join(line[:_LINE_READ].split()) for line in body.splitlines()[:_MOST_LINES]]
    filled = [place for place, line in enumerate(lines) if line]
    if not filled:
        return ""
    best, most = filled[0], 0
    choice = filled if len(filled) > 1 else ()
    for bound, place in sorted((-_at_most(lines[place], roots), place) for place in choice):
        if -bound < most:
            break
        shared = len(wanted.intersection(tokens(lines[place])))
        if shared > most or (shared == most and place < best):
            best, most = place, shared
    return lines[best] if len(lines[best]) <= LIMIT else _window(lines[best], wanted, roots)


def _at_most(line: str, roots: Collection[str]) -> int:
    """Return how many terms a line can share, without taking it apart: ten times cheaper."""
    if not line.isascii():
        return len(roots)
    plain = line.replace("\\", "/").lower()
    return sum(1 for root in roots if root in plain)


def _window(line: str, wanted: Collection[str], roots: Collection[str]) -> str:
    """Return the stretch of a long line that holds the most of the wanted terms."""
    hits = _hits(line, wanted, roots)
    room = LIMIT - 2
    best, most = 0, -1
    for first, _ in hits:
        inside = sum(1 for start, end in hits if start >= first and end - first < room)
        if inside > most:
            best, most = first, inside
    begin = max(0, best - _CONTEXT)
    if begin:
        begin = line.find(" ", begin) + 1 or begin
    piece = line[begin : begin + room]
    if begin + room < len(line) and " " in piece[room // 2 :]:
        piece = piece[: piece.rfind(" ")]
    left = "…" if begin else ""
    right = "…" if begin + len(piece) < len(line) else ""
    return f"{left}{piece}{right}"


def _hits(line: str, wanted: Collection[str], roots: Collection[str]) -> list[tuple[int, int]]:
    """Return where the words that have a wanted term start and end."""
    plain = line.replace("\\", "/").lower()
    if len(plain) != len(line) or not line.isascii():
        spans = {(found.start(), found.end()) for found in _WORD.finditer(line)}
    else:
        spans = set()
        for root in roots:
            at = plain.find(root) if root else -1
            while at >= 0:
                start, end = plain.rfind(" ", 0, at) + 1, plain.find(" ", at)
                end = len(plain) if end < 0 else end
                spans.add((start, end))
                at = plain.find(root, end)
    wanted = set(wanted)
    return sorted(span for span in spans if not wanted.isdisjoint(_terms(line[slice(*span)])))


@lru_cache(maxsize=20_000)
def _terms(word: str) -> tuple[str, ...]:
    return tuple(tokens(word))
