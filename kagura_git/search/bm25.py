"""BM25 over the segments of an index as if they were one.

The formula is Robertson and Zaragoza, "The Probabilistic Relevance Framework:
BM25 and Beyond" (2009), section 3.4, with Lucene's never negative
``idf = ln(1 + (N - df + 0.5) / (df + 0.5))``. Frequencies and lengths are
counted over all segments, without the documents that are gone: a record scores
the same whether it was added or the index built anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kagura_git.search.lexical import Lexicon

K1: Final = 1.2
B: Final = 0.75
K3: Final = 2.0
# Postings read for a query; words that would go beyond are looked up for the best only.
BUDGET: Final = 100_000


class Scores:
    """What each document scores for a query; ``most`` is what no text could exceed.

    ``rarity`` is the idf of each of the query's terms.

    ``held`` has one value per document. In a large memory the commonest words of
    the query are not in it yet: :meth:`of` adds them for the documents that count.
    """

    def __init__(
        self,
        held: NDArray[Any],
        most: float,
        rarity: dict[str, float],
        words: Bm25,
        rest: dict[str, float],
    ):
        self.held = held
        self.most = most
        self.rarity = rarity
        self._words = words
        self._rest = rest

    @property
    def whole(self) -> bool:
        """Whether every word of the query is counted already."""
        return not self._rest

    def of(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return the whole scores of these documents."""
        found: NDArray[Any] = self.held[numbers]
        for term, weight in self._rest.items():
            found = found + weight * self._words.saturations(term, numbers)
        return found


class Bm25:
    """The words of all segments.

    Args:
        parts: a lexicon for each segment.
        gone: a boolean for each document of all segments in turn: it counts no more.
    """

    def __init__(self, parts: Sequence[Lexicon], gone: NDArray[Any] | None) -> None:
        import numpy as np

        self._parts = parts
        self._gone = gone
        self._starts = np.cumsum([0, *(len(part.lengths) for part in parts)]).tolist()
        lengths = np.concatenate([part.lengths for part in parts]) if parts else np.zeros(0)
        alive = lengths if gone is None else lengths[~gone]
        self.size = len(alive)
        average = float(alive.mean()) if len(alive) else 0.0
        longer = K1 * (1 - B + B * lengths / max(average, 1.0))
        if gone is not None:
            longer[gone] = np.inf  # whatever it holds comes to nothing
        self._longer = longer.astype(np.float32)

    def scores(self, query: Iterable[str]) -> Scores:
        """Return the score of every document.

        A term that the query repeats counts more, but soon no more than three times:
        a pasted trace repeats its paths, which says little about their weight.
        """
        import numpy as np

        repeated = Counter(query)
        terms = list(repeated)
        if not self.size or not terms:
            return Scores(np.zeros(self._starts[-1]), 0.0, dict.fromkeys(terms, 0.0), self, {})
        spans = [part.spans(terms) for part in self._parts]
        sizes = np.array([[s.stop - s.start for s in part] for part in spans]).sum(axis=0)
        rest = _commonest(sizes) if int(sizes.sum()) > BUDGET else frozenset()
        read = [i for i in range(len(terms)) if i not in rest]
        lengths, which, documents, counts = self._postings(spans, read)
        frequencies = sizes.copy()
        if self._gone is not None:
            # How many of each stretch are gone, by what the running total rises over it.
            total = np.concatenate(([0], np.cumsum(self._gone[documents], dtype=np.uint32)))
            ends = np.cumsum(lengths)
            np.subtract.at(frequencies, which, np.diff(total[np.append(0, ends)]))
        times = np.fromiter(repeated.values(), np.float64, len(terms))
        rarity = idf(frequencies, self.size)
        weights = rarity * (times * (K3 + 1) / (times + K3)) * (K1 + 1)
        impacts = counts / (counts + self._longer[documents])
        impacts *= np.repeat(weights[which].astype(np.float32), lengths)
        held = np.bincount(documents, weights=impacts, minlength=self._starts[-1])
        later = {terms[i]: float(weights[i]) for i in rest}
        known = dict(zip(terms, rarity.tolist(), strict=True))
        return Scores(held, float(weights.sum()), known, self, later)

    def _postings(self, spans: Sequence[Sequence[slice]], read: Sequence[int]) -> Any:
        """Return how long each stretch of postings is, and of which term; documents, counts."""
        import numpy as np

        documents, counts, lengths, which = [], [], [], []
        for part, start, places in zip(self._parts, self._starts, spans, strict=False):
            for i in read:
                span = places[i]
                documents.append(part.documents[span] + np.uint32(start))
                counts.append(part.counts[span])
                lengths.append(span.stop - span.start)
                which.append(i)
        return np.array(lengths), np.array(which), np.concatenate(documents), np.concatenate(counts)

    def saturations(self, term: str, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return ``count / (count + K1 * length)`` of one term in each of these documents."""
        import numpy as np

        found = np.zeros(len(numbers))
        for part, start in zip(self._parts, self._starts, strict=False):
            span = part.spans([term])[0]
            documents = part.documents[span]
            if not len(documents):
                continue
            at = np.searchsorted(documents, numbers - start).clip(max=len(documents) - 1)
            inside = documents[at] == numbers - start
            found += np.where(inside, part.counts[span][at], 0)
        saturated: NDArray[Any] = found / (found + self._longer[numbers])
        return saturated

    def rarity(self, terms: Collection[str]) -> dict[str, float]:
        """Return how much each term tells: its idf, most for one that no document holds."""
        import numpy as np

        sizes = np.zeros(len(terms))
        for part, start in zip(self._parts, self._starts, strict=False):
            for i, span in enumerate(part.spans(terms)):
                sizes[i] += span.stop - span.start
                if self._gone is not None:
                    sizes[i] -= self._gone[part.documents[span] + np.uint32(start)].sum()
        return dict(zip(terms, idf(sizes, self.size).tolist(), strict=True))


def _commonest(sizes: NDArray[Any]) -> frozenset[int]:
    """Return the terms that do not fit into what is read, rare ones first; one always does."""
    import numpy as np

    order = np.argsort(sizes, kind="stable")
    beyond = np.cumsum(sizes[order]) > BUDGET
    beyond[0] = False
    return frozenset(order[beyond].tolist())


def idf(frequencies: NDArray[Any], size: int) -> NDArray[Any]:
    """Return how much a term tells that this many documents of ``size`` hold."""
    import numpy as np

    weights: NDArray[Any] = np.log1p((size - frequencies + 0.5) / (frequencies + 0.5))
    return weights
