"""Filling an answer with what is most relevant, until its budget of tokens is spent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kagura_git.model.tokens import count_tokens

Items = list[dict[str, Any]]

# In turn one of each, so that no section starves the others; cheap ones come twice.
_TURNS: Final = (
    "decisions", "open_errors", "recent_changes", "tech_stack", "patterns", "tech_stack",
)  # fmt: skip
_MISSES: Final = 4
_SMALLEST: Final = 12


def fit(frame: Mapping[str, Any], sections: Mapping[str, Sequence[Any]], budget: int) -> Any:
    """Return the frame with as much of each section as the whole answer's budget allows.

    A section keeps its order; an item too large for the room left is passed
    over, so that one of them does not hide what comes after it. Where even
    the frame is too large, its summary gives way.

    Args:
        frame: ``project_id`` and ``summary``.
        sections: the items of each section, most relevant first.
        budget: estimated tokens of the answer as JSON, ``token_count`` included.
    """
    # The count itself costs: whatever it will be, it is no longer than the budget's digits.
    found: dict[str, Any] = {**frame, **{name: [] for name in sections}, "token_count": budget}
    _trim_summary(found, budget)
    room = budget - cost(found)
    waiting = {name: iter(items) for name, items in sections.items()}
    misses = dict.fromkeys(sections, 0)
    while waiting and room > _SMALLEST:
        for name in _TURNS:
            item = next(waiting[name], None) if name in waiting else None
            if item is None or misses[name] >= _MISSES:
                waiting.pop(name, None)
                continue
            price = cost(item) + 1
            if price > room:
                misses[name] += 1
                continue
            room -= price
            found[name].append(item)
    found["token_count"] = cost(found)
    return found


def _trim_summary(found: dict[str, Any], budget: int) -> None:
    text = found["summary"]
    while found["summary"] and cost(found) > budget:
        text = text[: len(text) * 3 // 4]
        found["summary"] = f"{text.rstrip()}…" if text else ""


def cost(value: Any) -> int:
    """Return the estimated tokens of a value as JSON."""
    return count_tokens(json.dumps(value, ensure_ascii=False))
