"""What an import finds here: the decisions imported before, and the ids that are taken."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field

from kagura_git.model.ids import new_id
from kagura_git.model.records import Decision
from kagura_git.services.adr.references import Named
from kagura_git.workspace import Workspace


@dataclass(slots=True)
class Read:
    """A file that holds a decision, on its way to being a record.

    Attributes:
        known: the record that it has already, and that one's path.
        guessed: fields that the file itself does not tell: never a reason to update.
    """

    source: str
    blob: str
    record: Decision
    known: tuple[str, Decision] | None
    date_from: str
    links: Named
    guessed: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Here:
    """The decisions that were imported before, and the ids that are taken."""

    by_source: dict[str, tuple[str, Decision]]
    by_id: dict[str, tuple[str, Decision]]
    broken: set[str]
    taken: set[str] = field(default_factory=set)

    @classmethod
    def look(cls, ws: Workspace) -> Here:
        """Read every decision of this branch."""
        by_source: dict[str, tuple[str, Decision]] = {}
        by_id: dict[str, tuple[str, Decision]] = {}
        broken = set()
        for stored in ws.files.read_all(("decision",)):
            if isinstance(stored.record, Decision):
                by_id[stored.record.id] = (stored.path, stored.record)
                if stored.record.imported_from:
                    by_source.setdefault(stored.record.imported_from, (stored.path, stored.record))
            else:
                broken.add(stored.path.rpartition("/")[2][:10])
        return cls(by_source, by_id, broken)

    def of(self, ws: Workspace, source: str, blob: str) -> tuple[str, Decision] | None:
        """Return the record of a file; of one that was moved since, too."""
        known = self.by_source.get(source)
        if known is not None:
            return known
        for place, record in self.by_source.values():
            if record.id in self.taken or record.imported_blob != blob:
                continue
            if _is_gone(ws, record.imported_from or ""):
                return place, record
        return None

    def new_id(self, ws: Workspace, source: str) -> str:
        """Return the id of a file's record: the same in every clone that imports it."""
        for number in range(1000):
            seed = f"adr\0{ws.project_id}\0{source}\0{number}".encode()
            found = new_id("decision", lambda n, seed=seed: hashlib.sha256(seed).digest()[:n])  # type: ignore[misc]
            if found not in self.by_id and found not in self.taken:
                self.taken.add(found)
                return found
        return ws.new_id("decision")

    def gone(self, ws: Workspace, path: str, cwd: str, read: set[str]) -> list[str]:
        """Return the records from below the path whose file is no longer there."""
        inside = os.path.relpath(os.path.realpath(os.path.join(cwd, path)), ws.repo.top)
        prefix = "" if inside == "." else inside.replace(os.sep, "/") + "/"
        return [
            record.id
            for source, (_, record) in sorted(self.by_source.items())
            if source.startswith(prefix) and source not in read and _is_gone(ws, source)
        ]


def _is_gone(ws: Workspace, source: str) -> bool:
    """Tell whether a file of this repository is no longer there; of others that is not known."""
    return not source.startswith("../") and not os.path.lexists(os.path.join(ws.repo.top, source))
