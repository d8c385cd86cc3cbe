"""Two rankings into one: what is said in the same words, and what means the same.

Scores are normalised and added (Lee, "Analyses of Multiple Evidence
Combination", SIGIR 1997), as a convex combination: Bruch, Gai and Ingber, "An
Analysis of Fusion Functions for Hybrid Retrieval" (ACM TOIS 42(1), 2023,
arXiv:2210.11934), who find it better than reciprocal rank fusion and in need
of one parameter only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kagura_git.search.manifest import Entry

# The weight of meaning: where the query's own words are good evidence, and where they are not.
# The first is below a half: an exact name that one record holds outweighs any likeness.
DENSE_WEIGHT: Final = 0.45
_ASKED_WEIGHT: Final = 0.75
# A pasted trace or report has many terms; a question in one's own words has few, and shares few.
_QUESTION_TERMS: Final = (12, 24)
_SHARED_WORDS: Final = (0.2, 0.4)
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


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Documents by number, with a score each from either side.

    ``cover`` is the share of the query's weight of words that a document
    holds, ``cosines`` its best passage's likeness; None without vectors.
    ``terms`` is the number of different terms in the query, ``most`` the score of
    a document that holds them all without end; ``pairs`` what neighbouring words
    add to the cover, None before they are looked for.
    """

    numbers: NDArray[Any]
    cover: NDArray[Any]
    cosines: NDArray[Any] | None
    terms: int
    most: float = 0.0
    pairs: NDArray[Any] | None = None


def fused(found: Candidates, weight: float | None = None) -> NDArray[Any]:
    """Return ``w * minmax(cosines) + (1 - w) * minmax(cover)``, 0 to a little above 1.

    Args:
        weight: ``w``, by default from :func:`dense_weight`.
    """
    words = _minmax(found.cover)
    if found.pairs is not None and len(words):
        words = words + found.pairs / max(float(found.cover.max() - found.cover.min()), 1e-9)
    if found.cosines is None:
        return words
    weight = dense_weight(found) if weight is None else weight
    return weight * _minmax(found.cosines) + (1 - weight) * words


def dense_weight(found: Candidates) -> float:
    """Return how much meaning counts for this query, from 0.45 to 0.75.

    Words decide for a pasted trace or an exact name. A short question in the
    asker's own words, of which even the best record holds few, is decided by
    meaning: there the words that happen to be shared are mostly chance.
    """
    if not len(found.cover):
        return DENSE_WEIGHT
    few, many = _QUESTION_TERMS
    low, high = _SHARED_WORDS
    short = min(1.0, max(0.0, (many - found.terms) / (many - few)))
    unshared = min(1.0, max(0.0, (high - float(found.cover.max())) / (high - low)))
    return DENSE_WEIGHT + (_ASKED_WEIGHT - DENSE_WEIGHT) * short * unshared


def _minmax(scores: NDArray[Any]) -> NDArray[Any]:
    """Return ``(s - min) / (max - min)``; scores that are all equal tell nothing and become 1."""
    import numpy as np

    if not len(scores):
        return scores
    low, high = float(scores.min()), float(scores.max())
    if high - low < 1e-9:
        return np.full(len(scores), 1.0 if high > 0 else 0.0)
    spread: NDArray[Any] = (scores - low) / (high - low)
    return spread


def ranked(
    found: Candidates, entries: Sequence[Entry], same: frozenset[int] = frozenset(), k: int = 0
) -> list[tuple[int, float]]:
    """Return document numbers with scores from 1 down to 0, the noise left out.

    The order is that of the fused scores. As each query's best fused score is
    near 1 whatever it found, scores are scaled by the likeness of what came
    closest, so that a threshold means the same for every query. Documents in
    ``same`` are known to be what is asked for: they come first, with 1, and
    among themselves in the order of what was fused.

    Args:
        k: how many are wanted; 0 for all.
    """
    import numpy as np

    if not len(found.numbers):
        return []
    scores = fused(found)
    scores *= [_factor(entries[number]) for number in found.numbers.tolist()]
    floor = COVER_FLOOR * min(1.0, _FLOOR_TERMS / max(found.terms, 1))
    near, closest = found.cover >= floor, float(found.cover.max())
    if found.cosines is None:
        near = found.cover >= floor * _LEXICAL_FLOOR
    else:
        near |= found.cosines >= COSINE_FLOOR
        closest = max(closest, float(found.cosines.max()))
    scores = np.nan_to_num(scores)
    scores *= min(closest, 1.0) / max(float(scores.max()), 1.0)
    # Rounded: the same text embedded in another batch differs in the seventh digit.
    scores = scores.round(6)
    known = np.array([number in same for number in found.numbers.tolist()])
    shown = np.where(known, 1.0, scores.clip(max=0.999999) if same else scores)
    kept = np.flatnonzero(near | known)
    if 0 < k < len(kept):
        # All that ties with the last one stays, for the order below to decide.
        kept = kept[shown[kept] >= np.partition(shown[kept], -k)[-k]]

    def place(i: int) -> tuple[float, float, str, str]:
        entry = entries[int(found.numbers[i])]
        return -shown[i], -scores[i], entry.id, entry.key

    best = sorted(kept.tolist(), key=place)[: k or None]
    return [(int(found.numbers[i]), float(shown[i])) for i in best]


def _factor(entry: Entry) -> float:
    if entry.status in {"superseded", "rejected"}:
        return _OVERRULED
    return _UNSOLVED if entry.resolved is False else 1.0
