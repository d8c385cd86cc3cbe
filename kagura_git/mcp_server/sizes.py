"""How much of a record goes into an answer: an assistant pays for every token of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from pydantic import BaseModel

from kagura_git.model.printable import whole_characters
from kagura_git.model.tokens import count_tokens

T = TypeVar("T", bound=BaseModel)

# Controls, and what reorders or hides text: nothing an assistant should be shown.
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\U000e0000-\U000e007f]"
)
# Characters of a title and of the text below it, from roomy to bare.
_STEPS: Final = (
    (200, 900), (160, 600), (140, 400), (120, 260), (110, 180), (100, 130), (90, 100), (80, 75),
    (70, 55), (55, 40), (40, 25), (24, 12),
)  # fmt: skip
_PATH: Final = 60
# Leaves room for the text beside the structure, and for what the estimate misses.
_FIVE_HITS: Final = 440
_ONE_MORE: Final = 90


def visible(text: str) -> str:
    """Return a text without what hides or reorders, and without halves of characters."""
    return whole_characters(_HIDDEN.sub("", text))


def clip(text: str | None, limit: int) -> str:
    """Return a text as one visible line of at most ``limit`` characters."""
    if not text:
        return ""
    head = text[: 2 * limit]
    line = " ".join(visible(head).split())
    if len(line) <= limit and len(text) == len(head):
        return line
    return f"{line[: limit - 1].rstrip()}…"


def place(path: str | None, line: int | None, limit: int) -> str | None:
    """Return ``path:line``, its head left out where it is long; None without a path."""
    if not path:
        return None
    limit = min(limit, _PATH)
    tail = clip(f"{path}:{line}" if line else path, 500)
    return tail if len(tail) <= limit else f"…{tail[1 - limit :]}"


def fitted(render: Callable[[int, int], T], hits: int) -> T:
    """Return the roomiest rendering that five hits may cost 500 tokens for, more hits more.

    Args:
        render: makes the answer from the lengths of titles and of the texts below them.
        hits: how many hits the answer holds.
    """
    budget = _FIVE_HITS + _ONE_MORE * max(0, hits - 5)
    first, last = 0, len(_STEPS) - 1
    while first < last:
        middle = (first + last) // 2
        if count_tokens(render(*_STEPS[middle]).model_dump_json()) <= budget:
            last = middle
        else:
            first = middle + 1
    return render(*_STEPS[first])
