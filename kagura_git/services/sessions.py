"""Sessions: one active in a worktree; what belongs to them is joined when asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kagura_git.errors import Conflict, NotFound
from kagura_git.git.links import Links
from kagura_git.git.log import commits
from kagura_git.model import inputs, transitions
from kagura_git.model.records import Decision, Error, Session, first_line
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
    active = ws.working.begin_session(session.id)
    if active is not None:
        raise Conflict(
            f"session {active} is active in this worktree",
            hint="End it first: `git kagura session end` (coding_end_session).",
            where=active,
        )
    try:
        path = ws.save(session)
    except BaseException:
        ws.working.finish_session()
        raise
    return path, session


def resume(ws: Workspace, session_id: str) -> tuple[str, Session]:
    """Make an earlier session the active one again; returns its path and record."""
    path, session = get(ws, session_id)
    active = ws.working.begin_session(session.id)
    if active == session.id:
        return path or ws.files.place(session), session
    if active is not None:
        raise Conflict(
            f"session {active} is active in this worktree",
            hint="End it first: `git kagura session end`.",
            where=active,
        )
    session = transitions.resume(session)
    return ws.save(session, path), session


def end(
    ws: Workspace, links: Links, summary: str | None = None, success: bool | None = None
) -> tuple[str, Joined]:
    """End the active session; without a summary one is made from what was recorded.

    Raises:
        Conflict: no session is active.
    """
    active = ws.working.active_session()
    if active is None:
        raise Conflict(
            "no session is active in this worktree",
            hint="Start one: `git kagura session start DESCRIPTION` (coding_start_session).",
        )
    path, session = get(ws, active)
    joined = join(ws, links, session)
    text = inputs.optional(summary) or summarise(joined, ws.now())
    ended, _ = inputs.checked(transitions.end(session, ws.now(), text, success))
    place = ws.save(ended, path)
    ws.working.finish_session()
    return place, Joined(
        ended, False, joined.decisions, joined.errors, joined.changes, joined.commits
    )


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
        kept = [v for v in ws.journal.versions() if v.id == session_id]
        if not kept:
            raise NotFound(
                f"no session {session_id} on this branch",
                hint="`git kagura session list` shows them.",
                where=session_id,
            )
        newest = max(kept, key=lambda version: version.written)
        with open(newest.path, "rb") as file:
            record = codec.loads(file.read(), f"{session_id}.yaml")
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
    last = session.ended_at or now
    return round((last - session.started_at).total_seconds() / 60, 1)


def summarise(joined: Joined, now: datetime) -> str:
    """Return a markdown summary made of what was recorded, without a language model."""
    session = joined.session
    lines = [f"{session.description} ({minutes(session, now):g} min)"]
    reasons = [change for change in joined.changes if change.get("reason")]
    if reasons:
        lines += ["", "## Changes"]
        lines += [f"- {c['action']} `{c['path']}`: {first_line(c['reason'])}" for c in reasons]
    untold = len({change["path"] for change in joined.changes if not change.get("reason")})
    if untold:
        lines += [
            *([] if reasons else ["", "## Changes"]),
            f"- {untold} more files without a reason",
        ]
    if joined.decisions:
        lines += ["", "## Decisions"]
        lines += [
            f"- {d.id} {d.title} ({d.status}): {first_line(d.rationale)}" for d in joined.decisions
        ]
    solved = [error for error in joined.errors if error.resolved]
    if solved:
        lines += ["", "## Problems and their fixes"]
        lines += [f"- {e.id} {e.title}: {first_line(e.solution or '')}" for e in solved]
    unsolved = [error for error in joined.errors if not error.resolved]
    if unsolved:
        lines += ["", "## Open ends"]
        lines += [f"- {e.id} {e.title} ({e.occurrences}x)" for e in unsolved]
    if joined.commits:
        lines += ["", "Commits: " + ", ".join(sha[:12] for sha in reversed(joined.commits))]
    if len(lines) == 1:
        lines.append("\nNothing was recorded in this session.")
    return "\n".join(lines)
