"""Three-way merge of texts by their lines, as git does it: a small diff3.

Lines are compared with Myers' algorithm (An O(ND) Difference Algorithm and Its
Variations, 1986). Two changes that overlap or touch are a conflict, as they
are for git.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

# Texts further apart have nothing to merge; the search is quadratic in this.
_MOST_EDITS: Final = 2000


class Hunk(NamedTuple):
    """Lines ``start`` to ``end`` of the old text became ``first`` to ``last`` of the new one."""

    start: int
    end: int
    first: int
    last: int


def merge_texts(base: str, ours: str, theirs: str) -> str | None:
    """Return the text with both sides' changes, or None where they meet in a line."""
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    merged = merge_lines(base.split("\n"), ours.split("\n"), theirs.split("\n"))
    return None if merged is None else "\n".join(merged)


def merge_lines(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> list[str] | None:
    """Return the lines with both sides' changes, or None where changes overlap or touch."""
    mine, yours = hunks(base, ours), hunks(base, theirs)
    if mine is None or yours is None:
        return None
    changes = {(hunk.start, hunk.end): list(ours[hunk.first : hunk.last]) for hunk in mine}
    for hunk in yours:
        lines = list(theirs[hunk.first : hunk.last])
        if changes.setdefault((hunk.start, hunk.end), lines) != lines:
            return None
    out: list[str] = []
    done = -1  # so that the first change may start at line 0
    for (start, end), lines in sorted(changes.items()):
        if start <= done:
            return None
        out += base[max(done, 0) : start]
        out += lines
        done = end
    return [*out, *base[max(done, 0) :]]


def hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk] | None:
    """Return what turns the old lines into the new ones, in order; None if they differ too much."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    kept = _common(old[head : len(old) - tail], new[head : len(new) - tail])
    if kept is None:
        return None
    found = []
    row = column = head
    ends = (len(old) - tail, len(new) - tail)
    for x, y in [*((head + x, head + y) for x, y in kept), ends]:
        if (row, column) != (x, y):
            found.append(Hunk(row, x, column, y))
        row, column = x + 1, y + 1
    return _settled(found, old, new)


def _settled(found: list[Hunk], old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """Return the hunks where git puts them: what may stand in several places, in the last one."""
    out: list[Hunk] = []
    for hunk in reversed(found):
        start, end, first, last = hunk
        limit = out[-1].start if out else len(old)
        while end < limit and (
            (start == end and new[first] == new[last]) or (first == last and old[start] == old[end])
        ):
            start, end, first, last = start + 1, end + 1, first + 1, last + 1
        if out and end == limit:
            behind = out.pop()
            end, last = behind.end, behind.last
        out.append(Hunk(start, end, first, last))
    return out[::-1]


def _common(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]] | None:
    """Return the pairs of lines that stay, as indexes, or None beyond ``_MOST_EDITS``."""
    reached = {1: 0}  # by diagonal: the furthest old line that this many edits can reach
    trace: list[dict[int, int]] = []
    for edits in range(min(_MOST_EDITS, len(old) + len(new)) + 1):
        trace.append(reached)
        reached = dict(reached)
        for diagonal in range(-edits, edits + 1, 2):
            x, _ = _step(reached, diagonal, edits)
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            reached[diagonal] = x
            if x >= len(old) and y >= len(new):
                return list(_walked_back(trace, len(old), len(new)))[::-1]
    return None


def _step(reached: dict[int, int], diagonal: int, edits: int) -> tuple[int, int]:
    """Return where an edit enters a diagonal, and from which one: an insertion or a deletion."""
    if diagonal == -edits or (diagonal != edits and reached[diagonal - 1] < reached[diagonal + 1]):
        return reached[diagonal + 1], diagonal + 1
    return reached[diagonal - 1] + 1, diagonal - 1


def _walked_back(trace: list[dict[int, int]], x: int, y: int) -> Iterator[tuple[int, int]]:
    for edits in range(len(trace) - 1, -1, -1):
        start, before = _step(trace[edits], x - y, edits)
        for _ in range(x - start):
            x, y = x - 1, y - 1
            yield x, y
        if edits:
            x = trace[edits][before]
            y = x - before
