"""Merging two versions of a record by meaning, field by field, against their common base.

Pure and symmetric: two clones that merge the same pair in opposite directions
get the same bytes. What no rule can join is kept, both values, under
``conflicts``; the field itself shows one of them, and the record stays as
usable as any other.

A field counts as the set of values that are in dispute: one, as long as it has
no entry under ``conflicts``. Whoever edits the field and removes the entry has
settled it; merged three-way, the other side cannot bring it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from kagura_git.errors import Conflict
from kagura_git.model.ids import Kind
from kagura_git.model.mapping import from_mapping, to_mapping
from kagura_git.model.merge_values import (
    CLASH,
    GONE,
    Rule,
    bag,
    canonical,
    count,
    newest,
    oldest,
    ordered,
    same,
    scalar,
    three_way,
    united,
    whole,
)
from kagura_git.model.records import Record

Fields = dict[str, Any]
Three = tuple[Any, Any, Any]  # of the base, of ours, of theirs

_RANK: Final = {"proposed": 0, "accepted": 1, "rejected": 1, "superseded": 2}


class _Group(NamedTuple):
    """Fields that are in dispute together; ``moment`` names the one that says which is later.

    ``later_wins``: of what cannot be joined the later one is right, and there is no dispute.
    """

    lead: str
    moment: str
    rules: Mapping[str, Rule]
    later_wins: bool = False


def _status(base: str, ours: str, theirs: str) -> Any:
    """Return the status further on in the lifecycle."""
    if _RANK[ours] == _RANK[theirs]:
        return CLASH
    return max(ours, theirs, key=_RANK.__getitem__)


# Joined by no rule of its own: it goes with the review that it was made over.
_SIGNATURE: Final = "signature"
_DECISION: Final[dict[str, Rule]] = {
    "status": _status,
    "superseded_by": scalar,
    "reviewed_by": scalar,
    "reviewed_at": newest,
    "review_note": scalar,
    _SIGNATURE: scalar,
}
_ERROR: Final[dict[str, Rule]] = {
    "resolved": scalar,
    "solution": scalar,
    "resolved_at": newest,
    "resolved_commit": scalar,
}
_SESSION: Final[dict[str, Rule]] = {
    "ended_at": newest,
    "success": scalar,
    "summary": scalar,
    "summary_model": scalar,
    "summary_prompt": scalar,
    "summary_cost": scalar,
}
_PATTERN: Final = (
    "description", "frequency", "total", "confidence", "severity", "examples", "recommendation",
    "source", "learned_at",
)  # fmt: skip
_GROUPS: Final[dict[Kind, _Group]] = {
    "decision": _Group("status", "reviewed_at", _DECISION),
    "error": _Group("solution", "resolved_at", _ERROR),
    "session": _Group("summary", "ended_at", _SESSION),
    "pattern": _Group("description", "learned_at", dict.fromkeys(_PATTERN, whole), later_wins=True),
}
_COUNTED: Final = ("occurrences", "seen")
_SETS: Final = ("alternatives", "tags", "related_files", "supersedes")
_MOMENTS: Final[dict[str, Rule]] = {
    "last_seen": newest,
    "created_at": oldest,
    "started_at": oldest,
}
# What a record says before anybody has said anything: the base of two that have none.
_BLANK: Final[Fields] = {
    "status": "proposed",
    "confidence": 0.8,
    "resolved": False,
    "occurrences": 1,
}


def merge(base: Record | None, ours: Record, theirs: Record) -> Record:
    """Return the record that holds what either side changed since their base.

    Args:
        base: the version both come from; None where they have none in common.

    Raises:
        Conflict: the two are not the same record.
    """
    if type(ours) is not type(theirs) or ours.id != theirs.id:
        raise Conflict(f"{ours.id} and {theirs.id} are not the same record", where=ours.id)
    known = set(ours.__struct_fields__) - {"extra"}
    if base is not None and base.id == ours.id:
        start = to_mapping(base)
    else:
        start = {name: value for name, value in _BLANK.items() if name in known}
    sides = (start, to_mapping(ours), to_mapping(theirs))
    if same(sides[1], sides[2]) or same(sides[2], start):
        return ours
    if same(sides[1], start):
        return theirs
    return from_mapping(_merged(_GROUPS[ours.kind], known, sides))


def _merged(group: _Group, known: set[str], sides: Three) -> Fields:
    disputes = tuple(side.get("conflicts", {}) for side in sides)
    out, left = _merged_group(group, sides, disputes)
    if "seen" in known:
        out.update(_counted(sides))
    done = known & {"conflicts", *group.rules, *_COUNTED}
    for name in (name for name in ordered(*sides) if name not in done):
        values = _of(sides, name)
        if name in _SETS and name in known:
            out[name] = _set(values)
        elif name in _MOMENTS and name in known:
            out[name] = three_way(*values, _MOMENTS[name])
        else:
            out[name], left[name] = _settled(values, _of(disputes, name), scalar, _longer)
    for name in ordered(*disputes):
        if name not in left:  # of a field that always joins, or that is not there
            left[name] = _set(_of(disputes, name)) or GONE
    names = ordered(*disputes)
    names += sorted(left.keys() - {*names})
    out["conflicts"] = {name: left[name] for name in names if left[name] is not GONE}
    return {name: value for name, value in out.items() if value is not GONE}


def _of(sides: Any, name: str) -> Three:
    base, ours, theirs = (side.get(name, GONE) for side in sides)
    return base, ours, theirs


def _set(values: Three) -> list[Any]:
    base, ours, theirs = ([] if value is GONE else value for value in values)
    joined: list[Any] = three_way(base, ours, theirs, united)
    return joined


def _counted(sides: Three) -> Fields:
    """Return the moments an error was seen, and how often that was.

    Moments are told apart, so none counts twice. What a side has counted beyond
    its moments (an import, an older version) cannot be told apart: the larger
    of both numbers stands.
    """
    states = [(side["occurrences"], side.get("seen", [])) for side in sides]
    base, ours, theirs = states
    if same(ours, theirs) or same(theirs, base):
        return dict(zip(_COUNTED, ours, strict=True))
    if same(ours, base):
        return dict(zip(_COUNTED, theirs, strict=True))
    seen = bag(*(moments for _, moments in states))
    beyond = count(*(max(0, number - len(moments)) for number, moments in states))
    return {"occurrences": max(1, len(seen) + beyond), "seen": seen}


def _merged_group(group: _Group, sides: Three, disputes: Any) -> tuple[Fields, Fields]:
    base, ours, theirs = (
        {name: side[name] for name in group.rules if name in side} for side in sides
    )

    def rule(base: Fields, ours: Fields, theirs: Fields) -> Any:
        if group.later_wins:
            return max(ours, theirs, key=rank)
        out = {}
        for name, joined in group.rules.items():
            if name == _SIGNATURE:
                continue
            value = three_way(*_of((base, ours, theirs), name), joined)
            if value is CLASH:
                return CLASH
            if value is not GONE:
                out[name] = value
        if not _said_by_one(out, ours, theirs):
            return CLASH
        return _with_signature(out, ours, theirs)

    def rank(fields: Fields) -> Any:
        return (
            fields.get(group.moment, ""),
            _RANK.get(fields.get("status", ""), 0),
            canonical(fields),
        )

    listed = _of(disputes, group.lead)
    shown, entry = _settled((base, ours, theirs), listed, rule, rank)
    return dict(shown), {group.lead: entry}


def _said_by_one(out: Fields, ours: Fields, theirs: Fields) -> bool:
    """Tell whether a review's note still stands beside the name of who wrote it."""
    found, *given = (
        (fields.get("reviewed_by"), fields.get("review_note")) for fields in (out, ours, theirs)
    )
    return found in given or given[0][0] == given[1][0]


