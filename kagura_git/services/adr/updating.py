"""What an import changes: decisions linked, new ones told from old, edits left alone.

A record remembers by field a digest of what was written into it: what a person
has edited since has another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from kagura_git.model.mapping import iso
from kagura_git.model.records import Decision, Status
from kagura_git.services.adr import linking
from kagura_git.services.adr.here import Here, Read
from kagura_git.services.adr.report import Imported, ImportReport

# What the import writes, and a later one may update.
_FIELDS: Final = (
    "decision", "status", "rationale", "alternatives", "impact", "tags", "supersedes",
    "superseded_by", "author", "created_at",
)  # fmt: skip


_LISTS: Final = ("alternatives", "tags", "supersedes")


def link(read: list[Read], here: Here) -> None:
    """Give each decision its links, and the status that follows from them."""
    known = linking.Known()
    for source, (_, record) in here.by_source.items():
        known.add(source, record.id, record.title)
    for item in read:
        known.add(item.source, item.record.id, item.record.title)
    now = {item.record.id: item for item in read}
    links: list[tuple[str, str]] = []
    for _, record in here.by_source.values():
        if record.id not in now:  # not read this time: what it said stands
            links += [(old, record.id) for old in record.supersedes]
    for item in read:
        links += [(old, item.record.id) for old in item.record.supersedes]
        links += _named(item, known)
    statuses: dict[str, Status] = {
        record.id: record.status for _, record in here.by_source.values()
    }
    statuses.update((item.record.id, item.record.status) for item in read)
    found, dropped = linking.standing(statuses, sorted(set(links)))
    for item in read:
        stands = found[item.record.id]
        item.notes += [
            f"{old} and {new} name each other as the older one"
            for old, new in dropped if item.record.id in (old, new) and old != new
        ]  # fmt: skip
        older = dict.fromkeys([*item.record.supersedes, *stands.supersedes])
        item.record = replace(
            item.record, status=stands.status, supersedes=list(older),
            superseded_by=stands.superseded_by or item.record.superseded_by,
        )  # fmt: skip


def _named(item: Read, known: linking.Known) -> Iterable[tuple[str, str]]:
    for references, older in ((item.links.supersedes, True), (item.links.superseded_by, False)):
        for reference in references:
            other = known.resolve(reference, item.source)
            if other is None:
                verb = "supersedes" if older else "superseded by"
                item.notes.append(f"{verb} {reference.text!r}, which was not found")
            else:
                yield (other, item.record.id) if older else (item.record.id, other)


def sorted_out(
    read: list[Read], here: Here, report: ImportReport
) -> tuple[list[Decision], list[tuple[str, Decision]]]:
    """Tell new decisions from those that are here, and say what has changed."""
    new: list[Decision] = []
    changed: list[tuple[str, Decision]] = []
    for item in read:
        done = Imported(
            item.record.id, item.source, item.record.title, item.record.status,
            date_from=item.date_from, notes=item.notes,
        )  # fmt: skip
        if item.known is None:
            wrote = {
                name: _mark(value) for name in _FIELDS if (value := getattr(item.record, name))
            }
            new.append(replace(item.record, imported_from=item.source, imported_blob=item.blob,
                               imported_fields=wrote))  # fmt: skip
            report.imported.append(done)
            continue
        path, old = item.known
        updated, done.fields, done.kept = _updated(old, item)
        done.path, done.title, done.status = path, updated.title, updated.status
        if updated == old:
            report.unchanged.append(done)
        else:
            changed.append((path, updated))
            report.updated.append(done)
    return new, [*changed, *_others(read, here, report)]


def _updated(old: Decision, item: Read) -> tuple[Decision, list[str], list[str]]:
    """Return a record with what its file says now, what was changed, and what was left alone."""
    values: dict[str, Any] = {}
    wrote = dict(old.imported_fields)
    kept = []
    for name in _FIELDS:
        value = getattr(item.record, name)
        # What was empty is not written down.
        want, had = _mark(value), wrote.get(name, _mark([] if name in _LISTS else None))
        if want == had or name in item.guessed:
            continue
        now = _mark(getattr(old, name))
        if now in (want, had):
            values.update({name: value} if now != want else {})
            wrote[name] = want
        else:
            kept.append(name)
    changes = list(values)
    if old.imported_from != item.source:
        changes.append("imported_from")
    word = item.record.imported_status if "status" not in kept else old.imported_status
    # What was read now settles what a merge could not decide.
    settled = {
        name: said for name, said in old.conflicts.items()
        if name not in values and not name.startswith("imported_")
    }  # fmt: skip
    values.update(
        conflicts=settled,
        imported_from=item.source,
        imported_blob=item.blob,
        imported_fields=wrote,
        imported_status=word,
    )
    return replace(old, **values), changes, kept


def _others(read: list[Read], here: Here, report: ImportReport) -> list[tuple[str, Decision]]:
    """Return decisions imported before, not read now, that one of these supersedes."""
    done = {item.record.id for item in read}
    out = []
    for item in read:
        if item.record.status not in ("accepted", "superseded"):
            continue
        for older in item.record.supersedes:
            path, old = here.by_id.get(older, ("", None))
            if old is None or older in done or old.superseded_by or not old.imported_from:
                continue
            if _mark(old.status) != old.imported_fields.get("status"):
                continue  # a person's verdict
            marks = {"status": _mark("superseded"), "superseded_by": _mark(item.record.id)}
            done.add(older)
            now = replace(
                old, status="superseded", superseded_by=item.record.id,
                imported_fields={**old.imported_fields, **marks},
            )  # fmt: skip
            out.append((path, now))
            done_ = Imported(older, old.imported_from, old.title, "superseded", path)
            done_.fields = ["status", "superseded_by"]
            report.updated.append(done_)
    return out


def _mark(value: Any) -> str:
    plain = iso(value) if isinstance(value, datetime) else value
    return hashlib.sha256(json.dumps(plain, ensure_ascii=True).encode()).hexdigest()[:12]
