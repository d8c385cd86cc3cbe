"""One generation of the index: its segments, asked as if they were one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, overload

from kagura_git.model.fingerprint import PLACE
from kagura_git.search import manifest, near, segment
from kagura_git.search.bm25 import Bm25
from kagura_git.search.manifest import Entry, Manifest
from kagura_git.search.segment import Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRIES: Final = 20


class Entries(Sequence[Entry]):
    """The documents of segments that follow each other, numbered through.

    Not one long list: joining a million delays the first query after every refresh.
    """

    def __init__(self, parts: Sequence[Sequence[Entry]]) -> None:
        self._parts = parts
        self._starts = list(accumulate(map(len, parts), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, number: int) -> Entry: ...
    @overload
    def __getitem__(self, number: slice) -> list[Entry]: ...
    def __getitem__(self, number: int | slice) -> Entry | list[Entry]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        inside = number + len(self) if number < 0 else number
        if not 0 <= inside < len(self):
            raise IndexError(number)
        at = bisect_right(self._starts, inside) - 1
        return self._parts[at][inside - self._starts[at]]

    def __iter__(self) -> Iterator[Entry]:
        return chain.from_iterable(self._parts)


@dataclass(eq=False)
class Generation:
    """A manifest with its segments open.

    Documents are numbered through all segments, those that are gone as well.
    """

    manifest: Manifest
    segments: list[Segment]

    @cached_property
    def gone(self) -> frozenset[int]:
        """The numbers of the documents that are not there any more."""
        return frozenset(self.manifest.gone)

    @cached_property
    def starts(self) -> list[int]:
        """The number of each segment's first document, and at the end that of all."""
        return list(accumulate((len(part.entries) for part in self.segments), initial=0))

    @cached_property
    def entries(self) -> Sequence[Entry]:
        """Every document by its number."""
        if len(self.segments) == 1:
            return self.segments[0].entries
        return Entries([part.entries for part in self.segments])

    @cached_property
    def alive(self) -> NDArray[Any] | None:
        """A boolean per document; None if all are."""
        import numpy as np

        if not self.manifest.gone:
            return None
        alive = np.ones(len(self.entries), bool)
        alive[self.manifest.gone] = False
        return alive

    @cached_property
    def alive_rows(self) -> list[near.Filter | None]:
        """Which vectors of each segment are there to find; None if all are."""
        parts = zip(self.segments, self.starts, strict=False)
        return [self._alive_in(part, start) for part, start in parts]

    def _alive_in(self, part: Segment, start: int) -> near.Filter | None:
        if self.alive is None or part.nearest is None:
            return None
        inside = self.alive[start : start + len(part.entries)]
        return None if inside.all() else near.Filter(inside[part.owners])

    @cached_property
    def words(self) -> Bm25:
        """The words of all segments."""
        gone = None if self.alive is None else ~self.alive
        return Bm25([part.lexicon for part in self.segments], gone)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each document by its key."""
        return {entry.key: number for number, entry in self.live()}

    @cached_property
    def by_fingerprint(self) -> dict[str, list[int]]:
        """The numbers of the documents with each fingerprint, and at each place of one."""
        found: dict[str, list[int]] = {}
        for number, entry in self.live():
            if entry.fingerprint:
                for mark in {entry.fingerprint, entry.fingerprint[:PLACE]}:
                    found.setdefault(mark, []).append(number)
        return found

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digest of each document by its key, of those that could not be read too."""
        known = {entry.key: entry.digest for _, entry in self.live()}
        return known | self.manifest.skipped

    @property
    def records(self) -> int:
        """How many documents there are to find."""
        return len(self.entries) - len(self.gone)

    @property
    def dim(self) -> int:
        """The length of a vector, 0 if there is none."""
        return next((p.vectors.shape[1] for p in self.segments if p.vectors is not None), 0)

    @property
    def rows(self) -> int:
        """How many vectors there are to find."""
        there = sum(len(p.vectors) for p in self.segments if p.vectors is not None)
        return there - sum(self._rows_of(number) for number in self.gone)

    def _rows_of(self, number: int) -> int:
        part, inside = self.place(number)
        starts = part.row_starts
        return 0 if part.vectors is None else int(starts[inside + 1] - starts[inside])

    def live(self) -> Iterator[tuple[int, Entry]]:
        """Yield the documents there are to find, with their numbers."""
        for number, entry in enumerate(self.entries):
            if number not in self.gone:
                yield number, entry

    def place(self, number: int) -> tuple[Segment, int]:
        """Return a document's segment, and its number there."""
        at = bisect_right(self.starts, number) - 1
        return self.segments[at], number - self.starts[at]

    def vector(self, number: int) -> NDArray[Any] | None:
        """Return the vector of a document's first passage, what it is about; None without one."""
        part, inside = self.place(number)
        if part.vectors is None or part.row_starts[inside] == part.row_starts[inside + 1]:
            return None
        row: NDArray[Any] = part.vectors[part.row_starts[inside]]
        return row

    def text(self, number: int) -> str:
        """Return the text that snippets are cut from."""
        part, inside = self.place(number)
        return part.text(inside).decode("utf-8", "replace")


def load(
    folder: Path,
    before_vectors: Callable[[], None] | None = None,
    open_already: Sequence[Segment] = (),
) -> Generation | None:
    """Return the current generation, or None if there is none that is whole.

    Args:
        before_vectors: called as soon as it is known that there are vectors.
        open_already: segments of the generation before; those that stay are not opened again.
    """
    at_hand = {part.piece.name: part for part in open_already}
    for _ in range(_TRIES):
        before = manifest.stamp(folder)
        found = manifest.read(folder)
        if found is not None:
            if found.model and before_vectors:
                before_vectors()
            dim = found.dim if found.model else 0
            try:
                parts = [
                    at_hand.get(piece.name) or segment.open_(folder, piece, dim)
                    for piece in found.pieces
                ]
                return _checked(Generation(found, parts))
            except (OSError, ValueError, RuntimeError, LookupError, TypeError):
                pass  # faiss reports what it cannot read as RuntimeError
        # A refresh elsewhere may have deleted a segment between our two reads; then there
        # is another manifest. If it is the same one, it is damaged.
        if manifest.stamp(folder) == before:
            return None
    return None


def _checked(found: Generation) -> Generation:
    gone = found.manifest.gone
    if gone and not 0 <= min(gone) <= max(gone) < len(found.entries):
        raise ValueError("what is gone was never there")
    return found
