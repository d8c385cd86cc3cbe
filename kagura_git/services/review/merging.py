"""What merging has left open in records, and what merging this change will leave open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kagura_git.services.review.report import Conflict, Finding, finding
from kagura_git.services.review.trees import Trees
from kagura_git.store.merging import merge_bytes


def conflicts(trees: Trees) -> list[Conflict]:
    """Return the records of the head with both sides' values, and those that will have them."""
    found = []
    for name, version in sorted(trees.after.items()):
        if b"conflicts" not in (trees.data(version) or b""):
            continue  # thousands of records need not be parsed for the few
        record = trees.record(version)
        if record is not None and record.conflicts:
            found.append(
                Conflict(id=name, path=version.path, fields=record.conflicts, on_merge=False)
            )
    return [*found, *_coming(trees)]


def _coming(trees: Trees) -> Iterator[Conflict]:
    for name in trees.touched:
        versions = [side.get(name) for side in (trees.before, trees.after, trees.theirs)]
        base, ours, theirs = map(trees.data, versions)
        if None in (ours, theirs) or theirs == base:
            continue
        path = trees.after[name].path
        merged = merge_bytes(base, ours, theirs, path).record
        mine, yours = trees.record(versions[1]), trees.record(versions[2])
        if merged is None or mine is None or yours is None:
            continue
        fresh = {
            field: values
            for field, values in merged.conflicts.items()
            if values not in (mine.conflicts.get(field), yours.conflicts.get(field))
        }
        if fresh:
            yield Conflict(id=name, path=path, fields=fresh, on_merge=True)


def findings(found: Iterable[Conflict]) -> Iterator[Finding]:
    """Yield a finding for each record in conflict."""
    for conflict in found:
        names = ", ".join(conflict.fields)
        if conflict.on_merge:
            yield finding(
                "merge-conflict",
                f"{conflict.id}: both this change and the base edit {names}; a merge keeps both",
                "Agree on the text before merging, or settle it in the file after it.",
                path=conflict.path, record=conflict.id,
            )  # fmt: skip
        else:
            yield finding(
                "conflict", f"{conflict.id}: a merge kept both sides' {names}",
                "Write what is right into the field, and remove its entry under `conflicts:`.",
                path=conflict.path, record=conflict.id,
            )  # fmt: skip
