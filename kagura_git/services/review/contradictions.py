"""Which decisions of a change oppose others, here or on the base, that they do not supersede."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec.structs import replace

from kagura_git.model.opposing import AT_LEAST, Opposition, Read, opposed, read
from kagura_git.model.records import Decision
from kagura_git.model.restating import restated
from kagura_git.model.shortlist import shortlists
from kagura_git.services.review.report import Contradiction, Finding, Pair, Verdict, finding
from kagura_git.services.review.trees import Trees

# Of each new decision the surest are told.
_TOLD: Final = 5
_SAYS: Final = ("decision", "alternatives", "status", "supersedes")


class Case(NamedTuple):
    """A decision of the change with one that it may oppose; ``by`` is None if no words say so."""

    new: Decision
    old: Decision
    by: Opposition | None


def likely(trees: Trees, known: dict[str, Decision]) -> list[tuple[Read, Read]]:
    """Return the decisions of the change, each with those that may be about the same thing.

    Args:
        known: every decision, the head's own word where it has one.
    """
    new = own(trees)
    order = sorted(known.values(), key=lambda item: (item.created_at, item.id))
    standing = [d for d in order if d.status != "superseded" and not _gone(trees, d.id)]
    reads = [read(decision) for decision in new]
    of_change = {decision.id for decision in new}
    others: dict[str, Read] = {}
    found = []
    for mine, near in zip(reads, shortlists(reads, standing), strict=True):
        for old in near:
            if _in_order(old, mine.decision, of_change):
                if old.id not in others:
                    others[old.id] = read(old)
                found.append((mine, others[old.id]))
    return found


def repeated(compared: Iterable[tuple[Read, Read]]) -> list[Pair]:
    """Return the decisions that say in other words what another one says, the surest of each."""
    best: dict[str, Pair] = {}
    for new, old in compared:
        score = restated(new, old)
        known = best.get(new.decision.id)
        if score and (known is None or score > known.score):
            best[new.decision.id] = Pair(
                id=new.decision.id,
                other=old.decision.id,
                title=new.decision.title,
                other_title=old.decision.title,
                score=score,
            )
    return list(best.values())


def cases(compared: Iterable[tuple[Read, Read]], pairs: Iterable[Pair]) -> list[Case]:
    """Return the decisions of the change with those that they oppose, surest first.

    Args:
        pairs: what says the same does not oppose it.
    """
    same = {frozenset((pair.id, pair.other)) for pair in pairs}
    by_new: dict[str, list[Case]] = {}
    for new, old in compared:
        if frozenset((new.decision.id, old.decision.id)) not in same:
            by = opposed(old, new)
            if by is not None:
                case = Case(new.decision, old.decision, by)
                by_new.setdefault(new.decision.id, []).append(case)
    told_ = (case for found in by_new.values() for case in sorted(found, key=_surest)[:_TOLD])
    return sorted(told_, key=_surest)


def own(trees: Trees) -> list[Decision]:
    """Return the decisions that the change adds, or of which it changes what they say."""
    found = []
    for name in trees.touched:
        after, before = trees.record(trees.after.get(name)), trees.record(trees.before.get(name))
        if isinstance(after, Decision) and after.status in ("proposed", "accepted"):
            said = [getattr(after, field) for field in _SAYS]
            if not isinstance(before, Decision) or said != [getattr(before, f) for f in _SAYS]:
                found.append(after)
    return found


def _gone(trees: Trees, name: str) -> bool:
    return name in trees.before and name not in trees.after


def _in_order(old: Decision, new: Decision, of_change: set[str]) -> bool:
    """Tell whether the old one is that: of two that the change brings, the earlier is."""
    if old.id not in of_change:
        return True
    return (old.created_at, old.id) < (new.created_at, new.id)


def _surest(case: Case) -> tuple[float, str, str]:
    return (-(case.by.score if case.by else 0.0), case.new.id, case.old.id)


def told(found: Iterable[Case], verdicts: dict[tuple[str, str], Verdict]) -> list[Contradiction]:
    """Return the contradictions that words or a model's verdict speak for.

    Args:
        verdicts: what a model says, by the ids of the new and the old decision. It may
            explain what the words say, or speak against it; it adds no pair of its own.
    """
    out = []
    for case in found:
        verdict = verdicts.get((case.new.id, case.old.id))
        sure = case.by is not None and case.by.score >= AT_LEAST
        if sure or (verdict is not None and verdict.contradicts):
            out.append(_contradiction(case, verdict))
    return out


def _contradiction(case: Case, verdict: Verdict | None) -> Contradiction:
    by = case.by
    return Contradiction(
        id=case.new.id,
        other=case.old.id,
        kind=by.kind if by else "meaning",
        message=by.message if by else f"{case.new.id} speaks against {case.old.id}",
        score=round(by.score, 2) if by else 0.0,
        title=case.new.title,
        other_title=case.old.title,
        verdict=verdict,
    )


def findings(trees: Trees, found: Iterable[Contradiction]) -> Iterator[Finding]:
    """Yield a finding for each contradiction; one that a model denies is only a note."""
    for item in found:
        said = item.message
        if item.verdict is not None and item.verdict.contradicts:
            said = f"{said}: {item.verdict.explanation}"
        elif item.verdict is not None:
            said = f"{said}; the model sees no contradiction: {item.verdict.explanation}"
        told_ = finding(
            "contradiction",
            said,
            f"If it replaces it: `git kagura decision supersede {item.other} --by {item.id}`.",
            path=trees.after[item.id].path,
            record=item.id,
        )
        denied = item.verdict is not None and not item.verdict.contradicts
        yield replace(told_, severity="note") if denied else told_
