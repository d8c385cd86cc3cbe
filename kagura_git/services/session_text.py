"""A session's summary in our own hand: made of what was recorded, without a language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from kagura_git.model.printable import one_line
from kagura_git.model.records import Decision, Error, Session, first_line

R = TypeVar("R", bound=Decision | Error)
_TOLD: Final = 100
_QUOTED: Final = 300


def minutes(session: Session, now: datetime) -> float:
    """Return how long a session has lasted, or lasted, in minutes with one decimal."""
    last = max(session.ended_at or now, session.started_at)  # a clock may have been set back
    return round((last - session.started_at).total_seconds() / 60, 1)


def summarise(
    session: Session,
    decisions: Sequence[Decision],
    errors: Sequence[Error],
    changes: Sequence[dict[str, Any]],
    commits: Sequence[str],
    now: datetime,
) -> str:
    """Return a markdown summary; of each kind the first hundred are told, the rest is counted."""
    lines = [f"{_said(session.description)} ({minutes(session, now):g} min)"]
    reasons = [change for change in changes if change.get("reason")]
    told = [_change_line(change) for change in reasons[:_TOLD]]
    if len(reasons) > _TOLD:
        told.append(f"- {len(reasons) - _TOLD} more with a reason")
    untold = len({change.get("path") for change in changes if not change.get("reason")})
    if untold:
        told.append(f"- {untold} more files without a reason")
    lines += _section("Changes", told)
    lines += _section("Decisions", _each(decisions, _decision_line))
    solved = [error for error in errors if error.resolved]
    lines += _section("Problems and their fixes", _each(solved, _solved_line))
    unsolved = [error for error in errors if not error.resolved]
    lines += _section("Open ends", _each(unsolved, _open_line))
    if commits:
        shas = [sha[:12] for sha in reversed(commits)]
        more = f" and {len(shas) - _TOLD} more" if len(shas) > _TOLD else ""
        lines += ["", f"Commits: {', '.join(shas[:_TOLD])}{more}"]
    if len(lines) == 1:
        lines.append("\nNothing was recorded in this session.")
    return "\n".join(lines)


def _change_line(change: dict[str, Any]) -> str:
    path = one_line(change.get("path", ""), _QUOTED)
    return f"- {change.get('action', 'edit')} `{path}`: {_said(change['reason'])}"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", *lines] if lines else []


def _each(records: Sequence[R], line: Callable[[R], str]) -> list[str]:
    more = [f"- {len(records) - _TOLD} more"] if len(records) > _TOLD else []
    return [*(line(record) for record in records[:_TOLD]), *more]


def _decision_line(item: Decision) -> str:
    return f"- {item.id} {_said(item.title)} ({item.status}): {_said(item.rationale)}"


def _solved_line(item: Error) -> str:
    return f"- {item.id} {_said(item.title)}: {_said(item.solution or '')}"


def _open_line(item: Error) -> str:
    return f"- {item.id} {_said(item.title)} ({item.occurrences}x)"


def _said(text: str) -> str:
    """Return the first line of a text as the summary quotes it."""
    return one_line(first_line(text), _QUOTED)
