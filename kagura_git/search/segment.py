"""Documents that were indexed together: one part of an index, whose files never change."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kagura_git.search import arrays, lexical, manifest, near
from kagura_git.search.manifest import Entry, Piece
from kagura_git.search.vectors import DIGEST_SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(eq=False)
class Segment:
    """A segment with its files open. They stay readable after they are deleted.

    ``vectors`` holds a row for each passage of each document, in order; None without
    vectors. ``nearest`` is the faiss index that finds them.
    """

    piece: Piece
    entries: list[Entry]
    lexicon: lexical.Lexicon
    texts: mmap.mmap | bytes
    vectors: NDArray[Any] | None = None
    nearest: Any = None

    @cached_property
    def row_starts(self) -> NDArray[Any]:
        """Where each document's rows start, and at the end their number."""
        import numpy as np

        counts = [len(entry.passages) // DIGEST_SIZE for entry in self.entries]
        return np.concatenate(([0], np.cumsum(np.array(counts, dtype=np.int64))))

    @cached_property
    def owners(self) -> NDArray[Any]:
        """The number of each row's document in this segment."""
        import numpy as np

        return np.repeat(np.arange(len(self.entries)), np.diff(self.row_starts))

    def text(self, number: int) -> bytes:
        """Return the text that snippets are cut from."""
        entry = self.entries[number]
        return bytes(self.texts[entry.text_at : entry.text_at + entry.text_size])


def write(folder: Path, segment: Segment) -> Segment:
    """Write a segment's files under a new name and return it as the manifest names it.

    Raises:
        OSError: the disk takes no more; nothing of it is left then.
    """
    name = manifest.new_name()
    files: dict[str, list[bytes | memoryview]] = {
        ".entries": manifest.sealed(msgspec.msgpack.encode(segment.entries)),
        ".words": arrays.pack(segment.lexicon.arrays()),
        ".texts": [bytes(segment.texts)],
    }
    if segment.vectors is not None and len(segment.vectors):
        # Through our own writer, for its fsync; faiss's names of files are not Unicode on Windows.
        files[".vectors"] = [near.packed(near.flat(segment.vectors))]
        if not near.is_flat(segment.nearest):
            files[".near"] = [near.packed(segment.nearest)]
    seals = {}
    try:
        for suffix, chunks in files.items():
            manifest.write_file(folder / f"{name}{suffix}", chunks)
            seals[suffix] = manifest.seal(folder / f"{name}{suffix}")
    except OSError:
        manifest.discard(folder, name)
        raise
    segment.piece = Piece(name, seals)
    return segment


def open_(folder: Path, piece: Piece, dim: int) -> Segment:
    """Return the segment that a manifest names; ``dim`` 0: without vectors.

    Raises:
        OSError, ValueError, RuntimeError, LookupError, TypeError: it is not whole.
    """
    data = manifest.unsealed(manifest.path(folder, piece, ".entries").read_bytes())
    if data is None:
        raise ValueError("the entries are damaged")
    entries = msgspec.msgpack.decode(data, type=list[Entry])
    lexicon = lexical.from_arrays(arrays.unpack(manifest.path(folder, piece, ".words")))
    if len(lexicon.lengths) != len(entries):
        raise ValueError("words and entries do not fit together")
    segment = Segment(piece, entries, lexicon, _mapped(folder, piece))
    if dim and ".vectors" in piece.files:
        near_file = manifest.path(folder, piece, ".near") if ".near" in piece.files else None
        opened = near.open_(manifest.path(folder, piece, ".vectors"), near_file, dim)
        if opened:
            segment.nearest, segment.vectors = opened
            if len(segment.vectors) != int(segment.row_starts[-1]):
                raise ValueError("vectors and entries do not fit together")
    return segment


def _mapped(folder: Path, piece: Piece) -> mmap.mmap | bytes:
    if not piece.files[".texts"].size:
        return b""
    with manifest.path(folder, piece, ".texts").open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
