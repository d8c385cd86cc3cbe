"""One generation of the index in memory: entries, words, vectors and texts."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kagura_git.search import arrays, lexical, manifest
from kagura_git.search.manifest import Entry, Manifest
from kagura_git.search.vectors import DIGEST_SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRIES: Final = 20


@dataclass(eq=False)
class Generation:
    """A manifest with its files open. Files stay readable after they are deleted."""

    manifest: Manifest
    lexicon: lexical.Lexicon
    texts: mmap.mmap | bytes
    # A faiss index, and the same memory as rows; None without vectors.
    faiss: Any = None
    vectors: NDArray[Any] | None = None

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each document by its key."""
        return {entry.key: i for i, entry in enumerate(self.manifest.entries)}

    @cached_property
    def by_fingerprint(self) -> dict[str, list[int]]:
        """The numbers of the documents with each fingerprint."""
        found: dict[str, list[int]] = {}
        for number, entry in enumerate(self.manifest.entries):
            if entry.fingerprint:
                found.setdefault(entry.fingerprint, []).append(number)
        return found

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digest of each document by its key, of those that could not be read too."""
        known = {entry.key: entry.digest for entry in self.manifest.entries}
        return known | self.manifest.skipped

    @cached_property
    def row_starts(self) -> NDArray[Any]:
        """Where each document's rows start, and at the end their number."""
        import numpy as np

        counts = [len(entry.passages) // DIGEST_SIZE for entry in self.manifest.entries]
        return np.concatenate(([0], np.cumsum(np.array(counts, dtype=np.int64))))

    @cached_property
    def owners(self) -> NDArray[Any]:
        """The document number of each row."""
        import numpy as np

        return np.repeat(np.arange(len(self.manifest.entries)), np.diff(self.row_starts))

    def text(self, entry: Entry) -> str:
        """Return the text that snippets are cut from."""
        piece = self.texts[entry.text_at : entry.text_at + entry.text_size]
        return piece.decode("utf-8", "replace")


def load(folder: Path, before_vectors: Callable[[], None] | None = None) -> Generation | None:
    """Return the current generation, or None if there is none that is whole.

    ``before_vectors`` is called as soon as it is known that there are vectors.
    """
    for _ in range(_TRIES):
        before = manifest.stamp(folder)
        found = manifest.read(folder)
        if found is not None:
            if found.model and before_vectors:
                before_vectors()
            try:
                return _open(folder, found)
            except (OSError, ValueError, RuntimeError, LookupError, TypeError):
                pass  # faiss reports what it cannot read as RuntimeError
        # A refresh elsewhere may have deleted the generation between our two reads; then there
        # is another manifest. If it is the same one, it is damaged.
        if manifest.stamp(folder) == before:
            return None
    return None


def _open(folder: Path, found: Manifest) -> Generation:
    lexicon = lexical.from_arrays(arrays.unpack(manifest.path(folder, found, ".words")))
    if len(lexicon.lengths) != len(found.entries):
        raise ValueError("words and entries do not fit together")
    text_file = manifest.path(folder, found, ".texts")
    texts: mmap.mmap | bytes = b""
    if found.files[".texts"].size:
        with text_file.open("rb") as stream:
            texts = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    generation = Generation(found, lexicon, texts)
    if found.model and (opened := _open_vectors(folder, found)):
        generation.faiss, generation.vectors = opened
        if len(generation.vectors) != int(generation.row_starts[-1]):
            raise ValueError("vectors and entries do not fit together")
    return generation


def _open_vectors(folder: Path, found: Manifest) -> tuple[Any, NDArray[Any]] | None:
    try:
        import faiss
    except ImportError:
        return None  # the extra was taken away; words still answer
    file = str(manifest.path(folder, found, ".vectors"))
    if _is_unicode(file):
        # Maps the file instead of reading it, where this faiss knows how.
        index: Any = faiss.read_index(file, getattr(faiss, "IO_FLAG_MMAP_IFC", 0))
    else:  # faiss takes no other names
        import numpy as np

        index = faiss.deserialize_index(np.fromfile(file, np.uint8))
    if index.d != found.dim or index.ntotal == 0:
        raise ValueError("not the vectors of this manifest")
    rows: NDArray[Any] = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
    return index, rows.reshape(index.ntotal, index.d)


def _is_unicode(name: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in name)
