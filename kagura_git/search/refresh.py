"""What the next generation of an index consists of: reused, read again, embedded anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kagura_git.search.document import Document
from kagura_git.search.embed import Embedder, LazyModel, Progress
from kagura_git.search.generation import Generation
from kagura_git.search.manifest import Entry
from kagura_git.search.vectors import VectorCache, split, text_digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

Load = Callable[[list[str]], Iterable[Document]]
"""Reads the records of some keys; one that cannot be read is left out."""

# Vectors are kept in steps of this many texts: an interrupted first run loses little.
_STEP: Final = 512


@dataclass(frozen=True, slots=True)
class Source:
    """One document to be written: one that is known, by its old number, or a new one."""

    entry: Entry
    old: int = -1
    new: Document | None = None

    @property
    def digests(self) -> list[bytes]:
        """The text digests of its passages, in order."""
        return split(self.entry.passages)


@dataclass(slots=True)
class Changes:
    """What makes the next generation of the one before.

    Attributes:
        going: old numbers of documents that are no longer there, or not as they were.
        back: old numbers of documents that were gone and are there again, as they were.
        coming: documents that are new, or known under another key.
        unreadable: keys whose record cannot be read, with their digests.
    """

    going: set[int] = field(default_factory=set)
    back: set[int] = field(default_factory=set)
    coming: list[Source] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


class Known:
    """The vectors of one model that are at hand, by text digest."""

    def __init__(self, cache: VectorCache, model: str) -> None:
        self.cache = cache
        self.model = model
        self.vectors: dict[bytes, bytes] = {}

    def look(self, digests: Iterable[bytes]) -> None:
        """Fetch vectors from the cache."""
        wanted = [d for d in dict.fromkeys(digests) if d not in self.vectors]
        found = self.cache.get_many(self.model, wanted)
        # A vector of another length than its neighbours is none of this model's.
        sizes = Counter(len(v) for v in found.values() if isinstance(v, bytes) and len(v) % 4 == 0)
        usual = len(next(iter(self.vectors.values()), b"")) or max(
            sizes, key=sizes.__getitem__, default=0
        )
        fitting = (d for d, v in found.items() if isinstance(v, bytes) and len(v) == usual > 0)
        self.vectors.update((d, found[d]) for d in fitting)

    def embed(
        self, texts: Mapping[bytes, str], embedder: Embedder, progress: Progress | None
    ) -> int:
        """Embed the texts that are not known, keep their vectors, and return their number."""
        size = embedder.dim * 4
        unseen = [d for d in texts if len(self.vectors.get(d, b"")) != size]
        fresh: dict[bytes, bytes] = {}
        done = 0

        def taken(rows: Sequence[int], vectors: NDArray[Any]) -> None:
            nonlocal done
            fresh.update((unseen[i], v.tobytes()) for i, v in zip(rows, vectors, strict=True))
            done += len(rows)
            if progress:
                progress(done, len(unseen))
            if len(fresh) >= _STEP:
                self._keep(fresh)

        try:
            embedder.embed([texts[d] for d in unseen], taken)
        finally:  # whoever interrupts this does not want to wait for it again
            self._keep(fresh)
        return len(unseen)

    def _keep(self, fresh: dict[bytes, bytes]) -> None:
        self.cache.put_many(self.model, fresh)
        self.vectors.update(fresh)
        fresh.clear()


def changes(
    listing: Mapping[str, str],
    changed: Sequence[str],
    removed: Sequence[str],
    old: Generation | None,
    load: Load,
    usable: Callable[[Entry], bool] | None = None,
) -> Changes:
    """Return what the next generation is made of; only what is not known is loaded.

    A key that is new but holds the blob of one that went is a move. A document
    that went and comes back, as with branches, is still in its segment.

    Args:
        usable: which documents that went may come back; all by default.
    """
    out = Changes()
    if old is not None:
        skipped = old.manifest.skipped
        out.unreadable = {k: d for k, d in skipped.items() if listing.get(k) == d}
        out.going = {old.numbers[k] for k in (*changed, *removed) if k in old.numbers}
    lost = _lost(old, out.going, usable) if changed else {}
    wanted: list[str] = []
    for key in changed:
        digest = listing[key]
        number = lost.get(digest, {}).pop(key, None)
        if number is not None:
            out.back.add(number)
        else:
            wanted.append(key)
    unknown = []
    for key in wanted:
        numbers = lost.get(listing[key])
        if numbers and old is not None:
            number = numbers.pop(next(iter(numbers)))
            entry = msgspec.structs.replace(old.entries[number], key=key)
            out.coming.append(Source(entry, old=number))
        else:
            unknown.append(key)
    loaded = {item.key: item for item in load(unknown)} if unknown else {}
    for key in unknown:
        if (item := loaded.get(key)) is not None:
            out.coming.append(Source(_entry(item, listing[key]), new=item))
        else:
            out.unreadable[key] = listing[key]
    return out


def _lost(
    old: Generation | None, going: Collection[int], usable: Callable[[Entry], bool] | None
) -> dict[str, dict[str, int]]:
    """Return the documents that are not there any more: ``{digest: {key: number}}``."""
    found: dict[str, dict[str, int]] = {}
    if old is not None:
        for number in (*old.manifest.gone, *going):
            entry = old.entries[number]
            if usable is None or usable(entry):
                found.setdefault(entry.digest, {})[entry.key] = number
    return found


def carried(old: Generation, first: int, made: Changes) -> list[Source]:
    """Return the documents of the segments from ``first`` on that are to be written anew."""
    gone = (old.gone | made.going) - made.back
    stretch = range(old.starts[first], old.starts[-1])
    return [Source(old.entries[n], old=n) for n in stretch if n not in gone]


def has_vectors(entry: Entry, known: Known) -> bool:
    """Tell whether the vector of every passage of a document is at hand."""
    return all(digest in known.vectors for digest in split(entry.passages))


def _entry(item: Document, digest: str) -> Entry:
    return Entry(
        key=item.key,
        # The listing's digest, not the document's: a file that changed between the
        # listing and the reading is then seen as changed at the next look.
        digest=digest,
        id=item.id,
        kind=item.kind,
        title=item.title,
        created_at=item.created_at,
        tags=item.tags,
        files=item.files,
        resolved=item.resolved,
        status=item.status,
        fingerprint=item.fingerprint,
        session=item.session,
        project_id=item.project_id,
        author=item.author,
        passages=b"".join(map(text_digest, item.passages)),
        text_at=0,
        text_size=0,
    )


def vector_rows(
    found: Sequence[Source],
    old: Generation | None,
    known: Known,
    model: LazyModel,
    progress: Progress | None,
) -> tuple[NDArray[Any] | None, int]:
    """Return the vectors of those documents, and how many texts were embedded for them.

    The model is loaded only if a text is unseen; None if it cannot be.
    """
    same = old is not None and old.manifest.model == known.model
    fresh = [source for source in found if source.new is not None or not same]
    texts = dict(_texts(fresh))
    known.look(d for source in fresh for d in source.digests)
    embedded = 0
    if any(digest not in known.vectors for digest in texts):
        embedder = model.embedder()
        if embedder is None:
            return None, 0
        embedded = known.embed(texts, embedder, progress)
    return _assembled(found, old if same else None, known), embedded


def _texts(found: Sequence[Source]) -> Iterator[tuple[bytes, str]]:
    for source in found:
        if source.new is not None:
            yield from zip(source.digests, source.new.passages, strict=True)


def _assembled(
    found: Sequence[Source], old: Generation | None, known: Known
) -> NDArray[Any] | None:
    import numpy as np

    dim = old.dim if old else 0
    rows: list[NDArray[Any]] = []
    for source in found:
        if old is not None and source.new is None:
            part, inside = old.place(source.old)
            if part.vectors is not None:
                rows.append(part.vectors[part.row_starts[inside] : part.row_starts[inside + 1]])
        elif digests := source.digests:
            stored = [known.vectors[digest] for digest in digests]
            dim = dim or len(stored[0]) // 4
            if any(len(vector) != dim * 4 for vector in stored):
                return None  # a damaged cache: search by words until it is away
            rows.append(np.frombuffer(b"".join(stored), np.float32).reshape(len(stored), dim))
    return np.concatenate(rows) if rows else np.empty((0, dim), np.float32)
