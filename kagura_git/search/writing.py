"""The next generation: built, and its files written aside and then put in place at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kagura_git.search import arrays, lexical, manifest
from kagura_git.search.generation import Generation
from kagura_git.search.manifest import Entry, Manifest, Seal
from kagura_git.search.refresh import Source
from kagura_git.search.tokens import tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Built:
    """A generation that is not on the disk: all there is to write, or to answer from."""

    lexicon: lexical.Lexicon
    entries: list[Entry]
    texts: bytes
    vectors: NDArray[Any] | None
    model: tuple[str, str | None]
    skipped: dict[str, str]

    def manifest(self, name: str, files: dict[str, Seal]) -> Manifest:
        """Return what names the files of this generation."""
        return Manifest(
            generation=name,
            model=None if self.vectors is None else self.model[1],
            model_name=self.model[0],
            dim=0 if self.vectors is None else self.vectors.shape[1],
            files=files,
            entries=self.entries,
            skipped=self.skipped,
        )


def build(
    found: Sequence[Source],
    skipped: dict[str, str],
    old: Generation | None,
    vectors: NDArray[Any] | None,
    model: tuple[str, str | None],
) -> Built:
    """Return the next generation; ``model`` is a name and a digest."""
    entries, pieces = _texts(found, old)
    return Built(_lexicon(found, old), entries, b"".join(pieces), vectors, model, skipped)


def write(folder: Path, built: Built) -> None:
    """Write a generation and make it the current one; raises ``OSError``."""
    manifest.make_way(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = manifest.new_generation()
    files: dict[str, list[bytes | memoryview]] = {
        ".words": arrays.pack(built.lexicon.arrays()),
        ".texts": [built.texts],
    }
    if built.vectors is not None and len(built.vectors):
        # Through our own writer, for its fsync; faiss's names of files are not Unicode on Windows.
        files[".vectors"] = [_faiss().serialize_index(_flat(built.vectors)).data]
    seals = {}
    try:
        for suffix, chunks in files.items():
            manifest.write_file(folder / f"{name}{suffix}", chunks)
            seals[suffix] = manifest.seal(folder / f"{name}{suffix}")
        manifest.replace(folder, built.manifest(name, seals))
    except OSError:
        manifest.discard(folder, name)
        raise


def in_memory(built: Built) -> Generation:
    """Return a generation to answer from, where the disk takes none."""
    generation = Generation(built.manifest("", {}), built.lexicon, built.texts)
    if built.vectors is not None and len(built.vectors):
        generation.faiss, generation.vectors = _flat(built.vectors), built.vectors
    return generation


def _lexicon(found: Sequence[Source], old: Generation | None) -> lexical.Lexicon:
    before = old.lexicon if old else lexical.empty()
    numbers = [-1] * len(before.lengths)
    new: dict[int, list[str]] = {}
    for number, source in enumerate(found):
        if source.new is None:
            numbers[source.old] = number
        else:
            new[number] = tokens(source.new.words)
    return lexical.updated(before, numbers, new)


def _texts(found: Sequence[Source], old: Generation | None) -> tuple[list[Entry], list[bytes]]:
    entries: list[Entry] = []
    pieces: list[bytes] = []
    at = 0
    for source, piece in zip(found, _pieces(found, old), strict=True):
        entry = source.entry
        if entry.text_at != at or entry.text_size != len(piece):
            entry = msgspec.structs.replace(entry, text_at=at, text_size=len(piece))
        entries.append(entry)
        pieces.append(piece)
        at += len(piece)
    return entries, pieces


def _pieces(found: Sequence[Source], old: Generation | None) -> Iterator[bytes]:
    for source in found:
        if source.new is not None:
            yield source.new.body.encode("utf-8", "replace")
        elif old is not None:
            entry = source.entry
            yield bytes(old.texts[entry.text_at : entry.text_at + entry.text_size])


def _flat(vectors: NDArray[Any]) -> Any:
    index = _faiss().IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index


def _faiss() -> Any:
    import faiss

    return faiss
