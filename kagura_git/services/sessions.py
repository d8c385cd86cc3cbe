"""Sessions: one active in a worktree; what belongs to them is joined when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from kagura_git.errors import Conflict, KaguraError, NotFound
from kagura_git.git.links import Links
from kagura_git.git.log import commits
from kagura_git.model import inputs, transitions
from kagura_git.model.printable import one_line
from kagura_git.model.records import Decision, Error, Session, first_line
from kagura_git.store import codec
from kagura_git.workspace import Workspace

R = TypeVar("R", bound=Decision | Error)
_TOLD: Final = 100
_QUOTED: Final = 300


@dataclass(frozen=True, slots=True)
class Joined:
    """A session with everything that belongs to it."""

    session: Session
    active: bool
    decisions: tuple[Decision, ...]
    errors: tuple[Error, ...]
    changes: tuple[dict[str, Any], ...]
    commits: tuple[str, ...]


def start(ws: Workspace, description: str, tags: inputs.Texts = None) -> tuple[str, Session]:
    """Start a session in this worktree; returns its path and record.

    Raises:
        Conflict: another one is active, with its id and what to do.
    """
    ws.require_init()
    now = ws.now()
    session, _ = inputs.checked(
        Session(
            id=ws.new_id("session"),
            description=inputs.required(description, "description"),
            tags=inputs.texts(tags, "tags"),
            started_at=now,
            project_id=ws.project_id,
            author=ws.author,
            created_at=now,
        )
    )
    with ws.lock():
        _refuse_second(ws)
        # The record first: a kill in between leaves no active session that nobody knows.
        with ws.working.beginning(session.id):
            path = ws.save(session)
    return path, session


def resume(ws: Workspace, session_id: str) -> tuple[str, Session]:
    """Make an earlier session the active one again; returns its path and record."""
    with ws.lock():
        path, session = get(ws, session_id)
        if ws.working.active_session() == session.id and session.ended_at is None:
            return path or ws.files.place(session), session
        _refuse_second(ws)
        session = transitions.resume(session)
        with ws.working.beginning(session.id):
            place = ws.save(session, path)
    return place, session


def _refuse_second(ws: Workspace) -> None:
    """Raise ``Conflict`` while a session is active; forget one whose end was interrupted."""
    active = ws.working.active_session()
    if active is None:
        return
    try:
        _, session = get(ws, active)
    except NotFound:
        pass  # its record is gone with everything that could have brought it back
    except KaguraError:
        raise _second(active) from None  # it cannot be read: `doctor` says what to do
    else:
        if session.ended_at is None:
            raise _second(active)
    ws.working.finish_session()


def _second(active: str) -> Conflict:
    return Conflict(
        f"session {active} is active in this worktree",
        hint="End it first: `git kagura session end` (coding_end_session).",
        where=active,
    )


def end(
    ws: Workspace, links: Links, summary: str | None = None, success: bool | None = None
) -> tuple[str, Joined]:
    """End the active session; without a summary one is made from what was recorded.

    Raises:
        Conflict: no session is active.
    """
    with ws.lock():
        path, session = _active(ws)
        joined = join(ws, links, session)
        text = inputs.optional(summary) or summarise(joined, ws.now())
        ended, _ = inputs.checked(transitions.end(session, ws.now(), text, success))
        place = ws.save(ended, path)
        ws.working.finish_session()
    return place, Joined(
        ended, False, joined.decisions, joined.errors, joined.changes, joined.commits
    )


def _active(ws: Workspace) -> tuple[str | None, Session]:
    """Return the active session's path and record, open even if an end was interrupted."""
    active = ws.working.active_session()
    start_one = "Start one: `git kagura session start DESCRIPTION` (coding_start_session)."
    if active is None:
        raise Conflict("no session is active in this worktree", hint=start_one)
    try:
        path, session = get(ws, active)
    except NotFound:
        ws.working.finish_session()
        raise Conflict(
            f"the record of session {active} is gone; no session is active now", hint=start_one
        ) from None
    return path, transitions.resume(session) if session.ended_at is not None else session


