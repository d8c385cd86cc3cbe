"""Two rankings into one: what is said in the same words, and what means the same.

Scores are normalised and added (Lee, "Analyses of Multiple Evidence
Combination", SIGIR 1997), as a convex combination: Bruch, Gai and Ingber, "An
Analysis of Fusion Functions for Hybrid Retrieval" (ACM TOIS 42(1), 2023,
arXiv:2210.11934), who find it better than reciprocal rank fusion and in need
of one parameter only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The weight of meaning: where the query's own words are good evidence, and where they are not.
# The first is below a half: an exact name that one record holds outweighs any likeness.
DENSE_WEIGHT: Final = 0.45
_ASKED_WEIGHT: Final = 0.75
# A pasted trace or report has many terms; a question in one's own words has few, and shares few.
_QUESTION_TERMS: Final = (12, 24)
_SHARED_WORDS: Final = (0.2, 0.4)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Documents by number, with a score each from either side.

    ``cover`` is the share of the query's weight of words that a document
    holds, ``cosines`` its best passage's likeness; None without vectors.
    ``terms`` is the number of different terms in the query, ``most`` the score of
    a document that holds them all without end; ``pairs`` what neighbouring words
    add to the cover, None before they are looked for. ``rarity`` is how much each
    of the query's terms tells.
    """

    numbers: NDArray[Any]
    cover: NDArray[Any]
    cosines: NDArray[Any] | None
    terms: int
    most: float = 0.0
    pairs: NDArray[Any] | None = None
    rarity: Mapping[str, float] = field(default_factory=dict)


def fused(found: Candidates, weight: float | None = None) -> NDArray[Any]:
    """Return ``w * minmax(cosines) + (1 - w) * minmax(cover)``, 0 to a little above 1.

    Args:
        weight: ``w``, by default from :func:`dense_weight`.
    """
    words = _minmax(found.cover)
    if found.pairs is not None and len(words):
        low, high = float(found.cover.min()), float(found.cover.max())
        # Where all hold about the same words, a phrase must not outweigh everything else.
        words = words + found.pairs / max(high - low, high / 4, 1e-9)
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
