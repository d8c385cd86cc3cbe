"""Text made safe to show: on a terminal, in one line of an answer, inside JSON.

Records, notes, file names, branch names and commit messages are written by
others; a terminal obeys what stands in them. Standard library only: the hooks
use it.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

_MARK: Final = "\ufffd"
# C0 and C1 but tab and newline; what reorders, hides or separates text unseen; halves of
# characters. Joiners (U+200C, U+200D) stay: Persian and emoji are spelt with them.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_HALVES: Final = re.compile("[\ud800-\udfff]")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def printable(text: str) -> str:
    """Return a text that cannot move the cursor, recolour, reorder or hide; lines stay."""
    return _UNPRINTABLE.sub(_MARK, text)


def whole_characters(text: str) -> str:
    """Return a text in which pairs of surrogates are joined and half a pair is U+FFFD.

    Halves come from clients that cut a text inside a pair, and from bytes that are not UTF-8.
    """
    if not _HALVES.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(text: str, limit: int = 400) -> str:
    """Return a printable text on one line, cut where it is longer than ``limit``.

    A line break shows as a mark, so that a name cannot pretend to be a line of ours.
    """
    head = printable(text[: limit + 1]).replace("\n", _MARK).replace("\t", " ")
    return head if len(text) <= limit else f"{head[: limit - 1]}…"


def in_brief(text: str, limit: int = 300) -> str:
    """Return a text of any lines as one printable line, cut where it is longer than ``limit``."""
    head = " ".join(text[: 2 * limit].split())
    more = "…" if len(head) <= limit and len(text) > 2 * limit else ""
    return one_line(head, limit) + more


def indented(text: str, limit: int | None = None) -> str:
    """Return a printable text whose further lines are indented, so that none looks like ours."""
    shown = text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"
    return printable(shown).replace("\n", "\n    ")


def json_text(data: Any, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Return JSON that is valid UTF-8 and that a terminal shows as it stands.

    What is not printable is written as ``\\uXXXX``; half a character (from a
    file name that is not UTF-8), which strict readers refuse, as U+FFFD.
    """
    text = _UNPRINTABLE.sub(_escaped, json.dumps(data, ensure_ascii=False, indent=indent))
    return _NOT_ASCII.sub(_escaped, text) if ascii_only else text


def _escaped(match: re.Match[str]) -> str:
    sign = match[0]
    return json.dumps(_MARK if "\ud800" <= sign <= "\udfff" else sign)[1:-1]
