"""What the journal has and git has not: the comparison behind `recover`, `show` and search.

A version is kept by git if it is on a ref, in a stash, or in any worktree. One
that is not may still not be lost: it was edited further, or merged, and what
came of it is there. Only what nobody else says is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from kagura_git.errors import InvalidRecord, KaguraError
from kagura_git.git import reachable, versions
from kagura_git.git.reachable import Held
from kagura_git.model.editing import edited_on
from kagura_git.model.ids import id_in_name, kind_of
from kagura_git.model.merge import merge
from kagura_git.model.records import Record
from kagura_git.store import codec
from kagura_git.store.files import RecordFiles, blob_id, folder_of
from kagura_git.store.lineage import Lineage, lineages
from kagura_git.store.strict_yaml import MAX_BYTES
from kagura_git.workspace import Workspace

# How many other versions of one record are looked at for what a lost one says.
_COMPARED: Final = 200


@dataclass(frozen=True, slots=True)
class Copy:
    """A version of a record in some work tree."""

    top: str
    path: str
    blob: str
    data: bytes


@dataclass(slots=True)
class Remains:
    """The journal compared with git and with all work trees.

    Attributes:
        lineages: of the records that have versions which git does not hold.
        copies: those records' files in all work trees.
    """

    ws: Workspace
    held: Held
    lineages: dict[str, Lineage]
    copies: dict[str, list[Copy]]
    present: set[str]
    _records: dict[str, Record | None] = field(default_factory=dict)
    _contents: dict[str, bytes] = field(default_factory=dict)

    def lost(self) -> dict[str, list[str]]:
        """Return the versions that are lost, by record id, each record's newest first."""
        found = {i: ends for i, line in self.lineages.items() if (ends := line.lost(self.present))}
        self._fetch(found)
        for record_id in list(found):
            found[record_id] = self._certain(self.lineages[record_id])
        return {record_id: ends for record_id, ends in found.items() if ends}

    def _certain(self, lineage: Lineage) -> list[str]:
        """Return what stays lost of one record once every version has been looked at."""
        while True:
            ends = lineage.lost(self.present)
            before = len(lineage.kept), sum(map(len, lineage.after.values()))
            for blob in ends:
                record = self.record(lineage, blob)
                if record is None:  # torn by a crash: then the one before it is the last
                    del lineage.kept[blob]
                elif (other := self._said_by(lineage, blob, record)) is not None:
                    lineage.link(blob, other)
            if before == (len(lineage.kept), sum(map(len, lineage.after.values()))):
                return ends

    def _said_by(self, lineage: Lineage, blob: str, record: Record) -> str | None:
        """Return a version that is present and says all that a lost one would bring back."""
        for other in self.elsewhere(lineage.id)[:_COMPARED]:
            found = self.record(lineage, other)
            if found is None:
                continue
            with suppress(KaguraError):  # two that cannot be merged are not the same record
                if merge(self.base(lineage, blob, other), found, record) == found:
                    return other
            # What the journal does not know was edited by hand, or merged by git.
            if other not in lineage.written and edited_on(
                self._start(lineage, blob), record, found
            ):
                return other
        return None

    def elsewhere(self, record_id: str) -> list[str]:
        """Return the versions of a record that are present, those of work trees first."""
        copies = (copy.blob for copy in self.copies.get(record_id, ()))
        return list(dict.fromkeys([*copies, *self.held.places(record_id)]))

    def base(self, lineage: Lineage, blob: str, other: str) -> Record | None:
        """Return the newest version that two come from, as far as that is known."""
        above = {other, *lineage.ancestors(other)}
        known = list(lineage.ancestors(blob))
        for old in [*(b for b in known if b in above), *(b for b in known if b in self.present)]:
            if (record := self.record(lineage, old)) is not None:
                return record
        return None

    def _start(self, lineage: Lineage, blob: str) -> Record | None:
        """Return the last version before this one that is present, or where the record began."""
        known = list(lineage.ancestors(blob))
        for old in [*(b for b in known if b in self.present), *reversed(known)]:
            if (record := self.record(lineage, old)) is not None:
                return record
        return None

    def record(self, lineage: Lineage, blob: str) -> Record | None:
        """Return any version of a record; None if it cannot be read or is nowhere."""
        if blob not in self._records:
            self._records[blob] = None
            data = self._data(lineage, blob)
            if data is not None:
                with suppress(InvalidRecord):
                    self._records[blob] = codec.loads(data, f"{lineage.id}.yaml")
        return self._records[blob]

    def _data(self, lineage: Lineage, blob: str) -> bytes | None:
        path = lineage.kept.get(blob)
        if path is not None and (data := self.ws.journal.read(path, blob)) is not None:
            return data
        for copy in self.copies.get(lineage.id, ()):
            if copy.blob == blob:
                return copy.data
        place = self.held.places(lineage.id).get(blob)
        if place is None:
            return None
        if place.blob not in self._contents:
            self._contents.update(versions.blobs(self.ws.repo.git, [place.blob], MAX_BYTES + 1))
        return self._contents.get(place.blob)

    def _fetch(self, ids: Iterable[str]) -> None:
        """Read what git holds of these records, all at once."""
        wanted = []
        for record_id in ids:
            kept = self.lineages[record_id].kept
            places = list(self.held.places(record_id).items())[:_COMPARED]
            wanted += [place.blob for name, place in places if name not in kept]
        self._contents.update(versions.blobs(self.ws.repo.git, wanted, MAX_BYTES + 1))


def compare(ws: Workspace) -> Remains:
    """Compare the journal with git and with every work tree.

    Raises:
        GitError: history cannot be read.
    """
    kept = ws.journal.kept()
    held = reachable.held(ws.repo)
    doubtful = {i: blobs for i, blobs in kept.items() if not held.names.issuperset(blobs)}
    found = lineages(ws.journal, doubtful)
    suspects = {i for i, lineage in found.items() if lineage.lost(held.names)}
    copies: dict[str, list[Copy]] = {}
    for copy in _copies(ws, held, suspects):
        copies.setdefault(id_in_name(copy.path.rpartition("/")[2]) or "", []).append(copy)
    present = held.names | {copy.blob for several in copies.values() for copy in several}
    return Remains(ws, held, found, copies, present)


def _copies(ws: Workspace, held: Held, wanted: Collection[str]) -> Iterator[Copy]:
    """Yield these records' files in every work tree."""
    tops = dict.fromkeys([ws.repo.top, *(tree.top for tree in held.worktrees if tree.top)])
    bases = sorted({folder_of(kind_of(record_id)) for record_id in wanted})
    for top in tops:
        files = RecordFiles(top)
        for folder in (f"{base}/{month}" for base in bases for month in files.names(base)):
            for name in files.names(folder):
                if id_in_name(name) in wanted and name.endswith(".yaml"):
                    path = f"{folder}/{name}"
                    try:
                        data = files.bytes_at(path).replace(b"\r\n", b"\n")
                    except (KaguraError, OSError):
                        continue
                    yield Copy(top, path, blob_id(data), data)
