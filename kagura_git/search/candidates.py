"""The documents of a generation worth ranking for a query, from both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kagura_git.search.fuse import Candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kagura_git.search.generation import Generation

# From each side; what is further down does not reach the first ten by fusion.
DEPTH: Final = 100


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

    words, most = found.lexicon.scores(terms)
    if allowed is not None:
        words[~allowed] = 0.0
    numbers = _top(words, depth)
    if query is not None and found.vectors is not None:
        nearest = _nearest(found, query, allowed, depth)
        # np.union1d and np.unique would import numpy.ma, 15 ms of a cold start.
        numbers = np.array(sorted({*numbers.tolist(), *nearest}), dtype=np.int64)
        cosines = _cosines(found, query, numbers)
    else:
        cosines = None
    cover = words[numbers] / max(most, 1e-9)
    return Candidates(numbers, cover, cosines, len(set(terms)), most)


def _top(scores: NDArray[Any], depth: int) -> NDArray[Any]:
    import numpy as np

    if len(scores) > depth:
        best = np.argpartition(scores, -depth)[-depth:]
    else:
        best = np.arange(len(scores))
    return best[scores[best] > 0]


def _nearest(
    found: Generation, query: NDArray[Any], allowed: NDArray[Any] | None, depth: int
) -> list[int]:
    import faiss as untyped
    import numpy as np

    faiss: Any = untyped  # its stubs know neither selectors by keyword nor bitmaps as arrays

    # Even to allow everything: with a selector faiss goes through the rows in one thread. Its
    # OpenMP threads would spin on after the search, against the model's at the next query
    # (measured at 10,000 records on 4 cores: 20 ms a query, against 9 ms).
    selector = faiss.IDSelectorAll()
    if allowed is not None:
        selector = faiss.IDSelectorBitmap(np.packbits(allowed[found.owners], bitorder="little"))
    params = faiss.SearchParameters(sel=selector)
    passages = min(3 * depth, found.faiss.ntotal)
    _, rows = found.faiss.search(query.reshape(1, -1), passages, params=params)
    # Best passage first; a document goes by its first.
    owners = found.owners[rows[0][rows[0] >= 0]].tolist()
    return list(dict.fromkeys(owners))[:depth]


def _cosines(found: Generation, query: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
    """Return the likeness of each document's best passage; none has no passage."""
    import numpy as np

    if found.vectors is None or not len(numbers):
        return np.zeros(len(numbers))
    starts = found.row_starts
    sizes = starts[numbers + 1] - starts[numbers]
    ends = np.cumsum(sizes)
    offsets = np.repeat(starts[numbers] - (ends - sizes), sizes)
    likeness = found.vectors[np.arange(int(ends[-1])) + offsets] @ query
    best: NDArray[Any] = np.maximum.reduceat(likeness, ends - sizes)
    return best.clip(0.0, 1.0)
