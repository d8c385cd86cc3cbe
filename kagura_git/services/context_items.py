"""The records of a project's context, each in few words or with all it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kagura_git.model.mapping import iso
from kagura_git.model.records import Decision, Error, Record, Session, first_line
from kagura_git.services.context_fit import Either
from kagura_git.services.wording import clean, short

# Longer than this a text is told whole.
BRIEF: Final = 240
_SHORTEST: Final = 80
_NAMES: Final = 5
_WHOLE_ITEMS: Final = 5
_MOST_ITEMS: Final = 100
Sizes = tuple[int, int]
Told = list[dict[str, Any] | Either]


def _told(items: Sequence[Any], one: Callable[[Any, int], dict[str, Any]], sizes: Sizes) -> Told:
    """Return items in few words; of the first ones either that or all they say."""
    brief, whole = sizes
    head = (Either(one(item, whole), one(item, brief)) for item in items[:_WHOLE_ITEMS])
    return [*head, *(one(item, brief) for item in items[_WHOLE_ITEMS:_MOST_ITEMS])]


def decisions(
    records: Sequence[tuple[str, Record]], close: Mapping[str, float], sizes: Sizes
) -> Told:
    """Return the decisions that hold or are proposed, the nearest first."""
    live = [
        (path, record)
        for path, record in records
        if isinstance(record, Decision) and record.status in ("accepted", "proposed")
    ]
    live.sort(key=lambda item: item[1].created_at, reverse=True)
    live.sort(
        key=lambda item: (close.get(item[1].id, 0.0), item[1].status == "accepted"), reverse=True
    )
    return _told(live, _decision, sizes)


def _decision(stored: tuple[str, Decision], size: int) -> dict[str, Any]:
    path, record = stored
    item: dict[str, Any] = {
        "id": record.id,
        "decision": short(record.decision, size),
        "rationale": short(record.rationale, size),
        "status": record.status,
        "tags": [short(tag, 40) for tag in record.tags[:_NAMES]],
        "related_files": [clean(file) for file in record.related_files[:_NAMES]],
        "path": clean(path),
    }
    if size > BRIEF:
        item |= {"alternatives": [short(text, BRIEF) for text in record.alternatives[:_NAMES]]}
        item |= {"impact": short(record.impact, size)} if record.impact else {}
    if len(record.related_files) > _NAMES:
        item["more_files"] = len(record.related_files) - _NAMES
    return item


def open_errors(
    records: Sequence[tuple[str, Record]], close: Mapping[str, float], sizes: Sizes
) -> Told:
    """Return the errors without a solution, the nearest first."""
    waiting = [r for _, r in records if isinstance(r, Error) and not r.resolved]
    waiting.sort(key=lambda error: error.last_seen or error.created_at, reverse=True)
    waiting.sort(key=lambda error: close.get(error.id, 0.0), reverse=True)
    return _told(waiting, _open_error, sizes)


def _open_error(error: Error, size: int) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": error.id,
        "error_type": short(error.error_type, _SHORTEST),
        "message": short(error.message if size > BRIEF else first_line(error.message), size),
        "file_path": clean(error.file_path) if error.file_path else None,
        "occurrences": error.occurrences,
        "last_seen": iso(error.last_seen or error.created_at),
    }
    if size > BRIEF and error.stack_trace:
        item["stack_trace"] = short(error.stack_trace[-size:], size)
    return item


def sessions(
    records: Sequence[tuple[str, Record]], close: Mapping[str, float], sizes: Sizes
) -> Told:
    """Return the sessions that have ended, the last ones with their summaries."""
    ended = [r for _, r in records if isinstance(r, Session) and r.ended_at is not None]
    ended.sort(key=lambda session: session.ended_at or session.started_at, reverse=True)
    ended.sort(key=lambda session: close.get(session.id, 0.0), reverse=True)
    return _told(ended, _session, sizes)


def _session(session: Session, size: int) -> dict[str, Any]:
    summary = session.summary or ""
    return {
        "id": session.id,
        "description": short(first_line(session.description), min(size, BRIEF)),
        "ended_at": iso(session.ended_at) if session.ended_at else None,
        "success": session.success,
        "summary": short(summary, size) if size > BRIEF else short(first_line(summary), size),
    }
