"""Decisions read from their files into records, and kept in step with them.

A record remembers which file it came from and, by field, a digest of what was
written: what a person has edited since is told apart and left alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from kagura_git.errors import InvalidRecord
from kagura_git.model import inputs
from kagura_git.model.records import Decision, Status
from kagura_git.services.adr import exported, files, history, reading, updating
from kagura_git.services.adr.files import Found
from kagura_git.services.adr.here import Here, Read
from kagura_git.services.adr.reading import Adr
from kagura_git.services.adr.references import Named
from kagura_git.services.adr.report import ImportReport, Skipped
from kagura_git.store.files import blob_id
from kagura_git.workspace import Workspace

_BROKEN: Final = "its record {} cannot be read: `git kagura doctor` tells why"


def run(
    ws: Workspace, path: str, cwd: str, *, status: Status = "proposed", dry_run: bool = False
) -> ImportReport:
    """Read the decisions at a path, record the new ones and update those whose file changed.

    Args:
        path: a file or a folder, in this repository or outside of it.
        status: of decisions whose file tells none.
        dry_run: only report.

    Raises:
        NotFound: nothing is there.
        Conflict: ``git kagura init`` has not been run here.
    """
    ws.require_init()
    report = ImportReport(dry_run=dry_run)
    here = Here.look(ws)
    read = []
    waiting = files.find(ws.repo, path, cwd)
    past = history.History(ws, os.path.join(cwd, path))
    for found in waiting:
        item = found.reason or _read(ws, found, here, past, status, report)
        if isinstance(item, str):
            report.skipped.append(Skipped(found.source, item))
        else:
            read.append(item)
    updating.link(read, here)
    new, changed = updating.sorted_out(read, here, report)
    report.gone = here.gone(ws, path, cwd, {item.source for item in read})
    if not dry_run:
        _write(ws, new, changed, report)
    return report


def _read(
    ws: Workspace, found: Found, here: Here, past: history.History, status: Status,
    report: ImportReport,
) -> Read | str:  # fmt: skip
    """Return a file's decision as a record, or why it has none."""
    text, data, problem = files.text_of(found)
    if problem:
        return problem
    ours = exported.read_back(text)
    blob = blob_id(data)
    if ours is not None:
        return _exported(ours, found, blob, here, report)
    adr = reading.read(text, found.source)
    if isinstance(adr, str):
        return "a README" if found.readme else adr
    if adr.date is None or reading.is_ambiguous(text):
        first = past.of(found.path)
        if first is not None:
            again = reading.read(text, found.source, near=first.at)
            adr = adr if isinstance(again, str) else again
    known = here.of(ws, found.source, blob)
    record_id = known[1].id if known else here.new_id(ws, found.source)
    here.taken.add(record_id)
    if record_id in here.broken:
        return _BROKEN.format(record_id)
    return _as_record(ws, found, adr, blob, known, record_id, past, status, report)


def _exported(
    ours: Decision, found: Found, blob: str, here: Here, report: ImportReport
) -> Read | str:
    if ours.id in here.broken:
        return _BROKEN.format(ours.id)
    known = here.by_id.get(ours.id)
    if known is not None and known[1].imported_from is None:
        return f"exported from {ours.id}, which is here"
    if ours.id in here.taken:
        return f"another file of {ours.id}"
    here.taken.add(ours.id)
    record, redacted = inputs.checked(ours)
    report.redacted = list(dict.fromkeys([*report.redacted, *redacted]))
    return Read(found.source, blob, record, known, "the record it was exported from", Named())


def _as_record(
    ws: Workspace, found: Found, adr: Adr, blob: str, known: tuple[str, Decision] | None,
    record_id: str, past: history.History, status: Status, report: ImportReport,
) -> Read | str:  # fmt: skip
    notes = list(adr.notes)
    guessed = []
    when, date_from = adr.date, adr.date_from
    first = past.of(found.path) if when is None or not (adr.authors or adr.deciders) else None
    if when is None:
        guessed.append("created_at")
        when, date_from = (
            (first.at, "git") if first else (_modified(found.path), "the file's own time")
        )
    author = ", ".join(adr.authors or adr.deciders)
    if not author:
        guessed.append("author")
        author = first.author if first else ws.author
    if adr.status is None and not adr.status_word:
        notes.append(f"no status: {status}")
    decision = f"{adr.title}\n\nChosen: {adr.chosen}" if adr.chosen else adr.title
    try:
        record, redacted = inputs.checked(
            Decision(
                id=record_id,
                decision=inputs.text(decision).strip() or "Untitled",
                status=adr.status or status,
                rationale=inputs.text(adr.rationale).strip() or adr.title,
                alternatives=inputs.texts(list(adr.alternatives), "alternatives"),
                impact=inputs.optional(adr.impact),
                tags=inputs.texts(list(adr.tags), "tags"),
                imported_from=found.source,
                imported_blob=blob,
                imported_status=_word(adr, status),
                project_id=known[1].project_id if known else ws.project_id,
                author=inputs.text(author)[:500],
                created_at=_whole(when),
            )
        )
    except InvalidRecord as error:
        return f"{error.message}"
    report.redacted = list(dict.fromkeys([*report.redacted, *redacted]))
    return Read(found.source, blob, record, known, date_from, adr.links, tuple(guessed), notes)


def _word(adr: Adr, status: Status) -> str | None:
    """Return the file's own word for the status where it says more than ours."""
    word = adr.status_word
    return word if word and word.lower() != (adr.status or status) else None


def _whole(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _modified(path: str) -> datetime:
    return datetime.fromtimestamp(int(os.stat(path, follow_symlinks=False).st_mtime), UTC)


def _write(
    ws: Workspace, new: list[Decision], changed: list[tuple[str, Decision]], report: ImportReport
) -> None:
    if changed:
        with ws.lock():
            for path, record in changed:
                ws.save(record, path)
    if new:
        paths: Mapping[str, str] = dict(zip((r.id for r in new), ws.save_many(new), strict=True))
        for done in report.imported:
            done.path = paths[done.id]
