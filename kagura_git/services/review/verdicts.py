"""What the user's language model says of decisions that may contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from kagura_git.git.run import Git
from kagura_git.llm.operation import Operation, Outcome, Purse, run
from kagura_git.model.opposing import Read, linked
from kagura_git.model.printable import in_brief
from kagura_git.model.records import Decision
from kagura_git.services.review import decisions
from kagura_git.services.review.contradictions import Case, cases, likely, own, repeated
from kagura_git.services.review.report import Verdict
from kagura_git.services.review.trees import Trees, opened

# Pairs in one question.
MOST: Final = 16
_NEAREST: Final = 4
_BESIDE: Final = 2
_LONG: Final = 600
_EXPLAINED: Final = 300


class Judged(msgspec.Struct, frozen=True):
    """What a model says of one pair."""

    pair: str
    contradicts: bool
    explanation: str


class Judgement(msgspec.Struct, frozen=True):
    """What a model says of all pairs."""

    verdicts: list[Judged]


CONTRADICTIONS: Final = Operation(
    name="contradictions",
    purpose="Judge whether new decisions contradict earlier ones",
    answer=Judgement,
    typical_out=600,
    most_out=3_000,
    kept=True,
)


class Counsel(NamedTuple):
    """Who is asked: the purse that pays, and what finds decisions close in meaning to a text.

    Args:
        near: returns the ids of the nearest decisions, nearest first.
    """

    purse: Purse
    near: Callable[[str, int], Sequence[str]]


def question(
    trees: Trees,
    compared: Sequence[tuple[Read, Read]],
    found: Sequence[Case],
    counsel: Counsel,
) -> list[Case]:
    """Return the cases to ask about: what words oppose, then what is nearest in meaning.

    Args:
        compared: the decisions of the change with those that share their words.
    """
    known = decisions.known(trees)
    asked = {frozenset((case.new.id, case.old.id)) for case in found}
    more: list[tuple[int, Case]] = []
    for new in own(trees):
        text = f"{new.decision}\n{new.rationale}"[: 2 * _LONG]
        near = counsel.near(text, _NEAREST + 1)
        shared = (old.decision.id for mine, old in compared if mine.decision.id == new.id)
        # The index may be of another branch, or not there.
        for rank, name in enumerate([*near, *islice(shared, _BESIDE if near else _NEAREST)]):
            old = known.get(name)
            pair = frozenset((new.id, name))
            if old is None or len(pair) < 2 or pair in asked or linked(old, new):
                continue
            if old.status in ("proposed", "accepted"):
                asked.add(pair)
                more.append((rank, Case(new, old, None)))
    # The nearest of each, then the second of each: many new decisions must not hide the last.
    nearest = sorted(more, key=lambda pair: pair[0])
    return [*found, *(case for _, case in nearest)][:MOST]


def would_ask(git: Git, base: str, head: str, counsel: Counsel) -> list[Case]:
    """Return the cases that a review of a range would ask about, for an estimate."""
    trees = opened(git, base, head)
    compared = likely(trees, decisions.known(trees))
    pairs = decisions.pairs(trees, repeated(compared))
    return question(trees, compared, cases(compared, pairs), counsel)


def ask(
    counsel: Counsel, found: Sequence[Case]
) -> tuple[dict[tuple[str, str], Verdict], Outcome[Judgement]]:
    """Return what the user's model says, by new and old id, and what became of the question.

    Pairs that it makes up are left out.
    """
    outcome = run(CONTRADICTIONS, counsel.purse, blocks(found))
    verdicts: dict[tuple[str, str], Verdict] = {}
    if outcome.answer is not None:
        by_name = {f"P{n}": case for n, case in enumerate(found, 1)}
        for said in outcome.answer.verdicts:
            case = by_name.pop(said.pair, None)
            if case is not None:
                verdicts[case.new.id, case.old.id] = Verdict(
                    contradicts=said.contradicts,
                    explanation=in_brief(said.explanation, _EXPLAINED),
                )
    return verdicts, outcome


def blocks(found: Sequence[Case]) -> dict[str, str]:
    """Return what a model is given: each pair, the earlier decision first."""
    return {
        f"P{n}": "\n".join([*_told("earlier", case.old), *_told("later", case.new)])
        for n, case in enumerate(found, 1)
    } or {"pairs": ""}


def _told(which: str, decision: Decision) -> Iterator[str]:
    yield f"{which}: {decision.id} ({decision.status}) {in_brief(decision.decision, _LONG)}"
    yield f"  because: {in_brief(decision.rationale, _LONG)}"
    if decision.alternatives:
        yield f"  instead of: {in_brief('; '.join(decision.alternatives), _LONG)}"
