"""What a language model adds to the habits that were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from kagura_git.git.log import commits
from kagura_git.git.patch_text import patch_texts
from kagura_git.llm.operation import Operation, Outcome, Purse, run
from kagura_git.model.printable import in_brief
from kagura_git.model.records import Decision
from kagura_git.services.pattern import Severity
from kagura_git.workspace import Workspace

_COMMITS: Final = 40
_DIFFS: Final = 20_000
_DECISIONS: Final = 40
_LONG: Final = 300
_MOST: Final = 8
# An example shorter than that stands in any text.
_TELLING: Final = 4


class Preference(msgspec.Struct, frozen=True):
    """A habit that a model sees."""

    pattern_type: str
    name: str
    description: str
    examples: list[str]
    confidence: float
    severity: Severity
    recommendation: str


class Preferences(msgspec.Struct, frozen=True):
    """What a model sees."""

    patterns: list[Preference]


PREFERENCES: Final = Operation(
    name="preferences",
    purpose="Find coding preferences that counting cannot see",
    answer=Preferences,
    typical_out=700,
    most_out=4_000,
    kept=True,
)


def ask(purse: Purse, data: Mapping[str, str]) -> Outcome[Preferences]:
    """Return what the user's model adds, or why it was not asked."""
    return run(PREFERENCES, purse, data)


def blocks(ws: Workspace, measured: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what a model is given: what was measured, samples of changes, decisions."""
    head = ws.repo.head()
    recent = commits(ws.repo.git, ["HEAD"], limit=_COMMITS) if head else []
    patches = patch_texts(ws.repo.git, (commit.sha for commit in recent), _DIFFS)
    decided = [
        stored.record
        for stored in ws.files.read_all(("decision",))
        if isinstance(stored.record, Decision) and stored.record.status == "accepted"
    ]
    return {
        "measured": "\n".join(str(item["description"]) for item in measured),
        "changes": "\n".join(text for _, text in patches),
        "decisions": "\n".join(
            f"{item.id} {in_brief(item.decision, _LONG)}: {in_brief(item.rationale, _LONG)}"
            for item in decided[:_DECISIONS]
        ),
    }


def added(
    measured: Sequence[dict[str, Any]], answer: Preferences, data: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the measured patterns, and after them what a model adds; it overwrites none.

    An example that does not stand in the data is left out, and so is what rests on
    no other.
    """
    given = " ".join(" ".join(data.values()).split())
    known = {(item["pattern_type"], item["name"]) for item in measured}
    found = [
        (item, [text for text in item.examples if _stands(text, given)])
        for item in answer.patterns[:_MOST]
    ]
    more = [
        {
            "pattern_type": in_brief(item.pattern_type, 60),
            "name": in_brief(item.name, 120),
            "description": in_brief(item.description, _LONG),
            "frequency": len(shown),
            "total": len(shown),
            "confidence": round(min(1.0, max(0.0, item.confidence)), 2),
            "examples": [in_brief(text, 120) for text in shown[:5]],
            "recommendation": in_brief(item.recommendation, _LONG) or None,
            "severity": item.severity,
            "source": "model",
        }
        for item, shown in found
        if shown
    ]
    return [
        *measured,
        *(item for item in more if (item["pattern_type"], item["name"]) not in known),
    ]


def _stands(example: str, given: str) -> bool:
    text = " ".join(example.split())
    return len(text) >= _TELLING and text in given
