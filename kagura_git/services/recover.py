"""``recover``: records that git has lost, listed and brought back from the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from kagura_git.errors import KaguraError, NotFound
from kagura_git.git import snapshot
from kagura_git.model import inputs
from kagura_git.model.ids import STORED_KINDS, Kind, is_id, kind_of
from kagura_git.model.merge import merge
from kagura_git.model.records import Record
from kagura_git.services import lost as lost_
from kagura_git.services.lost import Lost
from kagura_git.services.pruning import prune, tidy
from kagura_git.services.remains import Remains, compare
from kagura_git.store import codec
from kagura_git.store.files import FOLDER, blob_id, folder_of
from kagura_git.workspace import Workspace

__all__ = ["Lost", "Restored", "lost", "prune", "restore", "tidy"]

How = Literal["restored", "merged", "here"]


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of one record that was asked for.

    Attributes:
        how: ``restored`` where there was none; ``merged`` into the version that
            is here; or ``here`` already, and left as it is.
        conflicts: the fields of which a merge kept both values.
        staged: whether the next commit takes it.
        problem: why nothing could be done.
    """

    id: str
    path: str
    how: How
    title: str = ""
    conflicts: tuple[str, ...] = ()
    redacted: tuple[str, ...] = ()
    staged: bool = False
    problem: str = ""

    @property
    def kind(self) -> Kind:
        """The record's kind."""
        return kind_of(self.id)


def lost(ws: Workspace) -> list[Lost]:
    """Return the records that neither git nor any work tree has, newest first.

    Raises:
        GitError: history cannot be read, so nothing can be said about what is lost.
    """
    return lost_.find(ws)


def restore(
    ws: Workspace, ids: Sequence[str] | None, progress: Callable[[int, int], None] | None = None
) -> list[Restored]:
    """Bring records back into this work tree, each merged with the version that is here.

    Args:
        ids: which; None for all that are lost. One that is not lost, but not in
            this work tree, is brought here as it was written last.
        progress: called with records done so far, and their number.

    Raises:
        NotFound: an id that neither the journal nor any branch knows; nothing is done.
        Conflict: recording is turned off here.
    """
    remains = compare(ws)
    found = {item.id: item for item in lost_.described(remains)}
    wanted = list(found) if ids is None else list(dict.fromkeys(ids))
    others = {i: _known(ws, remains, i) for i in wanted if i not in found}
    if not wanted:
        return []
    # That it was set up, the journal shows; the folder may have gone with the records.
    if not ws.is_set_up:
        ws.repo.tree.make_folder(FOLDER)
    ws.require_init()
    done: list[Restored] = []
    for record_id in wanted:
        if progress is not None:
            progress(len(done), len(wanted))
        path = found[record_id].path if record_id in found else others[record_id][0]
        try:
            with ws.lock():
                if record_id in found:
                    done.append(_bring_back(ws, remains, found[record_id]))
                else:
                    done.append(_bring_here(ws, path, others[record_id][1]))
        except KaguraError as problem:
            said = f"{problem.where}: {problem.message}" if problem.where else problem.message
            done.append(Restored(record_id, path, "here", problem=said))
    return done


def _bring_back(ws: Workspace, remains: Remains, item: Lost) -> Restored:
    """Restore what was lost of one record: every version, and what is here beside them."""
    lineage = remains.lineages[item.id]
    record = item.record
    for blob in item.versions[1:]:
        other = remains.record(lineage, blob)
        if other is not None:
            record = merge(remains.base(lineage, blob, item.blob), record, other)
    path = ws.files.path_of(item.id)
    here = None
    if path is not None:
        data = ws.files.bytes_at(path).replace(b"\r\n", b"\n")
        here = codec.loads(data, path)
        record = merge(remains.base(lineage, item.blob, blob_id(data)), here, record)
    done = _save(ws, record, path or item.path, here)
    # What is here now speaks for all of them, whatever the merge made of their words.
    saved = blob_id(ws.files.bytes_at(done.path).replace(b"\r\n", b"\n"))
    for blob in item.versions:
        if blob != saved:
            ws.journal.link(item.id, saved, blob, ws.now())
    return done


def _save(ws: Workspace, record: Record, path: str, here: Record | None) -> Restored:
    # What the journal has was redacted when it was written; by the rules of today it is again.
    clean, redacted = inputs.checked(record)
    how: How = "restored" if here is None else "merged"
    if clean == here:
        how = "here"
    else:
        ws.save(clean, path, "restored")
    return Restored(
        id=clean.id,
        path=path,
        how=how,
        title=clean.title,
        conflicts=tuple(clean.conflicts),
        redacted=tuple(redacted),
        staged=ws.settings.stage and path not in ws.unstaged,
    )


def _bring_here(ws: Workspace, path: str, record: Record | None) -> Restored:
    """Write a record that is not lost into this work tree, unless it is there."""
    there = ws.files.path_of(record.id) if record is not None else path
    if record is None or there is not None:
        known = ws.files.read(there or path)
        return Restored(known.id, there or path, "here", known.title)
    return _save(ws, record, path, None)


def _known(ws: Workspace, remains: Remains, record_id: str) -> tuple[str, Record | None]:
    """Return the path and the latest version of a record that is not lost; None if it is here."""
    if not is_id(record_id) or kind_of(record_id) not in STORED_KINDS:
        raise NotFound(
            f"{record_id!r} is no id of a decision, an error or a session",
            hint="`git kagura recover --list` shows what can be restored.",
            where=record_id,
        )
    path = ws.files.path_of(record_id)
    if path is not None:
        return path, None
    data = ws.journal.newest(record_id)
    elsewhere = snapshot.find(ws.repo, folder_of(kind_of(record_id)), record_id)
    if data is None and elsewhere is not None:
        data = elsewhere.data
    if data is None:
        raise NotFound(
            f"neither the journal nor any branch has {record_id}",
            hint="`git kagura recover --list` shows what can be restored.",
            where=record_id,
        )
    record = codec.loads(data, f"{record_id}.yaml")
    places = remains.held.places(record_id).values()
    return next((place.path for place in places), ws.files.place(record)), record
