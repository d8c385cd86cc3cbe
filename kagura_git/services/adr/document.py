"""A document as its parts: what is said of it (title, status, date ...), and its sections.

Markdown, reStructuredText and AsciiDoc become the same; which section means
what is not known here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kagura_git.services.adr import dates, markdown
from kagura_git.services.adr.markdown import Heading

# What may be said of a record above its sections, and the name it goes by here.
_NAMES: Final = {
    "status": "status", "state": "status", "estado": "status", "statut": "status",
    "date": "date", "created": "date", "date created": "date", "created on": "date",
    "decision date": "date", "creation date": "date", "datum": "date", "fecha": "date",
    "deciders": "deciders", "decision makers": "deciders", "decision maker": "deciders",
    "decider": "deciders", "approvers": "deciders", "decided by": "deciders",
    "author": "authors", "authors": "authors", "owner": "authors", "owners": "authors",
    "contact": "contact", "tags": "tags", "tag": "tags", "categories": "tags",
    "category": "tags", "consulted": "consulted", "informed": "informed", "title": "title",
    "supersedes": "supersedes", "supercedes": "supersedes", "replaces": "supersedes",
    "superseded by": "superseded by", "superceded by": "superseded by",
    "superseded": "superseded by", "replaced by": "superseded by", "kagura": "kagura",
    "technical story": "story", "issue": "story", "last updated": "updated",
    "updated": "updated", "revised": "updated", "related": "links", "relates to": "links",
    "links": "links", "amends": "links", "amended by": "links", "number": "number",
    "stato": "status", "статус": "status", "ステータス": "status", "状態": "status",
    "状态": "status", "狀態": "status", "상태": "status", "stav": "status", "tila": "status",
    "statut de la décision": "status", "decision status": "status",
    "dato": "date", "data": "date", "дата": "date", "日付": "date", "日期": "date",
    "作成日": "date", "決定日": "date", "날짜": "date", "päivämäärä": "date",
    "date de décision": "date",
    "date of decision": "date", "decided on": "date", "date decided": "date", "decided": "date",
    "autor": "authors", "autores": "authors", "autora": "authors", "auteur": "authors",
    "auteurs": "authors", "autore": "authors", "autori": "authors", "autoren": "authors",
    "verfasser": "authors", "författare": "authors", "forfatter": "authors", "автор": "authors",
    "авторы": "authors", "作成者": "authors", "著者": "authors", "作者": "authors",
    "작성자": "authors", "submitter": "authors", "submitters": "authors",
    "entscheider": "deciders", "entscheidungsträger": "deciders", "décideurs": "deciders",
    "décisionnaires": "deciders", "decisores": "deciders", "decisori": "deciders",
    "beslissers": "deciders", "beslutsfattare": "deciders", "決定者": "deciders",
    "意思決定者": "deciders", "决策者": "deciders", "결정자": "deciders",
    "ersetzt durch": "superseded by", "remplacé par": "superseded by",
    "reemplazado por": "superseded by", "sustituido por": "superseded by",
    "substituído por": "superseded by", "sostituito da": "superseded by",
    "vervangen door": "superseded by", "ersatt av": "superseded by",
    "заменено на": "superseded by", "zastąpione przez": "superseded by",
}  # fmt: skip
_LETTER: Final = r"[^\W\d_]"
_SAID: Final = re.compile(
    rf"\s{{0,3}}(?:[-*+>]\s{{1,4}}|:)?\s*[*_]{{0,3}}(?P<name>{_LETTER}(?:{_LETTER}|[ -]){{1,24}}?"
    r"(?:\(s\))?)\s?[*_]{0,3}\s?(?::{1,2}[*_]{0,3}(?:\s+(?P<value>\S.*)|\s*$)"
    r"|：[*_]{0,3}\s*(?P<wide>\S.*)?$)"
)
# "Date 09/04/2018", "Status accepted": no colon, and a date or a single word behind it.
_UNPUNCTUATED: Final = re.compile(
    r"(?i)\s{0,3}(?:[-*+>]\s{1,4})?[*_]{0,3}"
    r"(?:(?:date|created|datum|fecha|decided)[*_]{0,3}\s+(?P<day>[\w ,./-]{6,30})"
    r"|status[*_]{0,3}\s+(?P<status>\W{0,3}[A-Za-z]{4,20}))[*_.]{0,3}\s*"
)
# Names that are words of English too: what stands behind them must hold a date.
_IF_DATED: Final = frozenset(("data", "dato", "decided"))
_ROW: Final = re.compile(
    rf"[\s>]*\|\s*[*_]{{0,3}}(?P<name>{_LETTER}(?:{_LETTER}|[ -]){{1,24}}?(?:\(s\))?)"
    r"[*_]{0,3}:?[*_]{0,3}\s*\|\s*(?P<value>[^|\n]{0,500}?)\s*(?:\||$)"
)
_RULE: Final = re.compile(r"[\s>]*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?)?\s*")
_FRONT: Final = re.compile(r"\s*([A-Za-z][\w -]{0,40}?)\s*[:=]\s*(.*)$")
_ADORNMENT: Final = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*$")
_ASCIIDOC: Final = re.compile(r"(={1,6})\s+(\S.*)$")
_LONGEST_FRONT: Final = 200


# A decision has some twenty; of a document of thousands the rest is not looked at.
_MOST_HEADINGS: Final = 500


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the text below it: its own, and with that of all headings under it."""

    level: int
    title: str
    own: str
    whole: str
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document's parts.

    Attributes:
        said: what front matter and the lines above the sections say, by name.
        intro: what else stands above the first section.
        plain: the whole text without front matter and comments.
    """

    said: dict[str, list[str]]
    sections: tuple[Section, ...]
    intro: str
    plain: str
    title: str = ""

    def value(self, name: str) -> str:
        """Return what is said under a name, as one text."""
        return ", ".join(self.said.get(name, ()))

    def under(self, section: Section) -> Iterator[Section]:
        """Yield the sections below another one, of every level."""
        start = self.sections.index(section) + 1
        for below in self.sections[start:]:
            if below.level <= section.level:
                return
            yield below


def read(text: str, ending: str, known: frozenset[str] = frozenset()) -> Document:
    """Return a document's parts.

    Args:
        ending: of the file's name, such as ``md`` or ``rst``.
        known: names of sections, lower case: a document may begin with one and have no title.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    said, body = _front_matter(text)
    if ending == "rst":
        found = _underlined(body)
    elif ending in ("adoc", "asciidoc"):
        found = _marked(body)
    else:
        body = markdown.without_comments(body)
        found = markdown.headings(body)
    lines = body.split("\n")
    title, first = "", 0
    if found and markdown.plain(found[0].title).strip(" :").lower() not in known:
        title, first = found[0].title, found[0].end
        above = lines[: found[0].start]
        found = found[1:]
    else:
        above = []
    head = [*above, *lines[first : found[0].start if found else len(lines)]]
    intro = _taken(head, said)
    sections = tuple(_sections(lines, found[:_MOST_HEADINGS]))
    return Document(said, sections, intro, body, title)


