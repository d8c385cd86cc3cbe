"""The documents of a generation worth ranking for a query, from both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kagura_git.search.fuse import Candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kagura_git.search.bm25 import Scores
    from kagura_git.search.generation import Generation

# From each side; what is further down does not reach the first ten by fusion.
DEPTH: Final = 100
_DEEPER: Final = 5
# Of so many documents one is looked at to learn what a good score is.
_STEP: Final = 64


def candidates(
    found: Generation,
    scores: Scores,
    query: NDArray[Any] | None,
    allowed: NDArray[Any] | None,
    depth: int = DEPTH,
) -> Candidates:
    """Return the nearest documents by words and by meaning, each scored by both.

    Args:
        found: the generation to look in.
        scores: what each document scores for the query's terms.
        query: the query's vector, or None.
        allowed: one boolean per document: what passes the caller's filters; None: all do.
        depth: how many documents from each side.
    """
    import numpy as np

    if allowed is not None:
        scores.held[~allowed] = 0.0
    if scores.whole:
        numbers = _top(scores.held, depth)
    else:
        # What leads by its rarer words may yet be overtaken.
        numbers = _top(scores.held, _DEEPER * depth)
        numbers = numbers[_top(scores.of(numbers), depth)]
    cosines = None
    if query is not None and found.dim:
        nearest = _nearest(found, query, allowed, depth)
        # np.union1d and np.unique would import numpy.ma, 15 ms of a cold start.
        numbers = np.array(sorted({*numbers.tolist(), *nearest}), dtype=np.int64)
        cosines = _cosines(found, query, numbers)
    cover = scores.of(numbers) / max(scores.most, 1e-9)
    return Candidates(
        numbers, cover, cosines, len(scores.rarity), scores.most, rarity=scores.rarity
    )


def _top(scores: NDArray[Any], depth: int) -> NDArray[Any]:
    import numpy as np

    held = np.flatnonzero(scores > _below(scores, depth))
    if len(held) < depth:
        held = np.flatnonzero(scores > 0)
    if len(held) <= depth:
        return held
    best: NDArray[Any] = held[np.argpartition(scores[held], -depth)[-depth:]]
    return best


def _below(scores: NDArray[Any], depth: int) -> float:
    """Return a score that more than ``depth`` documents surpass, so far as a sample tells."""
    import numpy as np

    sample = scores[::_STEP]
    wanted = 3 * depth // _STEP + 10
    if len(sample) < 4 * wanted:
        return 0.0
    return max(0.0, float(np.partition(sample, -wanted)[-wanted]))


def _nearest(
    found: Generation, query: NDArray[Any], allowed: NDArray[Any] | None, depth: int
) -> list[int]:
    from kagura_git.search import near

    best: dict[int, float] = {}
    for number, (part, start) in enumerate(zip(found.segments, found.starts, strict=False)):
        if part.nearest is None:
            continue
        if allowed is None:
            rows = found.alive_rows[number]
        else:
            rows = near.Filter(allowed[start : start + len(part.entries)][part.owners])
        likeness, at = near.search(part.nearest, query, 3 * depth, rows)
        # Best passage first; a document goes by its first.
        owners = (part.owners[at] + start).tolist()
        for owner, value in zip(owners, likeness.tolist(), strict=True):
            best.setdefault(owner, value)
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
