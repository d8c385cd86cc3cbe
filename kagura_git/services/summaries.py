"""The summary of a session, written by a language model from what was recorded and committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from kagura_git.git.log import commits
from kagura_git.git.patch_text import patch_texts
from kagura_git.llm.operation import Operation, Outcome, Purse, run
from kagura_git.model.printable import in_brief, one_line
from kagura_git.model.records import Decision, Error, Session
from kagura_git.workspace import Workspace

# Of the diffs: two thirds of a usual prompt, 4,000 tokens or so.
_DIFFS: Final = 16_000
_MOST: Final = 100
_LONG: Final = 1_000
_ITEMS: Final = 30
_PENDING_DIFF: Final = 1_500


class Summary(msgspec.Struct, frozen=True):
    """What a model says of a session, by section."""

    what: list[str]
    why: list[str]
    problems: list[str]
    decisions: list[str]
    open_ends: list[str]
    recommendations: list[str]


SECTIONS: Final = (
    ("What was done", "what"),
    ("Why", "why"),
    ("Problems and their fixes", "problems"),
    ("Decisions", "decisions"),
    ("Open ends", "open_ends"),
    ("Recommendations", "recommendations"),
)

SESSION_SUMMARY: Final = Operation(
    name="session_summary",
    purpose="Summarise a coding session",
    answer=Summary,
    typical_out=600,
    most_out=4_000,
)


def ask(purse: Purse, blocks: Mapping[str, str]) -> Outcome[Summary]:
    """Return what the user's model makes of a session, or why it was not asked."""
    return run(SESSION_SUMMARY, purse, blocks)


def markdown(session: Session, minutes: float, summary: Summary) -> str:
    """Return a summary with its fixed sections; empty ones say so."""
    lines = [f"{one_line(session.title, 300)} ({minutes:g} min)"]
    for title, name in SECTIONS:
        said = [in_brief(item, _LONG) for item in getattr(summary, name)[:_ITEMS] if item.strip()]
        lines += ["", f"## {title}", *(f"- {item}" for item in said)]
        if not said:
            lines.append("Nothing was recorded.")
    return "\n".join(lines)


def blocks(
    ws: Workspace,
    session: Session,
    changes: Sequence[Mapping[str, Any]],
    errors: Sequence[Error],
    decisions: Sequence[Decision],
    linked: Sequence[str],
) -> dict[str, str]:
    """Return what a model is given of a session: its records, its commits and their diffs."""
    known = list(reversed(commits(ws.repo.git, linked, walk=False)))
    return {
        "session": "\n".join([session.description, f"started {session.started_at:%Y-%m-%d %H:%M}"]),
        "changes": "\n".join(_changes(changes)),
        "errors": "\n".join(map(_error, errors[:_MOST])),
        "decisions": "\n".join(map(_decision, decisions[:_MOST])),
        "commits": "\n".join(f"{c.sha[:12]} {one_line(c.subject, 200)}" for c in known[:_MOST]),
        "diffs": "\n".join(
            f"commit {sha[:12]}\n{text}"
            for sha, text in patch_texts(ws.repo.git, (c.sha for c in known), _DIFFS)
        ),
    }


def _changes(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for change in changes[:_MOST]:
        reason = change.get("reason") or "(no reason recorded)"
        yield f"{change.get('action', 'edit')} {change.get('path')}: {_short(reason)}"
        if not change.get("commit") and change.get("diff"):
            yield str(change["diff"])[:_PENDING_DIFF]
    if len(changes) > _MOST:
        yield f"and {len(changes) - _MOST} more"


def _error(error: Error) -> str:
    fate = f"solved: {_short(error.solution)}" if error.solution else "not solved"
    where = f" in {error.file_path}" if error.file_path else ""
    times = f" ({error.occurrences} times)" if error.occurrences > 1 else ""
    return f"{error.id} {error.error_type}: {_short(error.message)}{where}{times}, {fate}"


def _decision(item: Decision) -> str:
    return f"{item.id} ({item.status}) {_short(item.decision)}: {_short(item.rationale)}"


def _short(text: str) -> str:
    return one_line(text, _LONG)
