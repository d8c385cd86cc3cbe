"""How much of a record goes into an answer: an assistant pays for every token of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)

_PIECE: Final = re.compile(r"[A-Za-z]+|\d+|[^\x00-\x7f]|[^\w\s]+|_+|\n+")
# Characters of a title and of the text below it, from roomy to bare.
_STEPS: Final = (
    (200, 900), (160, 600), (140, 400), (120, 260), (110, 180), (100, 130), (90, 100), (80, 75),
    (70, 55), (55, 40), (40, 25), (24, 12),
)  # fmt: skip
_FIVE_HITS: Final = 455
_ONE_MORE: Final = 90


def tokens(text: str) -> int:
    """Return about how many tokens a text costs; rather too many than too few."""
    return sum(_cost(piece) for piece in _PIECE.findall(text))


def _cost(piece: str) -> int:
    if piece.isdigit():
        return -(-len(piece) // 3)
    if piece.isascii() and piece.isalpha():
        return 1 if len(piece) <= 6 else -(-len(piece) // 5)
    if not piece.isascii():
        return 1 if ord(piece[0]) < 0x3000 else 2
    return -(-len(piece) // 2)


def clip(text: str | None, limit: int) -> str:
    """Return a text as one visible line of at most ``limit`` characters."""
    if not text:
        return ""
    head = text[: 4 * limit]
    # Format characters reorder or hide text: nothing an assistant should be shown.
    seen = "".join(c for c in head if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf"))
    line = " ".join(seen.split())
    if len(line) <= limit and len(text) <= 4 * limit:
        return line
    return f"{line[: limit - 1].rstrip()}…"


def place(path: str | None, line: int | None = None, limit: int = 60) -> str | None:
    """Return ``path:line``, its head left out where it is long; None without a path."""
    if not path:
        return None
    tail = clip(f"{path}:{line}" if line else path, 500)
    return tail if len(tail) <= limit else f"…{tail[1 - limit :]}"


def fitted(render: Callable[[int, int], T], hits: int) -> T:
    """Return the roomiest rendering that five hits may cost 500 tokens for, more hits more.

    Args:
        render: makes the answer from the lengths of titles and of the texts below them.
        hits: how many hits the answer holds.
    """
    budget = _FIVE_HITS + _ONE_MORE * max(0, hits - 5)
    answer = render(*_STEPS[0])
    for step in _STEPS[1:]:
        if tokens(answer.model_dump_json()) <= budget:
            break
        answer = render(*step)
    return answer
