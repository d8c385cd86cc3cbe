"""How an error may be solved: by the cases that were, and by a model that has read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import msgspec

from kagura_git.errors import GitError
from kagura_git.git.diff import commit_changes
from kagura_git.git.links import Links
from kagura_git.git.run import Git
from kagura_git.llm.operation import Operation, Outcome, Purse, run
from kagura_git.model.frames import frames
from kagura_git.model.printable import in_brief, one_line
from kagura_git.model.records import Error
from kagura_git.services.found import Hit
from kagura_git.store.files import FOLDER

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


class Fix(NamedTuple):
    """The commit that solved an error, and the files it changed."""

    commit: str
    files: tuple[str, ...]


Fixes = Mapping[str, Fix]


def fixes(git: Git, links: Links, cases: Sequence[Hit]) -> Fixes:
    """Return how the cases were fixed, by id, of those whose commit is known."""
    found = {}
    for hit in cases:
        named = hit.record.resolved_commit if isinstance(hit.record, Error) else None
        sha = links.solved_by(hit.id) or named
        if sha is None:
            continue
        try:
            changed = commit_changes(git, sha).files
        except GitError:  # rewritten since, or of another clone
            continue
        files = (file.path for file in changed if not file.path.startswith(FOLDER))
        found[hit.id] = Fix(sha, tuple(files))
    return found


def from_cases(
    trouble: Trouble, cases: Sequence[Hit], open_cases: Sequence[Hit], fixed: Fixes
) -> Suggestion:
    """Return what the solved cases say by themselves.

    Args:
        open_cases: errors like it that have no solution either.
        fixed: how the cases were fixed.
    """
    best = [hit for hit in cases if hit.score >= _MEDIUM] or list(cases[:1])
    solution = _solution(best[0]) if best else ""
    others = (_solution(hit) for hit in cases[1 : _ALTERNATIVES + 1])
    return Suggestion(
        solution=solution,
        confidence=_confidence(best[0].score) if best else "low",
        cases=[hit.id for hit in best],
        alternatives=[text for text in dict.fromkeys(others) if text != solution],
        debugging_tips=_tips(trouble, best, open_cases, fixed),
    )


def _solution(hit: Hit) -> str:
    return hit.record.solution or "" if isinstance(hit.record, Error) else ""


def _confidence(score: float) -> Confidence:
    return "high" if score >= _HIGH else "medium" if score >= _MEDIUM else "low"


def _tips(
    trouble: Trouble, best: Sequence[Hit], open_cases: Sequence[Hit], fixed: Fixes
) -> list[str]:
    """Return what the records themselves advise to look at."""
    tips = []
    own = [frame for frame in frames(trouble.text) if frame.own]
    if own:
        tips.append(f"Look at {own[-1].function or 'the line'} in {own[-1].path}.")
    for hit in best[:1]:
        if hit.id in fixed:
            tips.append(f"{hit.id} was fixed in {_told(fixed[hit.id])}.")
        if isinstance(hit.record, Error) and hit.record.file_path:
            tips.append(f"{hit.id} happened in {hit.record.file_path}: compare what is done there.")
    if trouble.error is not None and trouble.error.occurrences > 1:
        seen = trouble.error.occurrences
        tips.append(f"It came {seen} times: a test that reproduces it would keep it away.")
    if open_cases:
        names = ", ".join(hit.id for hit in open_cases[:_FILES])
        tips.append(f"Not solved either, and much alike: {names}.")
    return tips


def _told(fix: Fix) -> str:
    more = f" and {len(fix.files) - _FILES} more" if len(fix.files) > _FILES else ""
    files = ", ".join(one_line(path, 200) for path in fix.files[:_FILES])
    return f"{fix.commit[:12]} ({files}{more})" if files else fix.commit[:12]


def ask(
    purse: Purse, trouble: Trouble, cases: Sequence[Hit], open_cases: Sequence[Hit], fixed: Fixes
) -> Outcome[Suggestion]:
    """Return what the user's model suggests, or why it was not asked."""
    return run(SOLUTION_SUGGESTION, purse, blocks(trouble, cases, open_cases, fixed))


def blocks(
    trouble: Trouble, cases: Sequence[Hit], open_cases: Sequence[Hit], fixed: Fixes
) -> dict[str, str]:
    """Return what a model is given: the error, and the cases with their solutions."""
    return {
        "error": trouble.text[:_TRACE],
        "cases": "\n".join(_case(hit, fixed) for hit in cases),
        "unsolved": "\n".join(f"{hit.id} {in_brief(hit.title)}" for hit in open_cases),
    }


def _case(hit: Hit, fixed: Fixes) -> str:
    error = hit.record
    assert isinstance(error, Error)
    where = f" in {error.file_path}" if error.file_path else ""
    head = in_brief(f"{error.error_type}: {error.message}", _LONG)
    return (
        f"{hit.id} (alike {hit.score:.2f}) {head}{where}; "
        f"solved: {in_brief(error.solution or '', _LONG)}"
        + (f" in {_told(fixed[hit.id])}" if hit.id in fixed else "")
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