def _sections(lines: Sequence[str], found: Sequence[Heading]) -> Iterator[Section]:
    for number, heading in enumerate(found):
        later = found[number + 1 :]
        next_ = later[0].start if later else len(lines)
        end = next((h.start for h in later if h.level <= heading.level), len(lines))
        below = [h for h in later if h.start < end]
        top = min((h.level for h in below), default=0)
        yield Section(
            heading.level,
            heading.title,
            "\n".join(lines[heading.end : next_]).strip("\n"),
            "\n".join(lines[heading.end : end]).strip("\n"),
            tuple(h.title for h in below if h.level == top),
        )


def _front_matter(text: str) -> tuple[dict[str, list[str]], str]:
    """Return what the front matter says, read line by line: much of it is no valid YAML."""
    said: dict[str, list[str]] = {}
    body = text.lstrip("\n")
    fence = body[:3]
    if fence not in ("---", "+++") or body[3:4] not in ("\n", " "):
        return said, text
    lines = body.split("\n")
    ends = (n for n, line in enumerate(lines[1:_LONGEST_FRONT], 1) if line.rstrip() == fence)
    end = next(ends, None)
    if end is None:
        return said, text
    name = ""
    for line in lines[1:end]:
        bare = line.strip()
        match = _FRONT.match(line)
        if not bare or bare[0] == "#":
            continue
        if bare.startswith("- ") and name:
            said.setdefault(name, []).extend(_values(bare[2:]))
        elif match and not line[0].isspace():
            name = _NAMES.get(_name(match[1]), "")
            if name and (values := _values(match[2])):
                said.setdefault(name, []).extend(values)
    return said, "\n".join(lines[end + 1 :])


