"""Decisions in one sentence: in the context of, facing, we decided for, to achieve, accepting."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kagura_git.services.adr.markdown import plain

_PARTS: Final = (
    ("context", r"in\s+the\s+context\s+of(?:\s+the\s+use\s+case)?"),
    ("facing", r"(?:and\s+)?facing(?:\s+the\s+concern)?(?:\s+of)?"),
    ("chosen", r"we\s+(?:have\s+)?(?:decided|chose|opted|choose)(?:\s+(?:for|to|that"
               r"|on))?(?:\s+option)?"),
    ("neglected", r"(?:and\s+)?(?:(?:we\s+)?(?:have\s+)?(?:neglected|rejected|against|not)|over"
                  r"|instead\s+of|rather\s+than)"),
    ("achieve", r"(?:in\s+order\s+)?to\s+achieve"),
    ("accepting", r"(?:and\s+)?accepting(?:\s+(?:that|the\s+downsides?(?:\s+of)?))?"),
    ("because", r"because"),
)  # fmt: skip
_NEEDED: Final = ("context", "facing", "chosen")
_BEGIN: Final = re.compile(rf"(?i)\b{_PARTS[0][1]}\b")
_LONGEST: Final = 5000


@dataclass(frozen=True, slots=True)
class Statement:
    """The parts of a Y-statement; an optional one is empty."""

    context: str
    facing: str
    chosen: str
    neglected: tuple[str, ...] = ()
    achieve: str = ""
    accepting: str = ""
    because: str = ""


def find(text: str) -> Statement | None:
    """Return the first Y-statement in a text."""
    for begin in _BEGIN.finditer(text):
        rest = text[begin.start() : begin.start() + _LONGEST]
        flat = re.sub(
            r"\*\*|__|^\s*(?:[-*+>]|\d{1,2}[.)])\s+", "", rest.split("\n#")[0], flags=re.MULTILINE
        )
        found = _parts(" ".join(flat.split()))
        if found:
            return found
    return None


def _parts(text: str) -> Statement | None:
    marks: list[tuple[str, int, int]] = []
    at = 0
    for name, pattern in _PARTS:
        # Of an optional part the word must follow a comma or stand where a phrase begins.
        lead = (
            r"\b"
            if name in _NEEDED
            else r"(?:(?<=[,;.:)] )|(?<=^)|\b(?=and\s|to\s+achieve|accepting))"
        )
        match = re.compile(rf"(?i){lead}{pattern}(?:\s*[:…]|\.{{3}})?(?=\s|$)").search(text, at)
        if match is None:
            if name in _NEEDED:
                return None
            continue
        marks.append((name, match.start(), match.end()))
        at = match.end()
    parts = {}
    for number, (name, _, end) in enumerate(marks):
        last = number + 1 == len(marks)
        said = text[end:] if last else text[end : marks[number + 1][1]]
        parts[name] = plain(_sentence(said) if last else said).strip(" ,;.…:")
    neglected = re.split(r",\s*(?:and|or)?\s*|\s+(?:and|or)\s+|;\s*", parts.pop("neglected", ""))
    options = tuple(name for part in neglected if (name := part.strip(" .…")))
    return Statement(neglected=options, **parts)


def _sentence(text: str) -> str:
    return re.split(r"(?<=[\w)\"'`]{2})\.(?:\s|$)", text, maxsplit=1)[0]
