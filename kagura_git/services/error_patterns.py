"""Which errors are of one kind, what they have in common, and how to keep them away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from kagura_git.llm.operation import Operation, Outcome, Purse, run
from kagura_git.model.fingerprint import message_shape
from kagura_git.model.mapping import iso
from kagura_git.model.printable import in_brief
from kagura_git.model.records import Error

if TYPE_CHECKING:
    from numpy.typing import NDArray

Severity = Literal["high", "medium", "low"]
# Passages of errors of one kind are that alike, see benchmarks/kinds.py.
ALIKE: Final = 0.75
MOST_GROUPS: Final = 10
# Compared by meaning; those seen least are left as they are.
_MOST_KINDS: Final = 2_000
_SHOWN: Final = 5
_LONG: Final = 600


class PatternFound(msgspec.Struct, frozen=True):
    """What a model says of one group."""

    group: str
    root_cause: str
    prevention: str
    prevention_code: str
    quick_fix: list[str]
    severity: Severity


class PatternsFound(msgspec.Struct, frozen=True):
    """What a model says of all groups."""

    patterns: list[PatternFound]


ERROR_PATTERNS: Final = Operation(
    name="error_patterns",
    purpose="Find the patterns behind recurring errors",
    answer=PatternsFound,
    typical_out=900,
    most_out=6_000,
    kept=True,
)


@dataclass(frozen=True, slots=True)
class Group:
    """Errors of one kind, the one seen most often first."""

    name: str
    errors: tuple[Error, ...]

    @property
    def times(self) -> int:
        """How often they were seen."""
        return sum(error.occurrences for error in self.errors)


def groups(errors: Sequence[Error], vectors: Mapping[str, NDArray[Any]]) -> list[Group]:
    """Return the kinds of errors that came more than once, the most frequent first.

    Errors of one type and one message shape are one kind; by meaning each such kind
    joins the one whose middle it is nearest to, if it is near enough.

    Args:
        vectors: the unit vector of each error, by id; empty without a model.
    """
    ranked = sorted(errors, key=lambda error: (-error.occurrences, error.created_at, error.id))
    gathered = _by_shape(ranked)
    if vectors:
        gathered = _by_meaning(gathered, vectors)
    often = [members for members in gathered if sum(e.occurrences for e in members) > 1]
    often.sort(key=lambda members: -sum(error.occurrences for error in members))
    return [Group(f"G{n}", tuple(members)) for n, members in enumerate(often[:MOST_GROUPS], 1)]


def _by_shape(errors: Sequence[Error]) -> list[list[Error]]:
    found: dict[tuple[str, str], list[Error]] = {}
    for error in errors:
        key = (error.error_type, message_shape(error.message))
        found.setdefault(key, []).append(error)
    return list(found.values())


def _by_meaning(
    kinds: Sequence[list[Error]], vectors: Mapping[str, NDArray[Any]]
) -> list[list[Error]]:
    import numpy as np

    members: list[list[Error]] = []
    size = min(len(kinds), _MOST_KINDS)
    sums = np.zeros((size, len(next(iter(vectors.values())))), np.float32)
    for kind in kinds[:size]:
        known = [vectors[error.id] for error in kind if error.id in vectors]
        middle = np.sum(known, axis=0) if known else np.zeros(sums.shape[1], np.float32)
        held = sums[: len(members)]
        lengths = np.linalg.norm(held, axis=1) * np.linalg.norm(middle)
        likeness = (held @ middle) / np.maximum(lengths, 1e-9)
        best = int(likeness.argmax()) if len(likeness) else -1
        if best >= 0 and likeness[best] >= ALIKE:
            members[best].extend(kind)
            sums[best] += middle
        else:
            sums[len(members)] = middle
            members.append(list(kind))
    return [*members, *map(list, kinds[size:])]


def from_records(group: Group) -> dict[str, Any]:
    """Return what the records of a group say by themselves, as JSON-ready values."""
    errors = group.errors
    solutions = [e for e in errors if e.solution]
    newest = max(solutions, key=lambda e: e.resolved_at or e.created_at, default=None)
    files = Counter(e.file_path for e in errors if e.file_path)
    seen = [e.last_seen or e.created_at for e in errors]
    back = [e for e in errors if _came_back(e)]
    return {
        "group": group.name,
        "title": in_brief(errors[0].title, 200),
        "errors": [error.id for error in errors],
        "error_types": list(dict.fromkeys(error.error_type for error in errors)),
        "times": group.times,
        "files": [name for name, _ in files.most_common(_SHOWN)],
        "first_seen": iso(min(error.created_at for error in errors)),
        "last_seen": iso(max(seen)),
        "solved": len(solutions),
        "solutions": [
            {"id": e.id, "solution": in_brief(e.solution or "", _LONG)} for e in solutions[:_SHOWN]
        ],
        "root_cause": "",
        "prevention": _prevention(group, back, files),
        "prevention_code": "",
        "quick_fix": [f"{newest.id}: {in_brief(newest.solution or '', _LONG)}"] if newest else [],
        "severity": _severity(group, back),
        "source": "records",
    }


def _came_back(error: Error) -> bool:
    return (
        error.resolved_at is not None and (error.last_seen or error.created_at) > error.resolved_at
    )


def _prevention(group: Group, back: Sequence[Error], files: Counter[str]) -> str:
    """Return what the counts advise; a cause nobody has written down is not made up."""
    if back:
        return f"{back[0].id} came back after it was solved: a test that reproduces it is missing."
    if len(group.errors) > 1 and files:
        name, count = files.most_common(1)[0]
        if count > 1:
            return f"{count} of {len(group.errors)} happened in {name}: look at what they share."
    return ""


def _severity(group: Group, back: Sequence[Error]) -> Severity:
    unsolved = any(not error.resolved for error in group.errors)
    if back or (group.times >= 5 and unsolved):
        return "high"
    return "medium" if unsolved else "low"


def ask(purse: Purse, found: Sequence[Group]) -> Outcome[PatternsFound]:
    """Return what the user's model says of the groups, or why it was not asked."""
    return run(ERROR_PATTERNS, purse, blocks(found))


def blocks(found: Sequence[Group]) -> dict[str, str]:
    """Return what a model is given: each group with its errors and their solutions."""
    return {group.name: "\n".join(_told(group)) for group in found} or {"groups": ""}


def _told(group: Group) -> list[str]:
    lines = [f"{len(group.errors)} errors, {group.times} times"]
    for error in group.errors[:_SHOWN]:
        fate = f"solved: {in_brief(error.solution, _LONG)}" if error.solution else "not solved"
        where = f" in {error.file_path}" if error.file_path else ""
        head = in_brief(f"{error.error_type}: {error.message}", _LONG)
        lines.append(f"{error.id} {head}{where} ({error.occurrences} times), {fate}")
        if error.stack_trace:
            lines.append(error.stack_trace[-_LONG:])
    return lines


def joined(told: Sequence[dict[str, Any]], answer: PatternsFound) -> list[dict[str, Any]]:
    """Return the groups with what a model says of them; groups it makes up are left out."""
    by_name = {item.group: item for item in answer.patterns}
    out = []
    for item in told:
        said = by_name.get(item["group"])
        if said is None:
            out.append(item)
            continue
        more = msgspec.to_builtins(said)
        fixes = [in_brief(step, _LONG) for step in said.quick_fix] or item["quick_fix"]
        out.append({**item, **more, "quick_fix": fixes, "source": "model"})
    return out
