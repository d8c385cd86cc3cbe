"""``review``: what a pull request should show its reviewers of decisions, errors and reasons.

Everything is read from three trees and the notes: no checkout, a bare or shallow clone will do.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kagura_git.git.log import commits
from kagura_git.git.run import Git
from kagura_git.services import staged
from kagura_git.services.review import (
    contradictions,
    decisions,
    governing,
    merging,
    problems,
    reasons,
    signing,
)
from kagura_git.services.review.report import (
    RULES,
    Contradiction,
    Finding,
    Report,
    finding,
)
from kagura_git.services.review.trees import Trees, opened

if TYPE_CHECKING:
    from kagura_git.model.opposing import Read
    from kagura_git.services.review.contradictions import Case
    from kagura_git.services.review.verdicts import Counsel

__all__ = ["RULES", "Report", "review"]

_ORDER = ("error", "warning", "note")


def review(
    git: Git,
    base: str,
    head: str,
    counsel: Callable[[], Counsel | None] | None = None,
    *,
    signatures_required: bool = False,
) -> Report:
    """Return the review of what ``head`` brings to ``base``.

    Args:
        counsel: gives the language model to ask about contradictions, if there is one;
            called only if the change brings a decision.
        signatures_required: an acceptance without a verified signature is a finding.

    Raises:
        NotFound: one of the two is no commit here.
    """
    with _uncollected():
        return _review(git, base, head, counsel, signatures_required)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for circles: thousands of records are read, and none has any."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _review(
    git: Git,
    base: str,
    head: str,
    counsel: Callable[[], Counsel | None] | None,
    signatures_required: bool,
) -> Report:
    trees = opened(git, base, head)
    steps = list(trees.steps())
    changed = decisions.changes(steps, signing.states(trees, steps))
    compared = contradictions.likely(trees, decisions.known(trees))
    pairs = decisions.pairs(trees, contradictions.repeated(compared))
    cases = contradictions.cases(compared, pairs)
    opposed, llm = _judged(trees, compared, cases, counsel)
    governed = governing.governing(trees)
    conflicts = merging.conflicts(trees)
    range_ = [f"{trees.start}..{trees.head}"]
    made = commits(git, range_)
    told = reasons.reasons(trees, made, changed)
    findings = [
        *_history(trees),
        *_unfit(trees),
        *decisions.findings(trees, changed),
        *signing.findings(trees, changed, required=signatures_required),
        *decisions.pair_findings(trees, pairs),
        *contradictions.findings(trees, opposed),
        *merging.findings(conflicts),
        *governing.findings(governed),
        *problems.findings(trees),
        *reasons.findings(told),
    ]
    return Report(
        base=trees.base,
        head=trees.head,
        merge_base=trees.merge_base,
        commits=len(made),
        decisions=changed,
        governing=governed,
        pairs=pairs,
        contradictions=opposed,
        conflicts=conflicts,
        errors=problems.changes(steps),
        reasons=told,
        findings=sorted(findings, key=lambda item: _ORDER.index(item.severity)),
        llm=llm,
    )


def _judged(
    trees: Trees,
    compared: list[tuple[Read, Read]],
    cases: list[Case],
    counsel: Callable[[], Counsel | None] | None,
) -> tuple[list[Contradiction], dict[str, Any] | None]:
    """Return what contradicts what, and what became of the question to a model."""
    who = counsel() if counsel and contradictions.own(trees) else None
    if who is None:
        return contradictions.told(cases, {}), None
    from kagura_git.services.review import verdicts

    asked = verdicts.question(trees, compared, cases, who)
    if not asked:
        return [], None
    said, outcome = verdicts.ask(who, asked)
    left = [case for case in cases if case not in asked]
    return contradictions.told([*asked, *left], said), outcome.to_dict()


def _history(trees: Trees) -> list[Finding]:
    if trees.merge_base is not None:
        return []
    return [
        finding(
            "history",
            "base and head share no commit that this clone knows: compared with the base itself",
            "Fetch more history: `git kagura review --deepen`, or `git fetch --unshallow`.",
        )
    ]


def _unfit(trees: Trees) -> list[Finding]:
    """Return what is wrong with the record files that the change adds or edits."""
    new = [trees.after[name] for name in trees.touched if name in trees.after]
    found = []
    for problem in staged.problems(trees.git, new):
        path, _, line = problem.where.rpartition(":")
        place = {"path": path, "line": int(line)} if line.isdigit() else {"path": problem.where}
        rule = "secret" if problem.message.startswith("holds a secret") else "invalid"
        found.append(finding(rule, problem.message, problem.hint, **place))
    return found
