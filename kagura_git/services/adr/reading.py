"""One file's text as a decision: Nygard, MADR 2 to 4, log4brains, Y-statements and their kin."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kagura_git.model.records import Status
from kagura_git.services.adr import (
    chosen,
    document,
    facts,
    options,
    roles,
    ystatement,
)
from kagura_git.services.adr.document import Document, Section
from kagura_git.services.adr.markdown import plain
from kagura_git.services.adr.references import Named
from kagura_git.services.adr.ystatement import Statement


@dataclass(frozen=True, slots=True)
class Adr:
    """A decision as its file tells it.

    Attributes:
        status: None where the file tells none that is known here.
        status_word: the file's own words for it.
        date: the day it names, and ``date_from`` where; None if it names none.
        notes: what could not be read, or is not kept.
    """

    title: str
    rationale: str
    chosen: str = ""
    alternatives: tuple[str, ...] = ()
    impact: str = ""
    status: Status | None = None
    status_word: str = ""
    date: datetime | None = None
    date_from: str = ""
    authors: tuple[str, ...] = ()
    deciders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    links: Named = field(default_factory=Named)
    notes: tuple[str, ...] = ()


_NUMBERED: Final = re.compile(
    r"(?i)^\s*(?:\[?(?:adr|architecture decision record|architectural decision record"
    r"|decision record|decision"
    r"|architecture decision|mdr|rfc)\b(?:[\s#:_-]{0,3}\d{1,5}\b\]?|(?=\s?[:\u2013\u2014-]))"
    r"|\[?\d{1,5}(?:\.\d{1,3})?\]?(?=[.:)\s_-]))[\s.:)_\u2013\u2014-]*"
)
_PLACEHOLDER: Final = re.compile(
    r"(?i)^\W*(?:\[.{0,40}(?:title|name|decision).{0,60}\]|\{.{0,40}(?:title|name|decision"
    r"|short).{0,60}\}"
    r"|<.{0,40}(?:title|name|decision).{0,60}>|adr[\s_-]*(?:x{2,5}|n{1,4}|#+|number"
    r"|template)\b.{0,80}"
    r"|number\.? title|title|\{\{.*\}\}.*|(?:adr|decision|madr).{0,20}template|template\b.{0,40}"
    r"|short title.{0,60}|x{3,4}\b.{0,60}|n{3,4}\b.{0,60})\W*$"
)
_UNCHOSEN: Final = re.compile(
    r"(?im)^\W{0,4}chosen option:?\W{0,4}[\[{<]\s?(?:option|title of|name of)"
)
_UNSAID: Final = re.compile(r"(?i)^\W*(?:tbd|todo|n/?a|none|to be (?:done|defined|determined))\W*$")
_IN_SERIES: Final = re.compile(r"(?i)^(?:adr[-_ ]?)?(?:\d{2,5}|\d{4}-\d\d-\d\d|\d{8})[-_. ]")
_MANY_READINGS: Final = re.compile(r"(?<!\d)\d\d?([-/.])\d\d?\1(?:(?:19|20)\d\d|\d\d)(?!\d)")
_NO_DECISION: Final = "no section that says what was decided"


def template(title: str, text: str, path: str) -> bool:
    """Tell whether a document is a form to be filled in, not one with leftovers of it."""
    in_series = _IN_SERIES.match(posixpath.basename(path)) is not None
    unnamed = _PLACEHOLDER.match(title) is not None
    return unnamed and (not in_series or _UNCHOSEN.search(text) is not None)


def is_ambiguous(text: str) -> bool:
    """Tell whether a text holds a date that may be read with the day or the month first."""
    return (
        re.search(r"(?<!\d)\d\d?([-/.])\d\d?\1(?:(?:19|20)\d\d|\d\d)(?!\d)", text[:20_000])
        is not None
    )


def read(text: str, path: str, near: datetime | None = None) -> Adr | str:
    """Return the decision that a file's text holds, or why it is none.

    Args:
        path: of the file; its name says the format, and stands in for what the text lacks.
        near: about when it was written, to read dates such as 03/04/2020 by.
    """
    ending = path.rpartition(".")[2].lower()
    found = document.read(text, ending, roles.NAMES)
    if template(found.title, found.plain[:50_000], path):
        return "a template"
    title, notes = _title(found, path)
    decided = roles.of(found, "decision")
    statement = None if _roles(found, "context", "options") else ystatement.find(found.plain)
    if statement is None and not decided and not _is_one(found):
        in_series = _IN_SERIES.match(posixpath.basename(path))
        if not in_series or not _roles(found, "context", "why"):
            return _NO_DECISION
        notes.append(_NO_DECISION)
    outcome = _outcome(found, decided)
    considered, rejected = options.names(found)
    numbers, said = chosen.chosen(considered, outcome, title) if considered else ([], "")
    if considered and not numbers:
        notes.append("which of the options was chosen could not be told")
    left = [name for number, name in enumerate(considered) if number not in numbers]
    left = options.with_arguments([*left, *rejected], list(options.arguments(found)))
    status, word, status_text = facts.status(found)
    when, source = facts.day(found, status_text, path, near)
    links = facts.links(found, status_text)
    notes += [f"only in part: {part}" for part in links.partly]
    if word and status is None:
        notes.append(f"unknown status {word!r}")
    notes += _left_out(found)
    picked = " + ".join(considered[number] for number in numbers) or said
    if statement is not None:
        picked, left = statement.chosen, [*statement.neglected, *left]
    return Adr(
        title=_by_statement(title, statement, found),
        rationale=_rationale(found, decided, outcome, statement, title),
        chosen=picked if _adds(picked, title) else "",
        alternatives=tuple(dict.fromkeys(left)),
        impact=_impact(found, statement),
        status=status, status_word=word, date=when, date_from=source,
        authors=facts.people(found, "authors") or facts.people(found, "contact"),
        deciders=facts.people(found, "deciders"),
        tags=facts.people(found, "tags"), links=links, notes=tuple(notes),
    )  # fmt: skip


def _roles(found: Document, *wanted: str) -> bool:
    return any(roles.of(found, name) for name in wanted)


def _is_one(found: Document) -> bool:
    """Tell whether a document without a decision's section is a decision all the same."""
    has_status = bool(found.value("status")) or _roles(found, "status")
    told = sum(_roles(found, name) for name in ("context", "options", "rejected", "impact", "why"))
    return told >= 2 or (has_status and (told >= 1 or bool(found.value("date"))))


