"""The records of one query in their order, each with the probability that it is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kagura_git.search.confidence import confidence
from kagura_git.search.fuse import Candidates, fused

if TYPE_CHECKING:
    from kagura_git.search.manifest import Entry

# Below both floors a record has nothing to do with the query.
COSINE_FLOOR: Final = 0.25
COVER_FLOOR: Final = 0.08
# A pasted trace of a hundred terms shares few of them even with its own record.
_FLOOR_TERMS: Final = 10
# Without vectors words are all the evidence there is.
_LEXICAL_FLOOR: Final = 0.25
# At the same closeness: what holds before what was overruled, solved before unsolved.
_OVERRULED: Final = 0.85
_UNSOLVED: Final = 0.97


def ranked(
    found: Candidates, entries: Sequence[Entry], same: frozenset[int] = frozenset(), k: int = 0
) -> list[tuple[int, float]]:
    """Return document numbers with probabilities from 1 down to 0, the noise left out.

    The order is that of the fused scores. Documents in ``same`` are known to be
    what is asked for: they come first, with 1, and among themselves in the order
    of what was fused.

    Args:
        k: how many are wanted; 0 for all.
    """
    import numpy as np

    if not len(found.numbers):
        return []
    scores = fused(found)
    scores *= [_factor(entries[number]) for number in found.numbers.tolist()]
    # Rounded: the same text embedded in another batch differs in the seventh digit.
    scores = np.nan_to_num(scores).round(6)
    floor = COVER_FLOOR * min(1.0, _FLOOR_TERMS / max(found.terms, 1))
    if found.cosines is None:
        near = found.cover >= floor * _LEXICAL_FLOOR
    else:
        near = (found.cover >= floor) | (found.cosines >= COSINE_FLOOR)
    known = np.array([number in same for number in found.numbers.tolist()])
    kept = np.flatnonzero(near | known)
    if 0 < k < len(kept):
        # All that ties with the last one stays, for the order below to decide.
        last = np.partition(scores[kept], -k)[-k]
        kept = kept[(scores[kept] >= last) | known[kept]]

    def place(i: int) -> tuple[float, str, str]:
        entry = entries[int(found.numbers[i])]
        return -scores[i], entry.id, entry.key

    best = np.array(sorted(kept.tolist(), key=place), dtype=np.int64)
    sure = confidence(found, scores, best)
    sure = np.where(known[best], 1.0, sure.clip(max=0.999999) if same else sure).round(6)
    order = np.argsort(~known[best], kind="stable")[: k or None]
    return [(int(found.numbers[best[i]]), float(sure[i])) for i in order]


def _factor(entry: Entry) -> float:
    if entry.status in {"superseded", "rejected"}:
        return _OVERRULED
    return _UNSOLVED if entry.resolved is False else 1.0
