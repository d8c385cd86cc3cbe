"""Three-way merge of plain values, each rule symmetric: both directions give the same.

Values are what JSON holds. ``GONE`` stands for a field that is not there,
``CLASH`` for two changes that no rule joins.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final

from kagura_git.model.text_merge import merge_texts


class _Mark(Enum):
    GONE = "gone"
    CLASH = "clash"


GONE: Final = _Mark.GONE
CLASH: Final = _Mark.CLASH

# Joins two values that both differ from the base and from each other.
Rule = Callable[[Any, Any, Any], Any]


def canonical(value: Any) -> str:
    """Return a text that is the same for the same JSON value only (``1``, ``1.0``, ``true``)."""
    return "" if value is GONE else json.dumps(value, default=str)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values would be written alike."""
    return one is other or canonical(one) == canonical(other)


def three_way(base: Any, ours: Any, theirs: Any, rule: Rule) -> Any:
    """Return the value that only one side changed; else what the rule makes of both.

    Where one side took a value away that the other changed, the change stays.
    """
    if same(ours, theirs) or same(theirs, base):
        return ours
    if same(ours, base):
        return theirs
    if ours is GONE or theirs is GONE:
        return theirs if ours is GONE else ours
    return rule(base, ours, theirs)


def whole(base: Any, ours: Any, theirs: Any) -> Any:
    """Join nothing."""
    return CLASH


def scalar(base: Any, ours: Any, theirs: Any) -> Any:
    """Join texts of several lines by their lines, mappings by their fields; nothing else."""
    if isinstance(ours, str) and isinstance(theirs, str):
        if not isinstance(base, str) or "\n" not in ours + theirs:
            return CLASH
        return merge_texts(base, ours, theirs) or CLASH
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return mapping(base if isinstance(base, dict) else {}, ours, theirs)
    return CLASH


def mapping(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Any:
    """Join two mappings field by field; ``CLASH`` if any field does."""
    out = {}
    for name in ordered(base, ours, theirs):
        start, mine, yours = (side.get(name, GONE) for side in (base, ours, theirs))
        value = three_way(start, mine, yours, scalar)
        if value is CLASH:
            return CLASH
        if value is not GONE:
            out[name] = value
    return out


def ordered(base: Iterable[str], ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    """Return every name of either side: those that stay in their order, then all others."""
    base, ours, theirs = list(base), list(ours), list(theirs)
    stay = united(base, ours, theirs)
    return [*stay, *sorted({*ours, *theirs} - {*stay})]


def united(base: Iterable[Any], ours: Iterable[Any], theirs: Iterable[Any]) -> list[Any]:
    """Join two sets: what one side added is in, what one side removed is out.

    What stays keeps its order, so does what both sides added; the rest is sorted behind it.
    """
    held, mine, yours = (
        {canonical(item): item for item in items} for items in (base, ours, theirs)
    )
    both = [[key for key in side if key in mine and key in yours] for side in (mine, yours)]
    stay, came = (
        [[key for key in side if (key in held) == old] for side in both] for old in (1, 0)
    )
    before = [key for key in held if key in mine and key in yours]
    order = stay[1] if stay[0] == before else stay[0] if stay[1] == before else before
    order += came[0] if came[0] == came[1] else sorted(came[0])
    order += sorted((mine.keys() ^ yours.keys()) - held.keys())
    return [mine[key] if key in mine else yours[key] for key in order]


def newest(base: Any, ours: Any, theirs: Any) -> Any:
    """Return the later of two moments."""
    return max(ours, theirs)


def oldest(base: Any, ours: Any, theirs: Any) -> Any:
    """Return the earlier of two moments."""
    return min(ours, theirs)


def count(base: int, ours: int, theirs: int) -> int:
    """Return how many there are when both sides may have counted the same ones."""
    if theirs == base:
        return ours
    if ours == base:
        return theirs
    return min(ours, theirs) if max(ours, theirs) < base else max(ours, theirs)


def bag(base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
    """Join two lists in which an item may stand several times; what came is sorted at the end."""
    items = {canonical(item): item for item in [*base, *ours, *theirs]}
    held, mine, yours = (Counter(map(canonical, side)) for side in (base, ours, theirs))
    left = Counter({key: count(held[key], mine[key], yours[key]) for key in items})
    out = []
    for key in map(canonical, base):
        if left[key] > 0:
            left[key] -= 1
            out.append(items[key])
    return out + [items[key] for key in sorted(left.elements())]