def _with_signature(out: Fields, ours: Fields, theirs: Fields) -> Any:
    """Return the joined review with the signature made over it; ``CLASH`` where that is none.

    A signature is over one reviewer's words at one moment: it goes with them, or not at all.
    """
    signed = [fields for fields in (ours, theirs) if _SIGNATURE in fields]
    own = [fields for fields in (ours, theirs) if _review(fields) == _review(out)]
    if signed and not own:
        return CLASH
    found = [fields[_SIGNATURE] for fields in own if fields in signed]
    return {**out, _SIGNATURE: max(found, key=canonical)} if found else out


def _review(fields: Fields) -> list[Any]:
    return [fields.get(name) for name in ("reviewed_by", "reviewed_at", "review_note")]


def _longer(value: Any) -> tuple[int, str, str]:
    """Return the sort key that shows the longer value, with no two values equal.

    The canonical form is last: the text ``1`` and the number 1 are written alike without it.
    """
    text = value if isinstance(value, str) else canonical(value)
    return len(text), text, canonical(value)


def _settled(
    values: Three, listed: Three, rule: Rule, rank: Callable[[Any], Any]
) -> tuple[Any, Any]:
    """Return what a field shows, and the values in dispute (``GONE`` if there is no dispute).

    Args:
        values: what the field shows on each side.
        listed: the field's entry under ``conflicts`` on each side.
        rule: joins two changes, or says that it cannot.
        rank: which of two values to show, the higher one.
    """
    base, ours, theirs = zip(values, listed, strict=True)
    if all(map(same, ours, theirs)) or all(map(same, theirs, base)):
        return ours
    if all(map(same, ours, base)):
        return theirs
    if all(entry is GONE for entry in listed):
        merged = three_way(*values, rule)
        if merged is not CLASH:
            return merged, GONE
    held, mine, yours = (_candidates(*state) for state in (base, ours, theirs))
    # A value without an entry was chosen: it stays in, whatever the other side made of it.
    chosen = [value for value, entry in (ours, theirs) if entry is GONE and value is not GONE]
    found = united([], [*united(held, mine, yours), *chosen], []) or united([], mine, yours)
    shown = [value for value in values[1:] if value is not GONE]
    # Of what the sides show: what stands only in an entry may not even be of the right type.
    best = max([value for value in shown if _in(value, found)] or shown, key=rank, default=GONE)
    if best is not GONE:
        found = united([], [*found, best], [])
    return best, (found if len(found) > 1 else GONE)


def _candidates(value: Any, entry: Any) -> list[Any]:
    return [*([] if entry is GONE else entry), *([] if value is GONE else [value])]


def _in(value: Any, found: list[Any]) -> bool:
    return canonical(value) in map(canonical, found)