def get(ws: Workspace, session_id: str) -> tuple[str | None, Session]:
    """Return a session's path and record.

    The active session's file may be on another branch: then the journal has
    it, and the path is None.
    """
    session_id = inputs.record_id(session_id, "session")
    path = ws.files.path_of(session_id)
    if path is not None:
        record = ws.files.read(path)
    else:
        kept = ws.journal.newest(session_id)
        if kept is None:
            raise NotFound(
                f"no session {session_id} on this branch",
                hint="`git kagura session list` shows them.",
                where=session_id,
            )
        record = codec.loads(kept, f"{session_id}.yaml")
    if not isinstance(record, Session):
        raise NotFound("not a session record", where=session_id)
    return path, record


def listed(ws: Workspace) -> list[tuple[str, Session]]:
    """Return the sessions of this branch with their paths, newest first."""
    found = [
        (stored.path, stored.record)
        for stored in ws.files.read_all(("session",))
        if isinstance(stored.record, Session)
    ]
    return sorted(found, key=lambda pair: (pair[1].started_at, pair[1].id), reverse=True)


def join(ws: Workspace, links: Links, session: Session) -> Joined:
    """Return a session with its decisions, errors, changes and commits."""
    decisions, errors = [], []
    for stored in ws.files.read_all(("decision", "error")):
        record = stored.record
        if isinstance(record, Decision) and record.session == session.id:
            decisions.append(record)
        elif isinstance(record, Error) and _met_in(record, session.id):
            errors.append(record)
    linked = links.commits_of(session.id)
    changes = [
        entry
        for commit in reversed(commits(ws.repo.git, linked, walk=False))
        for entry in ({"commit": commit.sha, **change} for change in commit.changes())
        if entry.get("session", session.id) == session.id
    ]
    changes += [
        fact
        for fact in ws.working.pending("C-").values()
        if fact.get("kind") == "change" and fact.get("session") == session.id
    ]
    return Joined(
        session=session,
        active=ws.working.active_session() == session.id,
        decisions=tuple(sorted(decisions, key=lambda item: (item.created_at, item.id))),
        errors=tuple(sorted(errors, key=lambda item: (item.created_at, item.id))),
        changes=tuple(changes),
        commits=tuple(linked),
    )


def _met_in(error: Error, session_id: str) -> bool:
    return error.session == session_id or any(seen.session == session_id for seen in error.seen)


def minutes(session: Session, now: datetime) -> float:
    """Return how long a session has lasted, or lasted, in minutes with one decimal."""
    last = max(session.ended_at or now, session.started_at)  # a clock may have been set back
    return round((last - session.started_at).total_seconds() / 60, 1)


def summarise(joined: Joined, now: datetime) -> str:
    """Return a markdown summary made of what was recorded, without a language model.

    Of each kind the first hundred are told, the rest is counted.
    """
    session = joined.session
    lines = [f"{_said(session.description)} ({minutes(session, now):g} min)"]
    reasons = [change for change in joined.changes if change.get("reason")]
    told = [_change_line(change) for change in reasons[:_TOLD]]
    if len(reasons) > _TOLD:
        told.append(f"- {len(reasons) - _TOLD} more with a reason")
    untold = len({change.get("path") for change in joined.changes if not change.get("reason")})
    if untold:
        told.append(f"- {untold} more files without a reason")
    lines += _section("Changes", told)
    lines += _section("Decisions", _each(joined.decisions, _decision_line))
    solved = [error for error in joined.errors if error.resolved]
    lines += _section("Problems and their fixes", _each(solved, _solved_line))
    unsolved = [error for error in joined.errors if not error.resolved]
    lines += _section("Open ends", _each(unsolved, _open_line))
    if joined.commits:
        shas = [sha[:12] for sha in reversed(joined.commits)]
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
