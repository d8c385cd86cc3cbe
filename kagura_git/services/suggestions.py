"""How an error may be solved: by the cases that were, and by a model that has read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from kagura_git.llm.operation import Operation, Outcome, Purse, run
from kagura_git.model.frames import frames
from kagura_git.model.printable import in_brief
from kagura_git.model.records import Error
from kagura_git.services.found import Hit

Confidence = Literal["high", "medium", "low"]
# Of a hit's score, which is the probability that it is what was meant.
_HIGH: Final = 0.8
_MEDIUM: Final = 0.4
_ALTERNATIVES: Final = 3
_TRACE: Final = 6_000
_LONG: Final = 1_500
_FILES: Final = 3


class Suggestion(msgspec.Struct, frozen=True):
    """What a model suggests, and the ids of the cases that it leans on."""

    solution: str
    confidence: Confidence
    cases: list[str]
    alternatives: list[str]
    debugging_tips: list[str]


SOLUTION_SUGGESTION: Final = Operation(
    name="solution_suggestion",
    purpose="Suggest a solution from past cases",
    answer=Suggestion,
    typical_out=400,
    most_out=3_000,
    kept=True,
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """The error to be solved, recorded or only described."""

    text: str
    id: str | None = None
    error: Error | None = None


def solved(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits that are errors with a solution, likeliest first."""
    return [hit for hit in hits if isinstance(hit.record, Error) and hit.record.solution]


def from_cases(trouble: Trouble, cases: Sequence[Hit], open_cases: Sequence[Hit]) -> Suggestion:
    """Return what the solved cases say by themselves.

    Args:
        open_cases: errors like it that have no solution either.
    """
    best = [hit for hit in cases if hit.score >= _MEDIUM] or list(cases[:1])
    solution = _solution(best[0]) if best else ""
    others = (_solution(hit) for hit in cases[1 : _ALTERNATIVES + 1])
    return Suggestion(
        solution=solution,
        confidence=_confidence(best[0].score) if best else "low",
        cases=[hit.id for hit in best],
        alternatives=[text for text in dict.fromkeys(others) if text != solution],
        debugging_tips=_tips(trouble, best, open_cases),
    )


def _solution(hit: Hit) -> str:
    return hit.record.solution or "" if isinstance(hit.record, Error) else ""


def _confidence(score: float) -> Confidence:
    return "high" if score >= _HIGH else "medium" if score >= _MEDIUM else "low"


def _tips(trouble: Trouble, best: Sequence[Hit], open_cases: Sequence[Hit]) -> list[str]:
    """Return what the records themselves advise to look at."""
    tips = []
    own = [frame for frame in frames(trouble.text) if frame.own]
    if own:
        tips.append(f"Look at {own[-1].function or 'the line'} in {own[-1].path}.")
    for hit in best[:1]:
        if hit.commits:
            tips.append(
                f"{hit.id} was fixed in {hit.commits[-1][:12]}: git show {hit.commits[-1][:12]}"
            )
        if isinstance(hit.record, Error) and hit.record.file_path:
            tips.append(f"{hit.id} happened in {hit.record.file_path}: compare what is done there.")
    if trouble.error is not None and trouble.error.occurrences > 1:
        seen = trouble.error.occurrences
        tips.append(f"It came {seen} times: a test that reproduces it would keep it away.")
    if open_cases:
        names = ", ".join(hit.id for hit in open_cases[:_FILES])
        tips.append(f"Not solved either, and much alike: {names}.")
    return tips


def ask(
    purse: Purse, trouble: Trouble, cases: Sequence[Hit], open_cases: Sequence[Hit]
) -> Outcome[Suggestion]:
    """Return what the user's model suggests, or why it was not asked."""
    return run(SOLUTION_SUGGESTION, purse, blocks(trouble, cases, open_cases))


def blocks(trouble: Trouble, cases: Sequence[Hit], open_cases: Sequence[Hit]) -> dict[str, str]:
    """Return what a model is given: the error, and the cases with their solutions."""
    return {
        "error": trouble.text[:_TRACE],
        "cases": "\n".join(map(_case, cases)),
        "unsolved": "\n".join(f"{hit.id} {in_brief(hit.title)}" for hit in open_cases),
    }


def _case(hit: Hit) -> str:
    error = hit.record
    assert isinstance(error, Error)
    where = f" in {error.file_path}" if error.file_path else ""
    head = in_brief(f"{error.error_type}: {error.message}", _LONG)
    return (
        f"{hit.id} (alike {hit.score:.2f}) {head}{where}; "
        f"solved: {in_brief(error.solution or '', _LONG)}"
    )


def checked(suggestion: Suggestion, cases: Sequence[Hit]) -> Suggestion:
    """Return a model's suggestion without ids that it was not given; without any it is a guess."""
    given = {hit.id for hit in cases}
    kept = [name for name in dict.fromkeys(suggestion.cases) if name in given]
    confidence: Confidence = suggestion.confidence if kept else "low"
    return msgspec.structs.replace(suggestion, cases=kept, confidence=confidence)


def to_dict(
    trouble: Trouble, suggestion: Suggestion, cases: Sequence[Hit], source: str
) -> dict[str, Any]:
    """Return a suggestion with its cases as JSON-ready values."""
    told: Mapping[str, Any] = msgspec.to_builtins(suggestion)
    return {
        "error": trouble.id,
        "query": in_brief(trouble.text, 200),
        **told,
        "cases": [
            {
                "id": hit.id, "score": hit.score, "title": hit.title,
                "solution": _solution(hit), "commits": list(hit.commits),
                "leaned_on": hit.id in suggestion.cases,
            }
            for hit in cases
        ],
        "source": source,
    }  # fmt: skip
