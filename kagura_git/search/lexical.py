"""BM25 over search terms, as arrays that map from a file and update by part.

The formula is Robertson and Zaragoza, "The Probabilistic Relevance Framework:
BM25 and Beyond" (2009), section 3.4, with Lucene's never negative
``idf = ln(1 + (N - df + 0.5) / (df + 0.5))``. A term is kept as a 64-bit hash:
there is no vocabulary to load, and a refresh merges sorted arrays instead of
tokenizing unchanged documents again.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

K1: Final = 1.2
B: Final = 0.75
K3: Final = 2.0
_MOST_FREQUENT: Final = 65_535


@lru_cache(maxsize=200_000)
def _hash(term: str) -> int:
    # Two checksums are enough to tell 100,000 terms apart, and hashlib costs a query's start 5 ms.
    data = term.encode("utf-8", "surrogatepass")
    return zlib.crc32(data) << 32 | zlib.crc32(data[::-1])


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """The postings of a set of documents, which go by their number.

    ``terms`` is sorted; the postings of ``terms[i]`` are ``starts[i]`` up to
    ``starts[i + 1]`` in ``documents`` (numbers), ``counts`` and ``impacts``
    (what the posting adds to a score). ``lengths`` holds terms per document.
    """

    terms: NDArray[Any]
    starts: NDArray[Any]
    documents: NDArray[Any]
    counts: NDArray[Any]
    impacts: NDArray[Any]
    lengths: NDArray[Any]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, for a file."""
        return {name: getattr(self, name) for name in self.__slots__}

    def scores(self, query: Iterable[str]) -> tuple[NDArray[Any], float]:
        """Return the score of every document, and the most that any text could reach.

        A term that the query repeats counts more, but soon no more than three times:
        a pasted trace repeats its paths, which says little about their weight.
        """
        import numpy as np

        size = len(self.lengths)
        repeated = Counter(query)
        if not size or not repeated:
            return np.zeros(size), 0.0
        spans = self._spans(repeated)
        times = np.fromiter(repeated.values(), np.float64, len(repeated))
        times *= (K3 + 1) / (times + K3)
        sizes = np.array([span.stop - span.start for span in spans])
        most = float((_idf(sizes, size) * times).sum()) * (K1 + 1)
        documents = np.concatenate([self.documents[span] for span in spans])
        impacts = np.concatenate([self.impacts[span] for span in spans])
        impacts = impacts * np.repeat(times, sizes)
        return np.bincount(documents, weights=impacts, minlength=size), most

    def rarity(self, terms: Collection[str]) -> dict[str, float]:
        """Return how much each term tells: its idf, most for one that no document holds."""
        import numpy as np

        sizes = np.array([span.stop - span.start for span in self._spans(terms)])
        return dict(zip(terms, _idf(sizes, len(self.lengths)).tolist(), strict=True))

    def _spans(self, terms: Collection[str]) -> list[slice]:
        """Return where each term's postings lie, an empty stretch for one not held."""
        import numpy as np

        wanted = np.fromiter(map(_hash, terms), np.uint64, len(terms))
        if not len(self.terms):
            return [slice(0, 0)] * len(wanted)
        at = np.searchsorted(self.terms, wanted).clip(max=len(self.terms) - 1)
        held = self.terms[at] == wanted
        return [
            slice(int(self.starts[i]), int(self.starts[i + 1])) if there else slice(0, 0)
            for i, there in zip(at.tolist(), held.tolist(), strict=True)
        ]


def check(lexicon: Lexicon) -> None:
    """Raise ``ValueError`` if the arrays do not fit together."""
    postings = len(lexicon.documents)
    if (
        len(lexicon.starts) != len(lexicon.terms) + 1
        or len(lexicon.counts) != postings
        or len(lexicon.impacts) != postings
        or int(lexicon.starts[-1]) != postings
        or (postings and int(lexicon.documents.max()) >= len(lexicon.lengths))
    ):
        raise ValueError("the postings do not fit together")


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Lexicon:
    """Return the lexicon that a file holds; raises ``ValueError`` if it is not whole."""
    try:
        lexicon = Lexicon(**{name: arrays[name] for name in Lexicon.__slots__})
    except KeyError as error:
        raise ValueError(f"no array {error}") from None
    check(lexicon)
    return lexicon


