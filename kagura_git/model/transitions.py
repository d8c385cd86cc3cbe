"""How records may change: resolve, see again, review, supersede, end."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from kagura_git.errors import Conflict
from kagura_git.model.records import Decision, Error, Occurrence, Session


def seen_again(error: Error, at: datetime, session: str | None) -> Error:
    """Return the error with one more occurrence; a solved error stays solved."""
    seen = [*error.seen, Occurrence(at=at, session=session)]
    last = max(at, error.last_seen or error.created_at)
    # A merge may have joined both sides' moments, a hand-written file may have left them out.
    count = max(len(seen), error.occurrences + 1)
    return replace(error, seen=seen, occurrences=count, last_seen=last)


def resolve(error: Error, solution: str, at: datetime, commit: str | None = None) -> Error:
    """Return the error with its solution; a second solution replaces the first."""
    return replace(
        error,
        solution=solution,
        resolved=True,
        resolved_at=at,
        resolved_commit=commit or error.resolved_commit,
    )


def review(
    decision: Decision,
    verdict: Literal["accepted", "rejected"],
    reviewer: str,
    at: datetime,
    note: str | None = None,
) -> Decision:
    """Return the decision with a reviewer's verdict.

    Raises:
        Conflict: it is superseded already: its successor is what to review.
    """
    if decision.status == "superseded":
        raise Conflict(
            f"superseded by {decision.superseded_by or 'another decision'}",
            hint="Review the decision that replaced it.",
            where=decision.id,
        )
    return replace(
        decision,
        status=verdict,
        reviewed_by=reviewer,
        reviewed_at=at,
        review_note=note or decision.review_note,
    )


def supersede(old: Decision, new: Decision) -> tuple[Decision, Decision]:
    """Return both decisions, linked: the old one superseded by the new one.

    Raises:
        Conflict: a decision would supersede itself or its own successor, or is superseded
            already and so no end of the chain.
    """
    if old.id == new.id:
        raise Conflict("a decision cannot supersede itself", where=old.id)
    if old.id == new.superseded_by:
        raise Conflict(f"{old.id} already supersedes {new.id}", where=old.id)
    if new.superseded_by is not None:  # the end of a chain has no successor: no circle can close
        raise Conflict(
            f"{new.id} has itself been superseded by {new.superseded_by}",
            hint=f"Give {new.superseded_by}, or the last one in that chain.",
            where=new.id,
        )
    supersedes = new.supersedes if old.id in new.supersedes else [*new.supersedes, old.id]
    return (
        replace(old, status="superseded", superseded_by=new.id),
        replace(new, supersedes=supersedes),
    )


def end(session: Session, at: datetime, summary: str | None, success: bool | None) -> Session:
    """Return the session, ended.

    Raises:
        Conflict: it has ended already.
    """
    if session.ended_at is not None:
        raise Conflict("this session has already ended", where=session.id)
    return replace(session, ended_at=max(at, session.started_at), summary=summary, success=success)


def resume(session: Session) -> Session:
    """Return the session, open again; its summary stays until the next end."""
    return replace(session, ended_at=None, success=None)