def _title(found: Document, path: str) -> tuple[str, list[str]]:
    raw = plain(found.title)
    if not raw:
        section = next(iter(roles.of(found, "title")), None)
        raw = plain(section.own.strip().split("\n")[0]) if section else ""
    raw = raw or found.value("title")
    if _PLACEHOLDER.match(raw):
        raw = ""
    title = _NUMBERED.sub("", raw, count=1).strip() or raw
    if title:
        return title, []
    stem = posixpath.basename(path).rpartition(".")[0]
    if stem.lower() in ("readme", "index", "adr"):
        stem = posixpath.basename(posixpath.dirname(path))
    stem = re.sub(
        r"^(?:adr[-_]?)?(?:\d{4}-\d\d-\d\d|\d{1,8})?[-_. ]+", "", stem, flags=re.IGNORECASE
    )
    words = re.sub(r"[-_]+", " ", stem).strip()
    return (words[:1].upper() + words[1:] or posixpath.basename(path)), [
        "no title: the file's name"
    ]


def _by_statement(title: str, statement: Statement | None, found: Document) -> str:
    if statement is None or found.title:
        return title
    return statement.chosen[:1].upper() + statement.chosen[1:]


def _adds(picked: str, title: str) -> bool:
    """Tell whether the chosen option says what the title does not."""
    words = set(re.findall(r"\w+", picked.lower()))
    return bool(words - set(re.findall(r"\w+", title.lower())))