def _name(text: str) -> str:
    bare = unicodedata.normalize("NFC", text.lower()).replace("(s)", "s")
    return " ".join(re.split(r"[\s_-]+", bare)).strip()


def _values(text: str) -> list[str]:
    """Return the value or values that stand behind a name."""
    text = re.sub(r"(?:^|\s)#\s.*$", "", text).strip()
    if text[:1] in ("[", "{") and text[-1:] in ("]", "}"):
        inner = text[1:-1]
        parts = inner.split(",") if text[0] == "[" else [inner]
        return [value for part in parts if (value := _unquoted(part))]
    value = _unquoted(text)
    return [value] if value else []


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
        text = text[1:-1].strip()
    return text


def _taken(lines: Sequence[str], said: dict[str, list[str]]) -> str:
    """Take what is said of the record out of the lines above its sections; return the rest."""
    rest: list[str] = []
    open_name = ""
    here: dict[str, list[str]] = {}
    for line in _without_tables(lines, here):
        match = _SAID.match(line) or _ROW.match(line)
        value = match and (match["value"] or match.groupdict().get("wide"))
        name = _NAMES.get(_name(match["name"])) if match else None
        if match and _name(match["name"]) in _IF_DATED and not _has_date(value):
            name = None
        if match and name:
            open_name = "" if value else name
            if value:
                here.setdefault(name, []).append(_value(value))
        elif (short := _UNPUNCTUATED.fullmatch(line)) and (
            short["status"] or _has_date(short["day"])
        ):
            name = "status" if short["status"] else "date"
            here.setdefault(name, []).append((short["day"] or short["status"]).strip())
        elif open_name and re.match(r"\s+[-*+]\s+\S", line):
            here.setdefault(open_name, []).append(line.strip()[1:].strip())
        elif not re.match(r"\s*\|[\s:|-]*\|\s*$", line):
            open_name = "" if line.strip() else open_name
            rest.append(line)
    for name, values in here.items():
        said.setdefault(name, values)
    return "\n".join(rest).strip()


def _has_date(text: str | None) -> bool:
    return text is not None and next(dates.found(text), None) is not None


def _without_tables(lines: Sequence[str], here: dict[str, list[str]]) -> list[str]:
    """Take tables whose header names what is said (status, date, authors) out of the lines."""
    rest = list(lines)
    at = 0
    while at + 1 < len(rest):
        names = [_NAMES.get(_name(cell.strip(" *_:"))) for cell in _cells(rest[at])]
        if len([name for name in names if name]) < 2 or not _RULE.fullmatch(rest[at + 1]):
            at += 1
            continue
        end = at + 2
        while end < len(rest) and "|" in rest[end]:
            for name, cell in zip(names, _cells(rest[end]), strict=False):
                if name and cell:
                    here.setdefault(name, []).append(_value(cell))
            end += 1
        del rest[at:end]
    return rest


def _cells(line: str) -> list[str]:
    """Return the cells of a table's row; none for another line."""
    bare = line.strip().lstrip("> ")
    if bare.count("|") < 2:
        return []
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", bare.strip("|"))]


def _value(text: str) -> str:
    return _unquoted(text.strip().rstrip("*_").removeprefix("- "))


def _underlined(text: str) -> list[Heading]:
    """Return reStructuredText's headings: levels in the order in which their marks come."""
    lines = text.split("\n")
    marks: list[str] = []
    found = []
    for number in range(1, len(lines)):
        line, title = lines[number], lines[number - 1]
        match = _ADORNMENT.match(line)
        if not match or not title.strip() or title[0].isspace() or _ADORNMENT.match(title):
            continue
        if len(line.rstrip()) < min(len(title.rstrip()), 4) or title.startswith(
            (".. ", "* ", "- ")
        ):
            continue
        over = number > 1 and lines[number - 2].rstrip() == line.rstrip()
        mark = match[1] * (2 if over else 1)
        if mark not in marks:
            marks.append(mark)
        found.append(Heading(marks.index(mark) + 1, title.strip(), number - 1 - over, number + 1))
    return found


def _marked(text: str) -> list[Heading]:
    """Return AsciiDoc's headings."""
    found = []
    in_block = ""
    for number, line in enumerate(text.split("\n")):
        bare = line.rstrip()
        if bare in ("----", "....", "```", "====", "****"):
            in_block = "" if in_block == bare else in_block or bare
        elif not in_block and (match := _ASCIIDOC.match(bare)):
            found.append(Heading(len(match[1]), match[2].strip(), number, number + 1))
    return found
