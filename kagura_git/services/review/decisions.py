"""What a change does to decisions: added, edited, accepted, superseded, deleted; told twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kagura_git.git import objects
from kagura_git.model.mapping import to_mapping
from kagura_git.model.merge_values import same
from kagura_git.model.reasoned import lacking
from kagura_git.model.records import Decision, first_line
from kagura_git.model.similar import twins
from kagura_git.services.review.report import (
    DecisionChange,
    DecisionStep,
    FieldChange,
    Finding,
    Pair,
    SignatureState,
    finding,
)
from kagura_git.services.review.trees import Step, Trees
from kagura_git.services.signatures import in_short

# What accepting, superseding and merging write themselves, and what only points elsewhere.
_OWN_WAY: Final = {
    "status", "supersedes", "superseded_by", "reviewed_by", "reviewed_at", "review_note",
    "signature", "conflicts", "related_files", "tags",
}  # fmt: skip


def changes(
    steps: Iterable[Step], signatures: Mapping[str, SignatureState]
) -> list[DecisionChange]:
    """Return what became of each decision that the change touches, additions first."""
    found = [change for step in steps if (change := _change(step, signatures)) is not None]
    order = ("added", "superseded", "accepted", "rejected", "changed", "deleted")
    return sorted(found, key=lambda change: (order.index(change.change), change.id))


def _change(step: Step, signatures: Mapping[str, SignatureState]) -> DecisionChange | None:
    shown = step.after or step.before
    if not isinstance(shown, Decision):
        return None
    before, after = (r if isinstance(r, Decision) else None for r in (step.before, step.after))
    return DecisionChange(
        id=step.id,
        path=step.path,
        change=_what(before, after),
        status=shown.status,
        title=shown.title,
        rationale=shown.rationale,
        alternatives=shown.alternatives,
        related_files=shown.related_files,
        author=shown.author,
        fields=_fields(before, after) if before and after else [],
        reviewed_by=shown.reviewed_by,
        signature=signatures.get(step.id) if after else None,
    )


def _what(before: Decision | None, after: Decision | None) -> DecisionStep:
    if after is None:
        return "deleted"
    if before is None:
        return "added"
    if before.status != after.status and after.status != "proposed":
        return after.status
    return "changed"


def _fields(before: Decision, after: Decision) -> list[FieldChange]:
    old, new = to_mapping(before), to_mapping(after)
    for side, record in ((old, before), (new, after)):
        side["signature"] = in_short(record.signature)
    names = dict.fromkeys([*new, *old])
    return [
        FieldChange(name, old.get(name), new.get(name))
        for name in names
        if not same(old.get(name), new.get(name))
    ]


def findings(trees: Trees, changed: Iterable[DecisionChange]) -> Iterator[Finding]:
    """Yield what a reviewer may want to see put right in these decisions."""
    changed = list(changed)
    for change in changed:
        place: dict[str, Any] = {"path": change.path, "record": change.id}
        edited = [field.name for field in change.fields if field.name not in _OWN_WAY]
        old = trees.record(trees.before.get(change.id))
        accepted = isinstance(old, Decision) and old.status == "accepted"
        if change.change == "deleted":
            yield finding(
                "deleted", f"{change.id} ({change.status}) is deleted: {change.title}",
                f"`git kagura decision supersede {change.id} --by ...` keeps why it once held.",
                **place,
            )  # fmt: skip
        elif accepted and edited:
            yield finding(
                "edited-accepted",
                f"{change.id} was accepted, and its {', '.join(edited)} is edited in place",
                "Record a new decision with `--supersedes`, so that what was agreed on stays.",
                **place,
            )
        if change.change == "added" and not change.alternatives:
            yield finding(
                "no-alternatives", f"{change.id} names no alternatives: {change.title}",
                "Say what else was considered.", **place,
            )  # fmt: skip
        new = trees.record(trees.after.get(change.id))
        lacks = lacking(new) if change.change == "added" and isinstance(new, Decision) else ""
        if lacks:
            yield finding(
                "thin-rationale", f"{change.id} has {lacks}: {change.title}",
                "Say why, against what it was weighed.", **place,
            )  # fmt: skip
    yield from _broken_links(trees, changed)


def _broken_links(trees: Trees, changed: Iterable[DecisionChange]) -> Iterator[Finding]:
    named = [
        (change, path)
        for change in changed
        if change.change != "deleted" and change.status in ("proposed", "accepted")
        for path in change.related_files
        if "\n" not in path and "\0" not in path
    ]
    names = [f"{trees.head}:{path.rstrip('/')}" for _, path in named]
    for (change, path), there in zip(named, objects.heads(trees.git, names), strict=True):
        if there.kind is None:
            yield finding(
                "broken-link", f"{change.id} names {path}, which is not there",
                "Correct its related files.", path=change.path, record=change.id,
            )  # fmt: skip


def known(trees: Trees) -> dict[str, Decision]:
    """Return every decision of the head and of the base by id, as the head has it."""
    found: dict[str, Decision] = {}
    for side in (trees.theirs, trees.after):
        found |= {decision.id: decision for decision in trees.decisions(side)}
    return found


def pairs(trees: Trees, restated: Iterable[Pair] = ()) -> list[Pair]:
    """Return the decisions of the change that repeat another one, here or on the base.

    Args:
        restated: those that do so in other words; what repeats word by word comes first.
    """
    decided = known(trees)
    new = {name for name in trees.touched if name in trees.after}
    found = [
        Pair(
            id=other if other in new else one,
            other=one if other in new else other,
            title=decided[other if other in new else one].title,
            other_title=decided[one if other in new else other].title,
            score=score,
        )
        for one, other, score in twins(decided.values(), of=new)
    ]
    told = {name for pair in found for name in (pair.id, pair.other) if name in new}
    return [*found, *(pair for pair in restated if pair.id not in told)]


def pair_findings(trees: Trees, found: Iterable[Pair]) -> Iterator[Finding]:
    """Yield a finding for each pair."""
    for pair in found:
        yield finding(
            "duplicate",
            f"{pair.id} and {pair.other} say nearly the same: {first_line(pair.title)}",
            f"If they are one decision, `git kagura decision merge {pair.other} {pair.id}` "
            "joins them.",
            path=trees.after[pair.id].path, record=pair.id,
        )  # fmt: skip