def _outcome(found: Document, decided: Sequence[Section]) -> str:
    """Return what the decision's sections say, but for consequences and checks told below."""
    parts = []
    for section in decided:
        text = section.whole
        for below in found.under(section):
            if roles.role(below.title) in ("impact", "checks", "arguments", "options", "rejected"):
                text = _without(text, below)
        parts.append(text.strip())
    return "\n\n".join(part for part in parts if part)


def _without(text: str, section: Section) -> str:
    """Return a text without a section in it: from its heading on."""
    body = section.whole
    start = text.find(body) if body else -1
    lines = text[:start].rstrip("\n").split("\n") if start >= 0 else text.split("\n")
    # The heading, and its underline where it has one.
    last = max(
        (n for n, line in enumerate(lines) if section.title and section.title in line), default=-1
    )
    if last < 0:
        return text
    rest = text[start + len(body) :] if start >= 0 else "\n".join(lines[last + 1 :])
    return "\n".join(lines[:last]).rstrip() + "\n" + rest


def _rationale(
    found: Document,
    decided: Sequence[Section],
    outcome: str,
    statement: Statement | None,
    title: str,
) -> str:
    parts: list[str] = []
    intro = re.sub(r"(?m)^\s*(?:!?\[[^\]\n]*\]\([^)\n]*\)\s*)+$", "", found.intro).strip()
    if intro and (statement is None or not ystatement.find(intro)):
        parts.append(intro)
    if statement is not None:
        parts.append(_told(statement))
    parts += [section.whole.strip() for section in roles.of(found, "context")]
    parts += [_labelled("Drivers", section) for section in roles.of(found, "drivers")]
    if statement is None:
        parts.append(outcome)
    inside = {below.whole for section in decided for below in found.under(section)}
    parts += [s.whole.strip() for s in roles.of(found, "why") if s.whole not in inside]
    parts += [_labelled("Confirmation", section) for section in roles.of(found, "checks")]
    if facts.people(found, "authors") and facts.people(found, "deciders"):
        parts.append(f"Decided by: {', '.join(facts.people(found, 'deciders'))}")
    told = [part for part in parts if part]
    if not told:
        told = [part for section in found.sections if (part := section.whole.strip())
                and roles.role(section.title) not in ("status", "date", "impact")][:1]  # fmt: skip
    return "\n\n".join(dict.fromkeys(told)) or title


def _labelled(label: str, section: Section) -> str:
    text = section.whole.strip()
    return f"{label}:\n\n{text}" if text else ""


def _told(statement: Statement) -> str:
    text = f"In the context of {statement.context}, facing {statement.facing}."
    return f"{text} Because {statement.because}." if statement.because else text


def _impact(found: Document, statement: Statement | None) -> str:
    parts = []
    for section in roles.of(found, "impact"):
        text = section.whole.strip()
        label = roles.normal(section.title)
        plain_name = label in ("consequences", "consequence", "impact", "implications", "results")
        if text and not _UNSAID.match(text):
            parts.append(
                text if plain_name or text.startswith("#") else f"{plain(section.title)}:\n\n{text}"
            )
    if statement is not None:
        parts += [f"To achieve {statement.achieve}."] if statement.achieve else []
        parts += [f"Accepting {statement.accepting}."] if statement.accepting else []
    return "\n\n".join(dict.fromkeys(parts))


def _left_out(found: Document) -> Iterator[str]:
    """Yield a note for what the file tells and a record has no place for."""
    for name in ("consulted", "informed"):
        if people := facts.people(found, name):
            yield f"not kept: {name} {', '.join(people)}"[:200]
    known_below: set[int] = set()
    unknown = []
    for number, section in enumerate(found.sections):
        if number in known_below:
            continue
        if roles.role(section.title):
            for later, below in enumerate(found.sections[number + 1 :], number + 1):
                if below.level <= section.level:
                    break
                known_below.add(later)
        elif section.own.strip() and not options.argues(section):
            unknown.append(plain(section.title))
    if unknown:
        yield f"not kept: {len(unknown)} other sections ({', '.join(unknown[:4])})"[:300]
