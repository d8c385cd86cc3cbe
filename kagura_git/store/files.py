"""The records in the work tree: ``.kagura/<kind>s/<YYYY-MM>/<id>-<slug>.yaml``.

The only module that writes record files. A repository is untrusted: nothing
here follows a symbolic link, and a record that cannot be read is reported
beside the others, never instead of them.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kagura_git.errors import InvalidRecord, NotFound
from kagura_git.fs.safe_path import UnsafePath, WorkTree
from kagura_git.model.ids import STORED_KINDS, Kind, id_in_name, is_id, kind_of, slug
from kagura_git.model.mapping import iso
from kagura_git.model.records import Record
from kagura_git.store import codec, strict_yaml
from kagura_git.store.hidden import Hidden, Nothing
from kagura_git.store.watch import Watch

FOLDER: Final = ".kagura"
# File systems stamp with the kernel's tick, some milliseconds long.
TICK_NS: Final = 50_000_000

# Path to (modification time in ns, size, inode) and blob id.
Marks = dict[str, tuple[tuple[int, int, int], str]]


@dataclass(frozen=True, slots=True)
class Stored:
    """A record file: its path below the top of the work tree, and its record or what is wrong."""

    path: str
    record: Record | None
    problem: InvalidRecord | None = None


def folder_of(kind: Kind) -> str:
    """Return the folder of a kind's records, such as ``.kagura/decisions``."""
    return f"{FOLDER}/{kind}s"


def blob_id(data: bytes) -> str:
    """Return the SHA-1 blob id git gives these bytes (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)."""
    header = b"blob %d\x00" % len(data)
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


