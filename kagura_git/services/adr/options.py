"""The options that a decision was made between, and what speaks for and against them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kagura_git.services.adr import markdown, roles
from kagura_git.services.adr.chosen import bare, flat
from kagura_git.services.adr.document import Document, Section
from kagura_git.services.adr.markdown import plain

_FOR_OR_AGAINST: Final = re.compile(
    r"(?i)^[*_`]*(?:good|bad|neutral|pros?|cons?|\+|-|advantages?|disadvantages?|➕|➖|✅|❌|👍"
    r"|👎)[*_`]*(?:[\s:,.*_]|$)"
)
_NOTHING: Final = re.compile(
    r"(?i)^\W*(?:none|n/?a|not applicable|tbd|todo|no alternatives?.{0,60})\W*$"
)
_ANNOUNCES: Final = re.compile(
    r"(?i)\b(?:options?|approach(?:es)?|alternatives?|solutions?|ways)\b[^.\n]{0,80}[.:]?$"
)
_LONGEST_NAME: Final = 300
_LONGEST: Final = 700
_MOST: Final = 40


def names(document: Document) -> tuple[list[str], list[str]]:
    """Return the options considered, and those that a section names as alternatives."""
    considered: list[str] = []
    for section in roles.of(document, "options"):
        considered = _listed(document, section)
        if considered:
            break
    if not considered:
        for section in roles.of(document, "arguments"):
            considered = considered or [_name(title) for title in section.children]
    if not considered:
        for section in roles.of(document, "context"):
            considered = considered or _announced(section)
    rejected: list[str] = []
    for section in roles.of(document, "rejected"):
        rejected += _listed(document, section)
    if len(roles.of(document, "rejected")) and not rejected:
        rejected = [_prose(section) for section in roles.of(document, "rejected")]
    return _distinct(considered), _distinct(rejected)


def _announced(section: Section) -> list[str]:
    """Return the numbered headings below a context that ends by announcing options."""
    last = plain(section.own.strip().rpartition("\n\n")[2])
    numbered = all(re.match(r"\d{1,2}[.)]\s", title) for title in section.children)
    if len(section.children) > 1 and numbered and _ANNOUNCES.search(last):
        return [_headed(title) for title in section.children]
    return []


def _distinct(found: Sequence[str]) -> list[str]:
    kept = [name for name in dict.fromkeys(found) if name and not _NOTHING.match(name)]
    return kept[:_MOST]


def _listed(document: Document, section: Section) -> list[str]:
    listed = [_name(item) for item in markdown.items(section.own)]
    headed = [_headed(title) for title in section.children if not roles.role(title)]
    if headed and (len(listed) < 2 or len(section.children) > len(listed)):
        return headed
    if listed:
        return listed
    bold = re.findall(r"(?m)^\s{0,3}(?:\d{1,2}[.)]\s*)?\*\*([^*\n]{2,200})\*\*", section.own)
    return [_name(title) for title in bold]


def _prose(section: Section) -> str:
    first = plain(section.whole.strip().split("\n\n")[0])
    return first if len(first) <= _LONGEST_NAME else f"{first[: _LONGEST_NAME - 1]}…"


def _headed(title: str) -> str:
    """Return what an option is called in its heading, without the heading's number."""
    return re.sub(r"^\d{1,2}[.)]\s+", "", _name(title))


def _name(item: str) -> str:
    """Return what an option is called: the first paragraph of its item, on one line."""
    lines: list[str] = []
    for line in item.strip().split("\n"):
        if not line.strip() or (lines and re.match(r"\s*([-*+]|\d{1,2}[.)]|```)(\s|$)", line)):
            break
        lines.append(line.strip())
    name = plain(re.sub(r"^\[[ xX]\]\s+", "", " ".join(lines)))
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def arguments(document: Document) -> Iterator[tuple[str, str]]:
    """Yield each option that has arguments of its own, as headed, with those on one line."""
    for section in document.sections:
        if not roles.role(section.title) and (said := _said_of(section)):
            yield _name(section.title), "; ".join(part.rstrip(" .;") for part in said)


def argues(section: Section) -> bool:
    """Tell whether a section lists what speaks for and against an option."""
    return bool(_said_of(section))


def _said_of(section: Section) -> list[str]:
    listed = (" ".join(plain(item).split()) for item in markdown.items(section.own))
    return [item for item in listed if _FOR_OR_AGAINST.match(item)]


def with_arguments(options: Sequence[str], argued: Sequence[tuple[str, str]]) -> list[str]:
    """Return the options, each followed by what was said for and against it."""
    by_name: dict[str, str] = {}
    for name, said in argued:
        by_name.setdefault(bare(name), said)
        by_name.setdefault(flat(name), said)
    out = []
    for name in options:
        argued_for = by_name.get(flat(name)) or by_name.get(bare(name))
        if argued_for and len(name) < _LONGEST - 20:
            room = _LONGEST - len(name) - 2
            name = (
                f"{name}: {argued_for if len(argued_for) <= room else argued_for[: room - 1] + '…'}"
            )
        out.append(name)
    return out
