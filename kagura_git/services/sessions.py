"""Sessions: one active in a worktree; what belongs to them is joined when asked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace

from kagura_git.errors import Conflict, KaguraError, NotFound
from kagura_git.git.links import Links
from kagura_git.git.log import commits
from kagura_git.model import inputs, transitions
from kagura_git.model.records import Decision, Error, Session
from kagura_git.services.session_text import summarise
from kagura_git.store import codec
from kagura_git.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Joined:
    """A session with everything that belongs to it."""

    session: Session
    active: bool
    decisions: tuple[Decision, ...]
    errors: tuple[Error, ...]
    changes: tuple[dict[str, Any], ...]
    commits: tuple[str, ...]


def start(
    ws: Workspace, links: Links, description: str, tags: inputs.Texts = None
) -> tuple[str, Session]:
    """Start a session in this worktree; returns its path and record.

    One that was left open for longer than the settings allow is closed before, and says so.

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
        _close_forgotten(ws, links)
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


def _close_forgotten(ws: Workspace, links: Links) -> None:
    """End the active session if it was left open for too long, at its last sign of life."""
    hours = ws.settings.max_session_hours
    active = ws.working.active_session()
    if active is None:
        return
    try:
        path, session = get(ws, active)
    except KaguraError:
        return  # the next step says what is wrong with it
    if session.ended_at is not None or ws.now() - session.started_at <= timedelta(hours=hours):
        return
    joined = join(ws, links, session)
    last = _last_sign(joined)
    open_for = (ws.now() - session.started_at).total_seconds() / 3600
    note = (
        f"Left open: the next session closed it after {open_for:.0f} h (the limit is {hours}); "
        f"its end is its last sign of life."
    )
    ended = transitions.end(session, last, None, None)
    text = _in_our_hand(ws, dataclasses.replace(joined, session=ended))
    closed, _ = inputs.checked(replace(ended, summary=f"{note}\n\n{text}"))
    ws.save(closed, path)
    ws.working.finish_session()


def _last_sign(joined: Joined) -> datetime:
    """Return when something was last recorded in a session."""
    session = joined.session
    met = [seen.at for e in joined.errors for seen in e.seen if seen.session == session.id]
    decided = [item.created_at for item in joined.decisions]
    return max([session.started_at, *met, *decided])


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


def _in_our_hand(ws: Workspace, joined: Joined) -> str:
    return summarise(
        joined.session, joined.decisions, joined.errors, joined.changes, joined.commits, ws.now()
    )


class WrittenBy(NamedTuple):
    """The language model that wrote a summary, by which prompt, and for how many dollars."""

    model: str
    prompt: str
    cost: float | None


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
        text = inputs.optional(summary) or _in_our_hand(ws, joined)
        ended, _ = inputs.checked(transitions.end(session, ws.now(), text, success))
        place = ws.save(ended, path)
        ws.working.finish_session()
    return place, Joined(
        ended, False, joined.decisions, joined.errors, joined.changes, joined.commits
    )


def rewrite(ws: Workspace, session_id: str, summary: str, by: WrittenBy) -> Session:
    """Store another summary of a session that has ended; returns its record.

    Raises:
        Conflict: it is still active.
    """
    with ws.lock():
        path, session = get(ws, session_id)
        if session.ended_at is None:
            raise Conflict(
                f"session {session.id} has not ended",
                hint="`git kagura session end` ends it with a summary.",
                where=session.id,
            )
        signed = replace(
            session, summary=summary, summary_model=by.model, summary_prompt=by.prompt,
            summary_cost=by.cost,
        )  # fmt: skip
        written, _ = inputs.checked(signed)
        ws.save(written, path)
    return written


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