class RecordFiles:
    """The record files of one work tree.

    Args:
        top: absolute path of the top of the work tree.
        aside: where temporary files are made, so that none that a killed process
            leaves is in git's sight; default: beside the record.
        hidden: the records that belong to the work tree and are not there.
    """

    def __init__(self, top: str, aside: str | None = None, hidden: Hidden | None = None) -> None:
        self.top = top
        self.hidden = hidden or Nothing()
        self._aside = aside
        self._blobs: Marks = {}
        self._watch = Watch()
        self._listed: Mapping[str, str] | None = None

    def entries(self, kinds: Iterable[Kind] = STORED_KINDS) -> Iterator[tuple[str, os.stat_result]]:
        """Yield every record file's path and ``lstat``, links included, by kind and month."""
        for kind in kinds:
            base = folder_of(kind)
            for month in self.scan(base):
                if not month.is_dir(follow_symlinks=False):
                    continue
                folder = f"{base}/{month.name}/"
                for file in self.scan(folder[:-1]):
                    name = file.name
                    if not name.endswith(".yaml") or name[0] == ".":
                        continue
                    try:
                        info = file.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # deleted between listing and looking
                    yield folder + name, info

    def scan(self, folder: str) -> list[os.DirEntry[str]]:
        """Return the entries of a folder by name; none if a link is on the way."""
        try:
            with os.scandir(self._real(folder)) as found:
                return sorted(found, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, in no order; none if a link is on the way."""
        try:
            return os.listdir(self._real(folder))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _real(self, folder: str) -> str:
        parts = folder.split("/")
        for depth in range(1, len(parts) + 1):
            path = os.path.join(self.top, *parts[:depth])
            if os.path.islink(path):
                raise NotADirectoryError(path)
        return path

    def listing(self) -> Mapping[str, str]:
        """Return every readable record file's path and blob id; reads only what changed.

        A second call in one process looks at nothing while the system reports no change,
        and then returns the very same object.
        """
        if self._listed is None:
            self._listed = MappingProxyType(self._look())
        elif not self._watch.quiet():
            self._watch.arm(self._folders())
            listed = self._look()
            if listed != self._listed:
                self._listed = MappingProxyType(listed)
        hidden = self.hidden.paths()
        return {**hidden, **self._listed} if hidden else self._listed

    def _folders(self) -> list[str]:
        """Return every folder in which a record could come, change or go."""
        bases = [FOLDER, *(folder_of(kind) for kind in STORED_KINDS)]
        months = [f"{base}/{name}" for base in bases[1:] for name in self.names(base)]
        found = (os.path.join(self.top, *folder.split("/")) for folder in [*bases, *months])
        return [path for path in found if os.path.isdir(path) and not os.path.islink(path)]

    def _look(self) -> dict[str, str]:
        known = self._blobs
        blobs: dict[str, str] = {}
        fresh: Marks = {}
        # A file changed twice within a tick of the clock keeps its mark: trust settled ones.
        settled = time.time_ns() - TICK_NS
        for path, info in self.entries():
            if not path.isprintable():
                continue  # refused when read, and no index could keep every such name
            mark = (info.st_mtime_ns, info.st_size, info.st_ino)
            cached = known.get(path)
            if cached is None or cached[0] != mark:
                if not stat.S_ISREG(info.st_mode) or info.st_size > strict_yaml.MAX_BYTES:
                    continue
                try:
                    cached = (mark, blob_id(self.bytes_at(path)))
                except (FileNotFoundError, InvalidRecord):
                    continue  # deleted or replaced between listing and reading
            blobs[path] = cached[1]
            if mark[0] < settled:
                fresh[path] = cached
        self._blobs = fresh
        return blobs

    def marks(self) -> Marks:
        """Return what :meth:`listing` knows, to be kept between processes."""
        return self._blobs

    def remember(self, marks: Marks) -> None:
        """Take over what an earlier process knew; a file that changed since is read again."""
        self._blobs = marks

    def bytes_at(self, path: str) -> bytes:
        """Return a record file's bytes.

        Raises:
            InvalidRecord: it is a symbolic link or no regular file.
            FileNotFoundError: it is gone.
        """
        full = os.path.join(self.top, *path.split("/"))
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(full, flags)
        except FileNotFoundError:
            return self.hidden.read(path)
        except OSError as error:
            raise self._not_a_file(path) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise self._not_a_file(path)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(strict_yaml.MAX_BYTES + 1)

    @staticmethod
    def _not_a_file(path: str) -> InvalidRecord:
        return InvalidRecord(
            "a record must be a regular file, not a link or device",
            hint="Replace it with the record's text.",
            where=path,
        )

    def read(self, path: str) -> Record:
        """Return the record at a path; raises ``InvalidRecord`` or ``FileNotFoundError``."""
        return codec.loads(self.bytes_at(path), path)

    def read_all(self, kinds: Iterable[Kind] = STORED_KINDS) -> Iterator[Stored]:
        """Yield every record file; a broken one carries its problem and hides no other."""
        kinds = tuple(kinds)
        for path in (*(path for path, _ in self.entries(kinds)), *self.hidden_paths(kinds)):
            try:
                yield Stored(path, self.read(path))
            except InvalidRecord as problem:
                yield Stored(path, None, problem)
            except FileNotFoundError:
                continue
        for path in self.links(kinds):
            link = InvalidRecord(
                "a symbolic link where records belong; nothing is read through it",
                hint="Replace the link with a folder.",
                where=path,
            )
            yield Stored(path, None, link)

    def links(self, kinds: Iterable[Kind] = STORED_KINDS) -> list[str]:
        """Return the links that stand where a folder of records belongs."""
        bases = [folder_of(kind) for kind in kinds]
        found = [
            folder
            for folder in (FOLDER, *bases)
            if os.path.islink(os.path.join(self.top, *folder.split("/")))
        ]
        months = ((base, month) for base in bases for month in self.scan(base))
        found += [f"{base}/{month.name}" for base, month in months if month.is_symlink()]
        return found[:1] if found[:1] == [FOLDER] else found

    def hidden_paths(self, kinds: Iterable[Kind] = STORED_KINDS) -> list[str]:
        """Return the paths of the records that belong to the work tree and are not there."""
        folders = tuple(f"{folder_of(kind)}/" for kind in kinds)
        wanted = [path for path in self.hidden.paths() if path.startswith(folders)]
        return [path for path in wanted if not os.path.lexists(os.path.join(self.top, path))]

    def path_of(self, record_id: str) -> str | None:
        """Return the path of the record with this id, or None."""
        if not is_id(record_id):
            return None
        base = folder_of(kind_of(record_id))
        for month in self.scan(base):
            if month.is_dir(follow_symlinks=False):
                for file in self.scan(f"{base}/{month.name}"):
                    if file.name.endswith(".yaml") and id_in_name(file.name) == record_id:
                        return f"{base}/{month.name}/{file.name}"
        hidden = self.hidden_paths([kind_of(record_id)])
        return next((p for p in hidden if id_in_name(p.rpartition("/")[2]) == record_id), None)

    def get(self, record_id: str) -> tuple[str, Record]:
        """Return the path and the record with this id; raises ``NotFound``, ``InvalidRecord``."""
        path = self.path_of(record_id)
        if path is None:
            raise NotFound(
                f"no record {record_id} on this branch",
                hint="`git kagura search` finds records by what they say.",
                where=record_id,
            )
        return path, self.read(path)

    def place(self, record: Record) -> str:
        """Return the path for a record that has none yet."""
        words = slug(record.title)
        name = f"{record.id}-{words}" if words else record.id
        return f"{folder_of(record.kind)}/{iso(record.created_at)[:7]}/{name}.yaml"

    def write(self, path: str, data: bytes, *, durable: bool = True) -> None:
        """Write a record file atomically and durably (``durable=False``: flushed by the caller).

        Raises:
            InvalidRecord: a folder on the way is a symbolic link or another repository.
            CannotWrite: the disk is full, read-only ...
        """
        try:
            # The journal holds a settled copy already; one more flush would buy nothing.
            WorkTree(self.top).write(path, data, durable=durable, settled=False, aside=self._aside)
        except UnsafePath as problem:
            raise InvalidRecord(problem.message, hint=problem.hint, where=problem.where) from None

    def remove(self, path: str) -> None:
        """Remove a record file, one that another file of the same record replaces."""
        WorkTree(self.top).remove(path)
