"""What ``doctor`` looks at in the records themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from kagura_git.git import staging
from kagura_git.model.records import Decision
from kagura_git.model.similar import twins
from kagura_git.services import signatures as acceptances
from kagura_git.services.finding import Finding, Severity
from kagura_git.store.files import Stored
from kagura_git.workspace import Workspace

_SHOWN: Final = 20
# For all signatures together: each costs a process or two.
_SECONDS: Final = 60.0


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


def signatures(
    ws: Workspace, stored: Sequence[Stored], progress: Callable[[int, int], None] | None = None
) -> Iterator[Finding]:
    """Name the acceptances with a bad signature; what cannot be verified here is counted."""
    signed = {
        item.record.id: item
        for item in stored
        if isinstance(item.record, Decision) and item.record.signature is not None
    }
    records = [item.record for item in signed.values() if isinstance(item.record, Decision)]
    found = acceptances.states(ws.repo.git, records, seconds=_SECONDS, progress=progress)
    bad = [(signed[name].path, one.why) for name, one in found.items() if one.state == "bad"]
    for path, why in bad[:_SHOWN]:
        yield Finding(
            "signatures", "error", f"{path}: a bad signature: {why}",
            "See what changed with `git log -p` on the file; if it still holds, accept it again.",
        )  # fmt: skip
    if len(bad) > _SHOWN:
        yield _more("signatures", "error", len(bad))
    late = [one.why or "" for one in found.values() if one.state == "unchecked"]
    if late:
        yield Finding(
            "signatures", "warning", f"{len(late)} not looked at: {', '.join(sorted({*late}))}",
            "Where a program is missing, install it; `git kagura show ID` looks at one.",
        )  # fmt: skip
    for state, what in (("verified", "verified"), ("unknown", "by keys that are not known here")):
        if count := sum(one.state == state for one in found.values()):
            yield Finding("signatures", "ok", f"{count} {what}")


def unstaged(ws: Workspace) -> Iterator[Finding]:
    """Name the records that the next commit would leave out."""
    left = staging.unstaged_records(ws.repo) if ws.settings.stage else []
    if ws.settings.stage == "commit":
        waiting = {*ws.working.at_commit()}
        left = [path for path in left if path not in waiting]
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        yield Finding(
            "staging", "warning", f"{left[0]}{more}: the next commit would leave it out",
            "Run `git add .kagura`.",
        )  # fmt: skip


def _more(check: str, severity: Severity, count: int) -> Finding:
    return Finding(check, severity, f"and {count - _SHOWN} more", "Mend the first ones.")
