"""Learned patterns: habits kept as records, so that they travel, merge and are reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from msgspec.structs import replace

from kagura_git.model import inputs
from kagura_git.model.ids import new_id
from kagura_git.model.records import LearnedPattern
from kagura_git.workspace import Workspace

# What one measuring says; the rest of a record stays as it was.
_MEASURED: Final = (
    "description", "frequency", "total", "confidence", "severity", "examples", "recommendation",
    "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Learned:
    """What became of the patterns, by id; ``absent`` were learned before and not seen now."""

    new: list[str]
    changed: list[str]
    unchanged: list[str]
    absent: list[str]

    def to_dict(self) -> dict[str, list[str]]:
        """Return it as JSON-ready values."""
        return {name: list(getattr(self, name)) for name in self.__slots__}


def learn(ws: Workspace, found: Iterable[Mapping[str, Any]]) -> Learned:
    """Keep patterns as records: new ones, and those whose figures have moved.

    A pattern is known again by its type and name, in the same project: its id is made
    of them, so that two branches that learn the same write the same record.

    Args:
        found: patterns as ``analyze`` or a model returns them.
    """
    known = {record.id: (path, record) for path, record in listed(ws)}
    seen = {record.id: record for record in (_record(ws, item) for item in found)}
    new = [record for name, record in seen.items() if name not in known]
    if new:
        ws.save_many(new)
    changed, unchanged = [], []
    for name in seen.keys() & known.keys():
        path, before = known[name]
        now = replace(before, **{field: getattr(seen[name], field) for field in _MEASURED})
        if now == before:
            unchanged.append(name)
            continue
        with ws.lock():
            ws.save(replace(now, learned_at=seen[name].learned_at), path)
        changed.append(name)
    ours = {name for name, (_, record) in known.items() if record.project_id == ws.project_id}
    return Learned(
        [record.id for record in new],
        sorted(changed),
        sorted(unchanged),
        sorted(ours - seen.keys()),
    )


def listed(ws: Workspace) -> list[tuple[str, LearnedPattern]]:
    """Return the patterns that were learned, with their paths; the surest first."""
    found = [
        (stored.path, stored.record)
        for stored in ws.files.read_all(("pattern",))
        if isinstance(stored.record, LearnedPattern)
    ]
    return sorted(found, key=lambda item: (-item[1].confidence, item[1].id))


def joined(measured: list[dict[str, Any]], records: Iterable[LearnedPattern]) -> list[Any]:
    """Return what was measured just now, and what was learned before that it does not speak of.

    A kind of habit that was measured now is not told a second time as it was before.
    """
    types = {item["pattern_type"] for item in measured}
    names = {(item["pattern_type"], item["name"]) for item in measured}
    more = [
        _told(record)
        for record in records
        if (record.pattern_type, record.name) not in names
        and (record.source != "measured" or record.pattern_type not in types)
    ]
    return [*measured, *more]


def _told(record: LearnedPattern) -> dict[str, Any]:
    names = ("pattern_type", "name", *_MEASURED)
    return {"id": record.id} | {name: getattr(record, name) for name in names}


def _record(ws: Workspace, item: Mapping[str, Any]) -> LearnedPattern:
    mark = "\0".join([item["pattern_type"], item["name"], ws.project_id])
    digest = sha256(mark.encode("utf-8", "surrogatepass")).digest()
    now = ws.now()
    record = LearnedPattern(
        id=new_id("pattern", lambda size: digest[:size]),
        pattern_type=item["pattern_type"],
        name=item["name"],
        learned_at=now,
        session=ws.working.active_session(),
        project_id=ws.project_id,
        author=ws.author,
        created_at=now,
        **{name: item[name] for name in _MEASURED},
    )
    return inputs.checked(record)[0]
