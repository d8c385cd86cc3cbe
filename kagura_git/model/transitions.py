"""How records may change: resolve, see again, review, supersede, join, end.

A verdict, a solution or an end said now settles what a merge could not decide.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final, Literal

from msgspec.structs import replace

from kagura_git.errors import Conflict
from kagura_git.model.acceptance import agreed
from kagura_git.model.records import Decision, Error, Occurrence, Record, Session

_WORD: Final = re.compile(r"\w+")
_PARAGRAPH: Final = re.compile(r"\n\s*\n")


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
        conflicts=_without(error, "solution"),
    )


def review(
    decision: Decision,
    verdict: Literal["accepted", "rejected"],
    reviewer: str,
    at: datetime,
    note: str | None = None,
) -> Decision:
    """Return the decision with a reviewer's verdict; one that was signed before no longer is.

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
        signature=None,
        conflicts=_without(decision, "status"),
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
        replace(old, status="superseded", superseded_by=new.id, conflicts=_without(old, "status")),
        replace(new, supersedes=supersedes),
    )


def join(kept: Decision, other: Decision) -> tuple[Decision, Decision]:
    """Return a decision recorded twice, joined: the first takes in the second and supersedes it.

    A verdict on the second is one on the first, if that has none yet. A signature stays
    only where the first gains nothing that its reviewer has not seen.

    Raises:
        Conflict: the second is superseded already, or as :func:`supersede`; or one was
            accepted and the other rejected.
    """
    if other.status == "superseded":
        raise Conflict(
            f"superseded by {other.superseded_by or 'another decision'} already",
            hint="Join the decision that replaced it.",
            where=other.id,
        )
    if {kept.status, other.status} == {"accepted", "rejected"}:
        raise Conflict(
            f"{kept.id} is {kept.status}, {other.id} is {other.status}",
            hint="Review one of them again: `git kagura decision accept` or `reject`.",
            where=other.id,
        )
    if kept.status == "proposed" and other.status != "proposed":
        verdict = ("status", "reviewed_by", "reviewed_at", "review_note")
        kept = replace(kept, **{name: getattr(other, name) for name in verdict})
    older = [item for item in other.supersedes if item != kept.id]
    before = agreed(kept)
    kept = replace(
        kept,
        rationale=_with(kept.rationale, other.rationale),
        impact=_with(kept.impact or "", other.impact or "") or None,
        alternatives=list(dict.fromkeys([*kept.alternatives, *other.alternatives])),
        tags=list(dict.fromkeys([*kept.tags, *other.tags])),
        related_files=list(dict.fromkeys([*kept.related_files, *other.related_files])),
        supersedes=list(dict.fromkeys([*kept.supersedes, *older])),
        confidence=max(kept.confidence, other.confidence),
    )
    if agreed(kept) != before:
        kept = replace(kept, signature=None)
    other, kept = supersede(other, kept)
    return kept, other


def _with(text: str, other: str) -> str:
    """Return a text with those paragraphs of another one that hold a word it does not."""
    said = set(_WORD.findall(text.casefold()))
    added = []
    for paragraph in _PARAGRAPH.split(other.strip()):
        words = set(_WORD.findall(paragraph.casefold()))
        if words - said:
            added.append(paragraph)
            said |= words
    return "\n\n".join([text, *added] if text else added)


def _without(record: Record, name: str) -> dict[str, list[Any]]:
    return {field: values for field, values in record.conflicts.items() if field != name}


def end(session: Session, at: datetime, summary: str | None, success: bool | None) -> Session:
    """Return the session, ended.

    Raises:
        Conflict: it has ended already.
    """
    if session.ended_at is not None:
        raise Conflict("this session has already ended", where=session.id)
    return replace(
        session,
        ended_at=max(at, session.started_at),
        summary=summary,
        summary_model=None,
        summary_prompt=None,
        summary_cost=None,
        success=success,
        conflicts=_without(session, "summary"),
    )


def resume(session: Session) -> Session:
    """Return the session, open again; its summary stays until the next end."""
    conflicts = _without(session, "summary")
    return replace(session, ended_at=None, success=None, conflicts=conflicts)
