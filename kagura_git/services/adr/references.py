"""Which other decisions a text names, as superseded by it or as its successors."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote

from kagura_git.services.adr import markdown


class Reference(NamedTuple):
    """A decision as another one names it: a file, a number, or both; ``text`` as it is written."""

    target: str
    number: int | None
    text: str


class Named(NamedTuple):
    """What a text says of other decisions."""

    supersedes: tuple[Reference, ...] = ()
    superseded_by: tuple[Reference, ...] = ()
    partly: tuple[str, ...] = ()


_VERB: Final = re.compile(
    r"(?i)\b(?P<verb>supers?[ec]+d(?:es|ed|ing|e)|replac(?:es|ed)|obsolet(?:es|ed))\b"
    r"(?P<by>(?:\s*[:*_-]*\s*(?:on\s+)?(?:[\d/.-]{8,10}\s*)?)?\bby\b)?"
)
_LINK: Final = re.compile(
    r"\[(?P<text>(?:[^\[\]\n]|\[[^\[\]\n]{0,100}\]){1,300})\]\(<?(?P<to>[^()\s<>]{1,1000}(?:\([^()\s]{0,100}\)[^()\s<>]{0,200})?)>?[^()\n]{0,200}\)"
)
_RST: Final = re.compile(
    r"`(?P<text>[^`<\n]{1,300}?)\s*<(?P<to>[^>`\n]{1,1000})>`__?|:(?:doc|ref):`(?P<role>[^`\n]{1,300})`"
)
_PLAIN: Final = re.compile(
    r"(?i)(?<![\w/])(?:(?P<file>[\w./-]{0,200}?\d[\w-]{2,150}\.(?:md|rst|adoc))"
    r"|(?:ADR|decision|record)s?[\s#:_-]{0,3}(?P<number>\d{1,5})\b"
    r"|(?P<bare>\d{1,4})(?:\.|\b(?=[\s,;)]|$))|(?P<slug>\d{4,8}-[\w-]{3,150}))"
)
_NUMBER: Final = re.compile(r"(?i)^\W{0,3}(?:adr|decision|record)?[\s#:_-]{0,3}(\d{1,5})(?!\d)")
_FILE_NUMBER: Final = re.compile(r"(?i)^(?:[a-z]{1,12}[-_ ])?0*(\d{1,5})(?=[-_. ]|$)")
_PARTLY: Final = re.compile(r"(?i)\bpart(?:ial|ially|ly|s)?\b")
_ANYWHERE: Final = re.compile(
    r"(?i)\b(?P<verb>supers?[ec]+d(?:es|ed))\s?(?P<by>by)?[\s*_:\"]{1,6}(?:the\s+)?(?=\[|`|ADR|decision\s\d)"
)
_ENDED: Final = re.compile(r"(?i).*ed$")
_POINTS: Final = tuple(":([-=")
_DAY: Final = re.compile(r"\d{1,2}[-/.]\d|(?:19|20)\d\d\b")
_REACH: Final = 400


def number_of(path: str, title: str) -> int | None:
    """Return a decision's number from its file's name or, failing that, its title."""
    name = posixpath.basename(path)
    match = _FILE_NUMBER.match(name)
    if match and not re.match(r"(?:19|20)\d\d(?:-\d\d-\d\d|\d{4})", name):
        return int(match[1])
    match = _NUMBER.match(title)
    return int(match[1]) if match else None


def in_field(supersedes: str, superseded_by: str) -> Named:
    """Return what fields of that name say."""
    return Named(tuple(_references(supersedes)), tuple(_references(superseded_by)))


def in_text(text: str) -> Named:
    """Return what a status or a list of links says: whatever follows a word such as supersedes."""
    older: list[Reference] = []
    newer: list[Reference] = []
    partly: list[str] = []
    for paragraph in _paragraphs(text[:20000]):
        verbs = list(_VERB.finditer(paragraph))
        for at, match in enumerate(verbs):
            end = verbs[at + 1].start() if at + 1 < len(verbs) else len(paragraph)
            said = paragraph[match.end() : min(end, match.end() + _REACH)]
            found = list(_references(said))
            before = paragraph[max(0, match.start() - 25) : match.start()]
            if found and (_PARTLY.search(before) or _PARTLY.match(said.lstrip(" *_"))):
                partly.append(" ".join(paragraph.split())[:200])
            elif match["by"] or (_ENDED.match(match["verb"]) and said.strip()[:1] in _POINTS):
                newer += found
            elif not _ENDED.match(match["verb"]):
                older += found
    return Named(tuple(older), tuple(newer), tuple(partly))


def anywhere(text: str) -> Named:
    """Return what prose says where a decision's name follows the word at once."""
    older: list[Reference] = []
    newer: list[Reference] = []
    for match in _ANYWHERE.finditer(text):
        if _PARTLY.search(text[max(0, match.start() - 25) : match.start()]):
            continue
        first = next(iter(_references(text[match.end() : match.end() + _REACH])), None)
        if first and match["by"]:
            newer.append(first)
        elif first and match["verb"].lower().endswith("es"):
            older.append(first)
    return Named(tuple(older), tuple(newer))


def together(*named: Named) -> Named:
    """Return all of these as one, each reference once."""
    return Named(
        tuple(dict.fromkeys(ref for one in named for ref in one.supersedes)),
        tuple(dict.fromkeys(ref for one in named for ref in one.superseded_by)),
        tuple(dict.fromkeys(said for one in named for said in one.partly)),
    )


def _paragraphs(text: str) -> Iterator[str]:
    """Yield paragraphs and items of lists, each on one line."""
    lines: list[str] = []
    for line in text.split("\n"):
        if (not line.strip() or re.match(r"\s*(?:[-*+]|\d{1,2}[.)])\s", line)) and lines:
            yield " ".join(lines)
            lines = []
        if line.strip():
            lines.append(line.strip())
    if lines:
        yield " ".join(lines)


def _references(text: str) -> Iterator[Reference]:
    """Yield the decisions that a text names, links first; without links, plain numbers."""
    linked = False
    for match in _LINK.finditer(text):
        target = _target(match["to"])
        if target is not None:
            linked = True
            yield Reference(target, _of_name(match["text"], target), match["text"][:200])
    for match in _RST.finditer(text):
        target = _target(
            match["to"] or f"{match['role'].partition('<')[2].rstrip('>') or match['role']}"
        )
        if target is not None:
            linked = True
            said = match["text"] or match["role"]
            yield Reference(target, _of_name(said, target), said[:200])
    if linked:
        return
    for match in _PLAIN.finditer(markdown.plain(text)):
        if match["file"] or match["slug"]:
            name = match["file"] or match["slug"]
            yield Reference(name, number_of(name, ""), match[0][:200])
        elif match["number"]:
            yield Reference("", int(match["number"]), match[0])
        elif match["bare"] and match.start() < 4 and not _DAY.match(text.strip()):
            yield Reference("", int(match["bare"]), match[0])


def _target(address: str) -> str | None:
    """Return the file that a link leads to, None if that is no decision's."""
    path = unquote(address).split("#")[0].split("?")[0]
    if re.match(r"[a-zA-Z][\w+.-]*:", path) or path.startswith("//"):
        path = posixpath.basename(path.rstrip("/"))
        return path if re.search(r"\.(?:md|rst|adoc)$", path) else None
    return path or None


def _of_name(text: str, target: str) -> int | None:
    match = _NUMBER.match(text)
    return number_of(target, "") if match is None else int(match[1])
