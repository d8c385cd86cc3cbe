"""The files of a generation, written aside and then put in place at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kagura_git.search import arrays, lexical, manifest
from kagura_git.search.generation import Generation
from kagura_git.search.manifest import Entry, Manifest
from kagura_git.search.refresh import Source
from kagura_git.search.tokens import tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write(
    folder: Path,
    found: Sequence[Source],
    skipped: dict[str, str],
    old: Generation | None,
    vectors: NDArray[Any] | None,
    model: tuple[str, str | None],
) -> None:
    """Write a generation and make it the current one; ``model`` is a name and a digest."""
    folder.mkdir(parents=True, exist_ok=True)
    name = manifest.new_generation()
    words = folder / f"{name}.words"
    texts = folder / f"{name}.texts"
    manifest.write_file(words, arrays.pack(_lexicon(found, old).arrays()))
    entries, pieces = _texts(found, old)
    manifest.write_file(texts, [b"".join(pieces)])
    files = {".words": manifest.seal(words), ".texts": manifest.seal(texts)}
    if vectors is not None and len(vectors):
        file = folder / f"{name}.vectors"
        _write_vectors(file, vectors)
        files[".vectors"] = manifest.seal(file)
    manifest.replace(
        folder,
        Manifest(
            generation=name,
            model=None if vectors is None else model[1],
            model_name=model[0],
            dim=0 if vectors is None else vectors.shape[1],
            files=files,
            entries=entries,
            skipped=skipped,
        ),
    )


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


def _write_vectors(file: Path, vectors: NDArray[Any]) -> None:
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    # Through our own writer, for its fsync; faiss's names of files are not Unicode on Windows.
    manifest.write_file(file, [faiss.serialize_index(index).data])
