"""Which documents hold which terms how often, as arrays that map from a file.

A term is kept as a 64-bit hash: there is no vocabulary to load, and a refresh
merges sorted arrays instead of tokenizing unchanged documents again.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    ``starts[i + 1]`` in ``documents`` (numbers, ascending) and ``counts``.
    ``lengths`` holds terms per document.
    """

    terms: NDArray[Any]
    starts: NDArray[Any]
    documents: NDArray[Any]
    counts: NDArray[Any]
    lengths: NDArray[Any]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, for a file."""
        return {name: getattr(self, name) for name in self.__slots__}

    def spans(self, terms: Collection[str]) -> list[slice]:
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


def merged(
    parts: Sequence[tuple[Lexicon, Sequence[int]]], new: Mapping[int, Sequence[str]]
) -> Lexicon:
    """Return the lexicon of documents that are known and documents that come.

    Args:
        parts: lexicons, with the new number of each of their documents, or -1 if it goes.
        new: the terms of each document that comes, by its number.
    """
    import numpy as np

    fresh = _postings(new)
    terms = _distinct([*(part.terms for part, _ in parts), fresh[0]])
    keys = [_key(np.searchsorted(terms, fresh[0]), fresh[1])]
    counts = [fresh[2]]
    size = len(new) + sum(int((np.asarray(numbers) >= 0).sum()) for _, numbers in parts)
    lengths = np.zeros(size, np.uint32)
    lengths[list(new)] = fresh[3]
    for part, numbers in parts:
        move = np.asarray(numbers, dtype=np.int64)
        lengths[move[move >= 0]] = part.lengths[move >= 0]
        ranks = np.repeat(np.searchsorted(terms, part.terms), np.diff(part.starts))
        documents = move[part.documents]
        stay = documents >= 0
        keys.append(_key(ranks[stay], documents[stay]))
        counts.append(part.counts[stay])
    return _sorted(terms, np.concatenate(keys), np.concatenate(counts), lengths)


def _key(ranks: NDArray[Any], documents: NDArray[Any]) -> NDArray[Any]:
    """Return a number per posting that sorts by term and then by document."""
    import numpy as np

    return ranks.astype(np.uint64) << np.uint64(32) | documents.astype(np.uint64)


def _sorted(
    terms: NDArray[Any], keys: NDArray[Any], counts: NDArray[Any], lengths: NDArray[Any]
) -> Lexicon:
    import numpy as np

    # Stable: several sorted runs one after the other are then merged, not sorted.
    order = np.argsort(keys, kind="stable")
    ranks = keys[order] >> np.uint64(32)
    first = np.flatnonzero(np.concatenate(([True], ranks[1:] != ranks[:-1]))[: len(ranks)])
    return Lexicon(
        terms=terms[ranks[first]],
        starts=np.append(first, len(ranks)).astype(np.uint32),
        documents=keys[order].astype(np.uint32),
        counts=counts[order],
        lengths=lengths,
    )


def _distinct(several: Sequence[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    everything = np.sort(np.concatenate(several), kind="stable")
    once: NDArray[Any] = everything[
        np.concatenate(([True], everything[1:] != everything[:-1]))[: len(everything)]
    ]
    return once


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
    return (
        np.array(terms, dtype=np.uint64),
        np.array(documents, dtype=np.uint32),
        np.array(counts, dtype=np.uint16),
        [len(words) for words in new.values()],
    )
