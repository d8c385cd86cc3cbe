"""What ``doctor`` looks at in the records themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kagura_git.git import staging
from kagura_git.model.records import Decision
from kagura_git.model.similar import twins
from kagura_git.services.finding import Finding, Severity
from kagura_git.store.files import Stored
from kagura_git.workspace import Workspace

_SHOWN: Final = 20


def readable(stored: Sequence[Stored]) -> Iterator[Finding]:
    """Name the records that cannot be read."""
    problems = [(item.path, item.problem) for item in stored if item.problem is not None]
    for path, problem in problems[:_SHOWN]:
        where = problem.where or path
        yield Finding("records", "error", f"{where}: {problem.message}", problem.hint)
    if len(problems) > _SHOWN:
        yield _more("records", "error", len(problems))
    if not problems:
        yield Finding("records", "ok", f"{len(stored)} valid")


def conflicts(stored: Sequence[Stored]) -> Iterator[Finding]:
    """Name the records in which a merge kept both sides' values of a field."""
    held = [item for item in stored if item.record is not None and item.record.conflicts]
    for item in held[:_SHOWN]:
        fields = ", ".join(item.record.conflicts) if item.record else ""
        yield Finding(
            "conflicts", "warning", f"{item.path}: a merge kept both sides' {fields}",
            "Settle it in the file: write what is right into the field, and remove its entry "
            "under `conflicts:`.",
        )  # fmt: skip
    if len(held) > _SHOWN:
        yield _more("conflicts", "warning", len(held))


def same_decisions(stored: Sequence[Stored]) -> Iterator[Finding]:
    """Name decisions that look like one decision recorded twice."""
    decisions = [item.record for item in stored if isinstance(item.record, Decision)]
    titles = {decision.id: decision.title for decision in decisions}
    pairs = twins(decisions)
    for one, other, _ in pairs[:_SHOWN]:
        yield Finding(
            "twins", "warning", f"{one} and {other} say nearly the same: {titles[other]}",
            f"If they are one decision, `git kagura decision merge {one} {other}` joins them.",
        )  # fmt: skip
    if len(pairs) > _SHOWN:
        yield _more("twins", "warning", len(pairs))


def unstaged(ws: Workspace) -> Iterator[Finding]:
    """Name the records that the next commit would leave out."""
    left = staging.unstaged_records(ws.repo) if ws.settings.stage else []
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        yield Finding(
            "staging", "warning", f"{left[0]}{more}: the next commit would leave it out",
            "Run `git add .kagura`.",
        )  # fmt: skip


def _more(check: str, severity: Severity, count: int) -> Finding:
    return Finding(check, severity, f"and {count - _SHOWN} more", "Mend the first ones.")
