"""What the next generation of an index consists of: reused, read again, embedded anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kagura_git.search.document import Document
from kagura_git.search.embed import Embedder, LazyModel, Progress
from kagura_git.search.generation import Generation
from kagura_git.search.manifest import Entry
from kagura_git.search.vectors import DIGEST_SIZE, VectorCache, text_digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

Load = Callable[[list[str]], Iterable[Document]]
"""Reads the records of some keys; one that cannot be read is left out."""

# Vectors are kept in steps of this many texts: an interrupted first run loses little.
_STEP: Final = 512


@dataclass(frozen=True, slots=True)
class Source:
    """One document of the next generation: an old one by its number, or a new one."""

    entry: Entry
    old: int = -1
    new: Document | None = None

    @property
    def digests(self) -> list[bytes]:
        """The text digests of its passages, in order."""
        return split(self.entry.passages)


def split(passages: bytes) -> list[bytes]:
    """Return the text digests that an entry keeps joined."""
    return [passages[i : i + DIGEST_SIZE] for i in range(0, len(passages), DIGEST_SIZE)]


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


def reusable(
    listing: Mapping[str, str], old: Generation | None, known: Known | None
) -> dict[str, int]:
    """Return the keys whose document need not be read again, with its old number.

    A key that is new but holds the blob of one that went is a move. With a
    model whose vectors the old generation lacks, only documents whose passages
    are all in the cache are reused.
    """
    if old is None:
        return {}
    entries = old.manifest.entries
    gone = {e.digest: i for i, e in enumerate(entries) if e.key not in listing}
    found: dict[str, int] = {}
    for key, digest in listing.items():
        number = old.numbers.get(key)
        if number is None:
            number = gone.pop(digest, None)
        if number is not None and entries[number].digest == digest:
            found[key] = number
    if known is None or old.manifest.model == known.model:
        return found
    digests = {key: split(entries[number].passages) for key, number in found.items()}
    known.look(d for several in digests.values() for d in several)
    return {k: n for k, n in found.items() if all(d in known.vectors for d in digests[k])}


def sources(
    listing: Mapping[str, str], old: Generation | None, reused: Mapping[str, int], load: Load
) -> tuple[list[Source], dict[str, str]]:
    """Return the documents of the next generation by key, and the keys that cannot be read."""
    skipped = old.manifest.skipped if old else {}
    unreadable = {k: d for k, d in listing.items() if k not in reused and skipped.get(k) == d}
    wanted = [key for key in listing if key not in reused and key not in unreadable]
    loaded = {item.key: item for item in load(wanted)} if wanted else {}
    found: list[Source] = []
    for key in sorted(listing):
        if (number := reused.get(key)) is not None and old is not None:
            entry = old.manifest.entries[number]
            if entry.key != key:
                entry = msgspec.structs.replace(entry, key=key)
            found.append(Source(entry, old=number))
        elif (item := loaded.get(key)) is not None:
            found.append(Source(_entry(item, listing[key]), new=item))
        else:
            unreadable[key] = listing[key]
    return found, unreadable


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
    same = old is not None and old.vectors is not None and old.manifest.model == known.model
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

    starts = old.row_starts.tolist() if old else []
    before = 0 if old is None else starts[-1]
    fresh: list[bytes] = []
    order: list[int] = []
    for source in found:
        if old is not None and source.new is None:
            order.extend(range(starts[source.old], starts[source.old + 1]))
        else:
            digests = source.digests
            order.extend(range(before + len(fresh), before + len(fresh) + len(digests)))
            fresh.extend(known.vectors[digest] for digest in digests)
    sizes = {len(vector) for vector in fresh}
    if old is not None and old.vectors is not None:
        sizes.add(old.vectors.shape[1] * 4)
    if len(sizes) > 1:
        return None  # a damaged cache: search by words until it is away
    width = len(fresh[0]) // 4 if fresh else 0
    new = np.frombuffer(b"".join(fresh), np.float32).reshape(len(fresh), width)
    if old is None or old.vectors is None:
        return new
    stock = np.concatenate([old.vectors, new]) if fresh else old.vectors
    rows: NDArray[Any] = stock[np.array(order, dtype=np.int64)]
    return rows
