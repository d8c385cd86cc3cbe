"""Text from a repository made fit to be shown: one line, nothing hidden, a bounded length."""

from __future__ import annotations

import unicodedata
from typing import Final

# What hides or reorders text, and halves of characters that no encoder takes.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_WIDE: Final = 3


def clean(text: str) -> str:
    """Return a text as one line without controls, invisible signs and broken characters."""
    flat = " ".join(text.split())
    if flat.isascii() and flat.isprintable():
        return flat
    shown = (_shown(sign) for sign in flat)
    return " ".join("".join(shown).split())


def _shown(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cs":  # a byte of a file name that is not UTF-8
        return "\ufffd"
    return "" if category in _HIDDEN else sign


def short(text: str, size: int) -> str:
    """Return a clean text of about ``size`` Latin letters; others count for three, as they cost.

    It is cut between words where there are words, and a cut shows as an ellipsis.
    """
    flat = clean(text[: 4 * size])
    room = size
    for index, sign in enumerate(flat):
        room -= 1 if sign.isascii() else _WIDE
        if room < 0:
            head = flat[: max(0, index - 1)]
            words = head.rsplit(" ", 1)[0]
            return f"{words if len(words) > len(head) // 2 else head}…"
    return flat if len(text) <= 4 * size else f"{flat}…"