def empty() -> Lexicon:
    """Return the lexicon of no documents."""
    import numpy as np

    return Lexicon(
        terms=np.empty(0, np.uint64),
        starts=np.zeros(1, np.uint32),
        documents=np.empty(0, np.uint32),
        counts=np.empty(0, np.uint16),
        impacts=np.empty(0, np.float32),
        lengths=np.empty(0, np.uint32),
    )


def updated(
    old: Lexicon,
    numbers: Sequence[int],
    new: Mapping[int, Sequence[str]],
    *,
    k1: float = K1,
    b: float = B,
) -> Lexicon:
    """Return the lexicon after documents came, went or changed place.

    Args:
        old: what was there.
        numbers: for each old document its new number, or -1 if it went.
        new: the terms of each document that came, by its number.
        k1: how soon repeating a term stops adding.
        b: how much longer documents are held back.
    """
    import numpy as np

    move = np.asarray(numbers, dtype=np.int64)
    documents = move[old.documents] if len(old.documents) else np.empty(0, np.int64)
    stay = documents >= 0
    terms = np.repeat(old.terms, np.diff(old.starts))[stay]
    documents, counts = documents[stay].astype(np.uint32), old.counts[stay]
    new_terms, new_documents, new_counts, new_lengths = _postings(new)
    place = np.searchsorted(terms, new_terms)
    terms = np.insert(terms, place, new_terms)
    documents = np.insert(documents, place, new_documents)
    counts = np.insert(counts, place, new_counts)
    lengths = np.zeros(int((move >= 0).sum()) + len(new), np.uint32)
    lengths[move[move >= 0]] = old.lengths[move >= 0]
    lengths[list(new)] = new_lengths
    return _weighted(terms, documents, counts, lengths, k1, b)


def _postings(
    new: Mapping[int, Sequence[str]],
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], list[int]]:
    import numpy as np

    terms: list[int] = []
    documents: list[int] = []
    counts: list[int] = []
    for number, words in new.items():
        found = Counter(words)
        terms += map(_hash, found)
        documents += [number] * len(found)
        counts += [min(count, _MOST_FREQUENT) for count in found.values()]
    hashes = np.array(terms, dtype=np.uint64)
    order = np.argsort(hashes)
    return (
        hashes[order],
        np.array(documents, dtype=np.uint32)[order],
        np.array(counts, dtype=np.uint16)[order],
        [len(words) for words in new.values()],
    )


def _weighted(
    terms: NDArray[Any],
    documents: NDArray[Any],
    counts: NDArray[Any],
    lengths: NDArray[Any],
    k1: float,
    b: float,
) -> Lexicon:
    import numpy as np

    first = np.flatnonzero(np.concatenate(([True], terms[1:] != terms[:-1]))[: len(terms)])
    starts = np.append(first, len(terms)).astype(np.uint32)
    frequencies = np.diff(starts)
    size = len(lengths)
    average = float(lengths.mean()) if size else 0.0
    longer = k1 * (1 - b + b * lengths / max(average, 1.0))
    impacts = counts * (k1 + 1) / (counts + longer[documents])
    impacts *= np.repeat(_idf(frequencies, size), frequencies)
    return Lexicon(
        terms=terms[first],
        starts=starts,
        documents=documents,
        counts=counts,
        impacts=impacts.astype(np.float32),
        lengths=lengths,
    )


def _idf(frequencies: NDArray[Any], size: int) -> NDArray[Any]:
    import numpy as np

    weights: NDArray[Any] = np.log1p((size - frequencies + 0.5) / (frequencies + 0.5))
    return weights
