"""The next generation: built, and its files written aside and then put in place at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kagura_git import permissions
from kagura_git.search import lexical, manifest, near, segment
from kagura_git.search.generation import Generation
from kagura_git.search.manifest import Entry, Manifest, Piece
from kagura_git.search.refresh import Changes, Source
from kagura_git.search.segment import Segment
from kagura_git.search.tokens import tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOWHERE = Piece("", {})


@dataclass(frozen=True, slots=True)
class Built:
    """A generation that is not on the disk: all there is to write, or to answer from.

    ``kept`` are the segments that stay, ``new`` the one that comes, if any.
    """

    kept: list[Segment]
    new: Segment | None
    gone: list[int]
    model: tuple[str, str | None]
    skipped: dict[str, str]

    @property
    def segments(self) -> list[Segment]:
        """All segments in order."""
        return [*self.kept, *([self.new] if self.new else [])]

    def generation(self) -> Generation:
        """Return the generation that these make."""
        rows = [part.vectors for part in self.segments if part.vectors is not None]
        found = Manifest(
            generation=manifest.new_name(),
            model=self.model[1],
            model_name=self.model[0],
            dim=rows[0].shape[1] if rows else 0,
            pieces=[part.piece for part in self.segments],
            gone=self.gone,
            skipped=self.skipped,
        )
        return Generation(found, self.segments)


def build(
    kept: Sequence[Segment],
    coming: Sequence[Source],
    made: Changes,
    old: Generation | None,
    vectors: NDArray[Any] | None,
    model: tuple[str, str | None],
) -> Built:
    """Return the next generation.

    Args:
        kept: the segments that stay.
        coming: the documents of the segment to write, in the order of their rows.
        model: a name, and the digest of the model if there are vectors.
    """
    gone: set[int] = set()
    if old is not None and kept:
        gone = {n for n in (old.gone | made.going) - made.back if n < old.starts[len(kept)]}
    new = None
    if coming or not kept:
        entries, texts = _texts(coming, old)
        nearest = None if vectors is None or not len(vectors) else near.index_of(vectors)
        rows = None if nearest is None else vectors
        new = Segment(_NOWHERE, entries, _lexicon(coming, old), texts, rows, nearest)
    return Built(list(kept), new, sorted(gone), model, made.unreadable)


def write(folder: Path, built: Built) -> None:
    """Write a generation and make it the current one; raises ``OSError``."""
    manifest.make_way(folder)
    permissions.make_folder(str(folder))
    if built.new:
        segment.write(folder, built.new)
    found = built.generation().manifest
    try:
        manifest.replace(folder, found)
    except OSError:
        manifest.discard(folder, found.generation)
        if built.new:
            manifest.discard(folder, built.new.piece.name)
        raise


def _lexicon(coming: Sequence[Source], old: Generation | None) -> lexical.Lexicon:
    moves = [[-1] * len(part.entries) for part in old.segments] if old else []
    new: dict[int, list[str]] = {}
    for number, source in enumerate(coming):
        if source.new is not None:
            new[number] = tokens(source.new.words)
        elif old is not None:
            at = bisect_right(old.starts, source.old) - 1
            moves[at][source.old - old.starts[at]] = number
    parts = [
        (part.lexicon, move)
        for part, move in zip(old.segments if old else [], moves, strict=True)
        if any(number >= 0 for number in move)
    ]
    return lexical.merged(parts, new)


def _texts(coming: Sequence[Source], old: Generation | None) -> tuple[list[Entry], bytes]:
    entries: list[Entry] = []
    pieces: list[bytes] = []
    at = 0
    for source in coming:
        piece = _text(source, old)
        entry = msgspec.structs.replace(source.entry, text_at=at, text_size=len(piece))
        entries.append(entry)
        pieces.append(piece)
        at += len(piece)
    return entries, b"".join(pieces)


def _text(source: Source, old: Generation | None) -> bytes:
    if source.new is not None:
        return source.new.body.encode("utf-8", "replace")
    assert old is not None
    part, inside = old.place(source.old)
    return part.text(inside)
