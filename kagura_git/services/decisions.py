"""Decisions: recorded, reviewed, superseded, listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from kagura_git.errors import Conflict, NotFound, UsageError
from kagura_git.model import inputs, transitions
from kagura_git.model.records import STATUSES, Decision, governs
from kagura_git.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """What :func:`record` stored."""

    decision: Decision
    path: str
    redacted: tuple[str, ...]
    staged: bool


def record(
    ws: Workspace,
    decision: str,
    rationale: str,
    *,
    alternatives: inputs.Texts = None,
    impact: str | None = None,
    tags: inputs.Texts = None,
    related_files: inputs.Texts = None,
    confidence: float | str = 0.8,
    status: str = "proposed",
    supersedes: str | None = None,
    session: str | None = None,
    cwd: str | None = None,
) -> RecordedDecision:
    """Record a decision; with ``supersedes`` the older one is marked in the same step.

    Raises:
        UsageError: an empty decision or rationale, an unknown status, a
            confidence outside 0 to 1.
        NotFound: the decision to supersede is not on this branch.
    """
    if status not in STATUSES or status == "superseded":
        allowed = ", ".join(name for name in STATUSES if name != "superseded")
        raise UsageError(
            f"a new decision cannot be {status!r}", hint=f"One of {allowed}.", where="status"
        )
    files = [ws.repo.relative(path, cwd) for path in inputs.paths(related_files, "related_files")]
    new = Decision(
        id=ws.new_id("decision"),
        decision=inputs.required(decision, "decision"),
        status=status,
        rationale=inputs.required(rationale, "rationale"),
        alternatives=inputs.texts(alternatives, "alternatives"),
        impact=inputs.optional(impact),
        tags=inputs.texts(tags, "tags"),
        related_files=list(dict.fromkeys(files)),
        confidence=inputs.fraction(confidence, "confidence"),
        session=session,
        project_id=ws.project_id,
        author=ws.author,
        created_at=ws.now(),
    )
    new, redacted = inputs.checked(new)
    if supersedes:
        with ws.lock():
            old_path, old = get(ws, supersedes)
            old, new = transitions.supersede(old, new)
            path = ws.save(new)
            ws.save(old, old_path, "superseded")
    else:
        path = ws.save(new)
    return RecordedDecision(new, path, tuple(redacted), staged=path not in ws.unstaged)


def review(
    ws: Workspace,
    decision_id: str,
    verdict: Literal["accepted", "rejected"],
    note: str | None = None,
) -> tuple[str, Decision]:
    """Accept or reject a decision in the name of git's identity; returns its path and record."""
    with ws.lock():
        path, decision = get(ws, decision_id)
        reviewed = _reviewed(ws, decision, verdict, note)
        ws.save(reviewed, path, verdict)
    return path, reviewed


def accept_signed(
    ws: Workspace, decision_id: str, note: str | None = None, *, terminal: bool = False
) -> tuple[str, Decision]:
    """Accept a decision with a signature, made with git's own setup; returns path and record.

    Args:
        terminal: a passphrase may be asked for on this process's terminal.

    Raises:
        KaguraError: it could not be signed; nothing is written then.
        Conflict: somebody changed the decision meanwhile.
    """
    from kagura_git.services import signatures

    ws.require_init()
    path, decision = get(ws, decision_id)
    reviewed = _reviewed(ws, decision, "accepted", note)
    # Without the lock: a person may have to type, and others want to record meanwhile.
    signature = signatures.sign(ws.repo.git, reviewed, terminal=terminal)
    with ws.lock():
        path, now = get(ws, decision_id)
        if now != decision:
            raise Conflict(
                "it was changed while it was being signed",
                hint="Look at it again (`git kagura show`), then accept it.",
                where=decision_id,
            )
        reviewed = replace(reviewed, signature=signature)
        ws.save(reviewed, path, "accepted")
    return path, reviewed


def _reviewed(
    ws: Workspace,
    decision: Decision,
    verdict: Literal["accepted", "rejected"],
    note: str | None,
) -> Decision:
    reviewed = transitions.review(decision, verdict, ws.author, ws.now(), inputs.optional(note))
    return inputs.checked(reviewed)[0]


def supersede(ws: Workspace, decision_id: str, by: str) -> tuple[str, Decision]:
    """Mark a decision as superseded by another one; returns the old one's path and record."""
    with ws.lock():
        old_path, old = get(ws, decision_id)
        new_path, new = get(ws, by)
        old, new = transitions.supersede(old, new)
        ws.save(new, new_path)
        ws.save(old, old_path, "superseded")
    return old_path, old


@dataclass(frozen=True, slots=True)
class JoinedDecision:
    """What :func:`merge` made: the decision that stays, and the one it took in.

    Attributes:
        lost_signature: what stays says more than its reviewer has signed.
    """

    path: str
    decision: Decision
    other_path: str
    other: Decision
    lost_signature: bool = False


def merge(ws: Workspace, decision_id: str, other_id: str) -> JoinedDecision:
    """Join a decision that was recorded twice; the first stays, the second is superseded by it.

    Raises:
        Conflict: the two are one record, contradict each other, or have been joined.
        NotFound: one of them is no decision of this branch.
    """
    with ws.lock():
        path, kept = get(ws, decision_id)
        other_path, other = get(ws, other_id)
        signed = kept.signature is not None
        kept, other = transitions.join(kept, other)
        kept, _ = inputs.checked(kept)
        ws.save(kept, path)
        ws.save(other, other_path, "superseded")
    lost = signed and kept.signature is None
    return JoinedDecision(path, kept, other_path, other, lost)


def get(ws: Workspace, decision_id: str) -> tuple[str, Decision]:
    """Return a decision's path and record; raises ``NotFound`` for an id of another kind too."""
    path, decision = ws.files.get(inputs.record_id(decision_id, "decision"))
    if not isinstance(decision, Decision):
        raise NotFound("not a decision record", where=decision_id)
    return path, decision


def listed(
    ws: Workspace, *, status: str | None = None, file: str | None = None
) -> list[tuple[str, Decision]]:
    """Return the decisions of this branch with their paths, newest first.

    Args:
        file: only those whose related files name this path or a folder above it.
    """
    if status is not None and status not in STATUSES:
        raise UsageError(
            f"unknown status {status!r}", hint=f"One of {', '.join(STATUSES)}.", where="status"
        )
    found = []
    for stored in ws.files.read_all(("decision",)):
        decision = stored.record
        if not isinstance(decision, Decision) or status not in (None, decision.status):
            continue
        if file is None or any(governs(path, file) for path in decision.related_files):
            found.append((stored.path, decision))
    return sorted(found, key=lambda pair: (pair[1].created_at, pair[1].id), reverse=True)
