"""Filling an answer with what is most relevant, until its budget of tokens is spent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

Items = list[dict[str, Any]]
Count = Callable[[str], int]
"""Counts the tokens of a text."""


class Either(NamedTuple):
    """An item with all it says, and in few words where there is little room."""

    whole: dict[str, Any]
    brief: dict[str, Any]


# In turn one of each, so that no section starves the others; cheap ones come twice.
_TURNS: Final = (
    "decisions", "open_errors", "recent_changes", "sessions", "tech_stack", "patterns",
    "tech_stack",
)  # fmt: skip
# Of the room that is left, what one item may take to be told whole.
_WHOLE_SHARE: Final = 0.25
_MISSES: Final = 4
_SMALLEST: Final = 12


def fit(
    frame: Mapping[str, Any], sections: Mapping[str, Sequence[Any]], budget: int, count: Count
) -> Any:
    """Return the frame with as much of each section as the whole answer's budget allows.

    A section keeps its order; an item too large for the room left is passed
    over, so that one of them does not hide what comes after it. Where even
    the frame is too large, its summary gives way.

    Args:
        frame: ``project_id`` and ``summary``.
        sections: the items of each section, most relevant first.
        budget: tokens of the answer as JSON, ``token_count`` included.
        count: counts them.
    """
    # The count itself costs: whatever it will be, it is no longer than the budget's digits.
    found: dict[str, Any] = {**frame, **{name: [] for name in sections}, "token_count": budget}
    _trim_summary(found, budget, count)
    room = budget - cost(found, count)
    taken: list[str] = []
    waiting = {name: iter(items) for name, items in sections.items()}
    misses = dict.fromkeys(sections, 0)
    while waiting and room > _SMALLEST:
        for name in _TURNS:
            item = next(waiting[name], None) if name in waiting else None
            if item is None or misses[name] >= _MISSES:
                waiting.pop(name, None)
                continue
            if isinstance(item, Either):
                price = cost(item.whole, count) + 1
                item = item.whole if price <= _WHOLE_SHARE * room else item.brief
            price = cost(item, count) + 1
            if price > room:
                misses[name] += 1
                continue
            room -= price
            found[name].append(item)
            taken.append(name)
    # Parts that were counted one by one may come to a little more together.
    while taken and cost(found, count) > budget:
        found[taken.pop()].pop()
    found["token_count"] = cost(found, count)
    return found


def added(
    found: dict[str, Any], name: str, items: Iterable[dict[str, Any]], budget: int, count: Count
) -> dict[str, Any]:
    """Return an answer with one more section, as far as the budget reaches.

    An item's ``ids`` are cut, the last ones first, where not all of them fit.

    Args:
        items: taken one by one, and no more of them than there is room for.
    """
    size = found.pop("token_count")
    out = {**found, name: [], "token_count": budget}
    for item in items:
        kept = _shortened(item, budget - cost(out, count) - 1, count)
        if kept is None:
            break
        out[name].append(kept)
    while out[name] and cost(out, count) > budget:
        out[name].pop()
    out["token_count"] = cost(out, count) if cost(out, count) <= budget else size
    return out


def _shortened(item: dict[str, Any], room: int, count: Count) -> dict[str, Any] | None:
    ids: list[str] = item["ids"]
    for length in range(len(ids), 0, -5):
        part = {**item, "ids": ids[:length]}
        if cost(part, count) < room:
            return part
    return None


def _trim_summary(found: dict[str, Any], budget: int, count: Count) -> None:
    text = found["summary"]
    while found["summary"] and cost(found, count) > budget:
        text = text[: len(text) * 3 // 4]
        found["summary"] = f"{text.rstrip()}…" if text else ""


def cost(value: Any, count: Count) -> int:
    """Return the tokens of a value as JSON."""
    return count(json.dumps(value, ensure_ascii=False))
