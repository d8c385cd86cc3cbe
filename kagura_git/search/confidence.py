"""How likely it is that a record found is one that was meant.

A fused score orders the records of one query; its height tells little, as
something always comes first. What tells an answer from the nearest of the rest
is how far it stands out: a logistic regression over the signs below, by Platt,
"Probabilistic Outputs for Support Vector Machines" (1999). Its weights were
fitted by ``benchmarks/retrieval/calibration.py`` on queries with and without an
answer, in memories of one record up to thousands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kagura_git.search.fuse import Candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNS: Final = (
    "likeness",  # the cosine of its best passage
    "words",  # the share of the query's weight of words that it holds
    "neighbours",  # what words side by side add to that
    "stands out by likeness",  # against the other records found
    "stands out by words",
    "lead",  # of the first, before the second; at most _MOST_LEAD
    "behind",  # what separates it from the first
    "length",  # the logarithm of the number of the query's terms
)
# How many of the others it is compared with, and what they are thought to be like
# where there are few: as if that many unrelated records were there too.
_OTHERS: Final = 50
_UNRELATED: Final = 5
_USUAL_LIKENESS: Final = 0.2
_USUAL_WORDS: Final = 0.05
_MOST_LEAD: Final = 0.3

# One weight per sign, and the constant; printed by the calibration.
HYBRID: Final = (1.02, 0.0, 0.0, 8.58, 2.64, 8.65, -3.55, -0.75, -2.61)
LEXICAL: Final = (0.0, 0.0, 0.0, 0.0, 9.17, 11.08, -1.45, 0.0, -4.05)


def signs(found: Candidates, scores: NDArray[Any], best: NDArray[Any]) -> NDArray[Any]:
    """Return a row of signs for each of the best candidates.

    Args:
        found: all candidates of a query.
        scores: the fused score of each.
        best: the places of those in question among them, best first.
    """
    import numpy as np

    nothing = np.zeros(len(found.numbers))
    cosines = nothing if found.cosines is None else found.cosines
    pairs = nothing if found.pairs is None else found.pairs
    top = float(scores[best[0]])
    second = float(scores[best[1]]) if len(best) > 1 else 0.0
    lead = np.zeros(len(best))
    lead[0] = min(top - second, _MOST_LEAD)
    return np.column_stack(
        (
            cosines[best],
            found.cover[best],
            pairs[best],
            _standing_out(cosines, best, _USUAL_LIKENESS),
            _standing_out(found.cover, best, _USUAL_WORDS),
            lead,
            top - scores[best],
            np.full(len(best), np.log1p(found.terms)),
        )
    )


def _standing_out(values: NDArray[Any], best: NDArray[Any], usual: float) -> NDArray[Any]:
    """Return how far each of the best lies above the mean of the highest others."""
    import numpy as np

    highest = np.sort(values)[::-1][: _OTHERS + 1]
    own = values[best]
    inside = own >= highest[-1]
    total = highest.sum() - np.where(inside, own, highest[-1])
    count = len(highest) - 1
    away: NDArray[Any] = own - (total + _UNRELATED * usual) / (count + _UNRELATED)
    return away


def confidence(found: Candidates, scores: NDArray[Any], best: NDArray[Any]) -> NDArray[Any]:
    """Return the probability of each of the best candidates, never more than of one before it."""
    import numpy as np

    if not len(best):
        return np.zeros(0)
    weights = np.array(LEXICAL if found.cosines is None else HYBRID)
    logits = (signs(found, scores, best) @ weights[:-1] + weights[-1]).clip(-30, 30)
    return np.minimum.accumulate(1 / (1 + np.exp(-logits)))
