"""What one worktree's index consists of, and its files on disk.

A generation is three files (vectors, words, texts) with a random name, and the
manifest that names them. The manifest is renamed into place last, so a reader
sees a whole generation or the one before. All of it is derived: whatever does
not fit (torn, foreign, of another version) counts as absent.
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

from kagura_git import atomic
from kagura_git.model.ids import Kind

FORMAT: Final = 3
NAME: Final = "manifest"
SUFFIXES: Final = (".vectors", ".words", ".texts")
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


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One generation: its documents in the order of their numbers, and its files.

    ``model`` is the digest of the model whose vectors it holds, None without vectors.
    """

    format: int = FORMAT
    generation: str
    model: str | None
    model_name: str
    dim: int
    files: dict[str, Seal]
    entries: list[Entry]
    # Keys whose record could not be read, by digest, so that they are not tried at every query.
    skipped: dict[str, str]


class _Head(msgspec.Struct):
    format: int
    generation: str


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
        data = (folder / NAME).read_bytes()
        body = _body(data)
        if body is None or msgspec.msgpack.decode(body, type=_Head).format != FORMAT:
            return None
        manifest = msgspec.msgpack.decode(body, type=Manifest)
        seals = {suffix: seal(path(folder, manifest, suffix)) for suffix in manifest.files}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return manifest if seals == manifest.files else None


def _body(data: bytes) -> bytes | None:
    start = len(_MAGIC) + 4
    body = data[start:]
    whole = (
        data.startswith(_MAGIC)
        and zlib.crc32(body).to_bytes(4, "little") == (data[len(_MAGIC) : start])
    )
    return body if whole else None


def path(folder: Path, manifest: Manifest, suffix: str) -> Path:
    """Return where a file of that generation lies."""
    return folder / f"{manifest.generation}{suffix}"


def seal(file: Path) -> Seal:
    """Return size and checksum of a file; raises ``OSError`` if it cannot be read."""
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        check = zlib.crc32(stream.read(_SAMPLE))
        if size > 2 * _SAMPLE:
            stream.seek(size - _SAMPLE)
        return Seal(size, zlib.crc32(stream.read(_SAMPLE), check))


def new_generation() -> str:
    """Return a name that no other process takes."""
    return os.urandom(8).hex()


def write_file(file: Path, chunks: Iterable[bytes | memoryview]) -> None:
    """Write a file and see it to the disk."""
    with file.open("wb") as stream:
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
    """Make this generation the current one, then delete those nobody can want any more."""
    body = msgspec.msgpack.encode(manifest)
    aside = folder / f"{manifest.generation}.manifest"
    write_file(aside, [_MAGIC, zlib.crc32(body).to_bytes(4, "little"), body])
    before = _generation(folder)
    os.replace(aside, folder / NAME)
    atomic.sync_folder(os.fspath(folder))
    _sweep(folder, before, current=_generation(folder))


def discard(folder: Path, generation: str) -> None:
    """Delete what there is of a generation that could not be written whole."""
    if generation != _generation(folder):
        for suffix in (*SUFFIXES, ".manifest"):
            with contextlib.suppress(OSError):
                (folder / f"{generation}{suffix}").unlink()


def _generation(folder: Path) -> str | None:
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        if body := _body((folder / NAME).read_bytes()):
            return msgspec.msgpack.decode(body, type=_Head).generation
    return None


def _sweep(folder: Path, before: str | None, current: str | None) -> None:
    """Delete the files of the generation before, and of refreshes that died long ago."""
    now = time.time()
    for file in folder.iterdir():
        if file.stem == current or file.suffix not in {*SUFFIXES, ".manifest"}:
            continue
        # Windows refuses to delete what a reader has mapped; a later sweep will do it.
        with contextlib.suppress(OSError):
            if file.stem == before or now - file.stat().st_mtime > _ABANDONED_SECONDS:
                file.unlink()
