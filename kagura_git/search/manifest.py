"""What one worktree's index consists of, and its files on disk.

An index is a few segments, the largest first, each of some files with a random
name, and the manifest that names them and the documents that are gone from them.
Files never change; the manifest is renamed into place last, so a reader sees a
whole generation or the one before. All of it is derived: whatever does not fit
(torn, foreign, of another version) counts as absent.
"""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from kagura_git import atomic, permissions
from kagura_git.model.ids import Kind

FORMAT: Final = 5
NAME: Final = "manifest"
SUFFIXES: Final = (".entries", ".words", ".texts", ".vectors", ".near")
_MAGIC: Final = b"kagura-index\n"
_SAMPLE: Final = 65_536
# A file of no generation we know, younger than this, may be a refresh under way.
_ABANDONED_SECONDS: Final = 900.0


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """What the index answers about one record without reading it again.

    ``passages`` holds the 16-byte digests of the texts that were (or would be)
    embedded, one row of vectors each; the text is a stretch of the texts file.
    """

    key: str
    digest: str
    id: str
    kind: Kind
    title: str
    created_at: str
    tags: tuple[str, ...]
    files: tuple[str, ...]
    resolved: bool | None
    status: str | None
    fingerprint: str | None
    session: str | None
    project_id: str | None
    author: str | None
    passages: bytes
    text_at: int
    text_size: int


class Seal(msgspec.Struct, frozen=True, array_like=True):
    """A file's size and the checksum of its two ends: enough to tell a torn one."""

    size: int
    check: int


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """A segment on the disk: the name that its files have in common, and each by its suffix."""

    name: str
    files: dict[str, Seal]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One generation: its segments, in the order that documents are numbered in.

    ``model`` is the digest of the model whose vectors it holds, None without vectors.
    ``gone`` are the numbers of the documents that a later segment replaces, or that were
    taken away.
    """

    format: int = FORMAT
    generation: str
    model: str | None
    model_name: str
    dim: int
    pieces: list[Piece]
    gone: list[int]
    # Keys whose record could not be read, by digest, so that they are not tried at every query.
    skipped: dict[str, str]


class _Head(msgspec.Struct):
    format: int


class _Names(msgspec.Struct):
    pieces: list[Piece]


def stamp(folder: Path) -> tuple[int, int, int] | None:
    """Return what changes when another manifest takes the place; None without one."""
    try:
        stat = (folder / NAME).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino, stat.st_size


def read(folder: Path) -> Manifest | None:
    """Return the manifest if it is whole and its files are there, else None."""
    try:
        body = unsealed((folder / NAME).read_bytes())
        if body is None or msgspec.msgpack.decode(body, type=_Head).format != FORMAT:
            return None
        manifest = msgspec.msgpack.decode(body, type=Manifest)
        for piece in manifest.pieces:
            if any(seal(path(folder, piece, end)) != kept for end, kept in piece.files.items()):
                return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return manifest


def sealed(body: bytes) -> list[bytes | memoryview]:
    """Return the content of a file that tells by a checksum whether it is whole."""
    return [_MAGIC, zlib.crc32(body).to_bytes(4, "little"), body]


def unsealed(data: bytes) -> bytes | None:
    """Return what was sealed, or None if it is not whole."""
    start = len(_MAGIC) + 4
    body = data[start:]
    whole = (
        data.startswith(_MAGIC)
        and zlib.crc32(body).to_bytes(4, "little") == (data[len(_MAGIC) : start])
    )
    return body if whole else None


def path(folder: Path, piece: Piece, suffix: str) -> Path:
    """Return where a file of that segment lies."""
    return folder / f"{piece.name}{suffix}"


def seal(file: Path) -> Seal:
    """Return size and checksum of a file; raises ``OSError`` if it cannot be read."""
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        check = zlib.crc32(stream.read(_SAMPLE))
        if size > 2 * _SAMPLE:
            stream.seek(size - _SAMPLE)
        return Seal(size, zlib.crc32(stream.read(_SAMPLE), check))


def new_name() -> str:
    """Return a name that no other process takes."""
    return os.urandom(8).hex()


def write_file(file: Path, chunks: Iterable[bytes | memoryview]) -> None:
    """Write a file and see it to the disk."""
    descriptor = permissions.open_file(os.fspath(file), os.O_WRONLY | os.O_TRUNC)
    with os.fdopen(descriptor, "wb") as stream:
        for chunk in chunks:
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())


def make_way(folder: Path) -> None:
    """Move what is neither an index nor a manifest out of their places."""
    for place, right in ((folder, Path.is_dir), (folder / NAME, Path.is_file)):
        if (place.exists() or place.is_symlink()) and not right(place):
            place.rename(place.with_name(f"{place.name}.{os.urandom(4).hex()}.unreadable"))


def replace(folder: Path, manifest: Manifest) -> None:
    """Make this generation the current one, then delete what nobody can want any more."""
    aside = folder / f"{manifest.generation}.manifest"
    before = _names(folder)
    write_file(aside, sealed(msgspec.msgpack.encode(manifest)))
    os.replace(aside, folder / NAME)
    atomic.sync_folder(os.fspath(folder))
    _sweep(folder, before, current=_names(folder))


def discard(folder: Path, name: str) -> None:
    """Delete what there is of a segment or a manifest that could not be written whole."""
    if name not in _names(folder):
        for suffix in (*SUFFIXES, ".manifest"):
            with contextlib.suppress(OSError):
                (folder / f"{name}{suffix}").unlink()


def _names(folder: Path) -> set[str]:
    """Return the names of the current segments."""
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        if body := unsealed((folder / NAME).read_bytes()):
            return {piece.name for piece in msgspec.msgpack.decode(body, type=_Names).pieces}
    return set()


def _sweep(folder: Path, before: set[str], current: set[str]) -> None:
    """Delete the files of the segments before, and of refreshes that died long ago."""
    now = time.time()
    for file in folder.iterdir():
        if file.stem in current or file.suffix not in {*SUFFIXES, ".manifest"}:
            continue
        # Windows refuses to delete what a reader has mapped; a later sweep will do it.
        with contextlib.suppress(OSError):
            if file.stem in before or now - file.stat().st_mtime > _ABANDONED_SECONDS:
                file.unlink()
