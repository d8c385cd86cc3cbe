"""The documents of a generation worth ranking for a query, from both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kagura_git.search.fuse import Candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kagura_git.search.generation import Generation

# From each side; what is further down does not reach the first ten by fusion.
DEPTH: Final = 100
_DEEPER: Final = 5


def candidates(
    found: Generation,
    terms: list[str],
    query: NDArray[Any] | None,
    allowed: NDArray[Any] | None,
    depth: int = DEPTH,
) -> Candidates:
    """Return the nearest documents by words and by meaning, each scored by both.

    Args:
        found: the generation to look in.
        terms: the query's terms.
        query: the query's vector, or None.
        allowed: one boolean per document: what passes the caller's filters.
        depth: how many documents from each side.
    """
    import numpy as np

    scores = found.words.scores(terms)
    if allowed is not None:
        scores.held[~allowed] = 0.0
    # Not whole: what leads by its rarer words may yet be overtaken.
    numbers = _top(scores.held, depth if scores.whole else _DEEPER * depth)
    cosines = None
    if query is not None and found.dim:
        nearest = _nearest(found, query, allowed, depth)
        # np.union1d and np.unique would import numpy.ma, 15 ms of a cold start.
        numbers = np.array(sorted({*numbers.tolist(), *nearest}), dtype=np.int64)
        cosines = _cosines(found, query, numbers)
    cover = scores.of(numbers) / max(scores.most, 1e-9)
    return Candidates(numbers, cover, cosines, len(set(terms)), scores.most)


def _top(scores: NDArray[Any], depth: int) -> NDArray[Any]:
    import numpy as np

    held = np.flatnonzero(scores > 0)
    if len(held) <= depth:
        return held
    best: NDArray[Any] = held[np.argpartition(scores[held], -depth)[-depth:]]
    return best


def _nearest(
    found: Generation, query: NDArray[Any], allowed: NDArray[Any] | None, depth: int
) -> list[int]:
    from kagura_git.search import near

    best: dict[int, float] = {}
    for part, start in zip(found.segments, found.starts, strict=False):
        if part.nearest is None:
            continue
        inside = None if allowed is None else allowed[start : start + len(part.entries)]
        rows = None if inside is None else inside[part.owners]
        likeness, at = near.search(part.nearest, query, 3 * depth, rows)
        # Best passage first; a document goes by its first.
        for number, value in zip(
            (part.owners[at] + start).tolist(), likeness.tolist(), strict=True
        ):
            best.setdefault(number, value)
    if len(found.segments) == 1:
        return list(best)[:depth]
    return sorted(best, key=lambda number: -best[number])[:depth]


def _cosines(found: Generation, query: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
    """Return the likeness of each document's best passage; none has no passage."""
    import numpy as np

    out = np.zeros(len(numbers))
    for part, start, end in zip(found.segments, found.starts, found.starts[1:], strict=False):
        here = np.flatnonzero((numbers >= start) & (numbers < end))
        if part.vectors is None or not len(here):
            continue
        first = part.row_starts[numbers[here] - start]
        sizes = part.row_starts[numbers[here] - start + 1] - first
        here, first, sizes = here[sizes > 0], first[sizes > 0], sizes[sizes > 0]
        ends = np.cumsum(sizes)
        rows = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(first - ends + sizes, sizes)
        if len(rows):
            likeness = part.vectors[rows] @ query
            out[here] = np.maximum.reduceat(likeness, ends - sizes)
    return out.clip(0.0, 1.0)
