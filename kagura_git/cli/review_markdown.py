"""A review as a comment on a pull request: short first, details folded.

What records say is shown as text: nothing in it makes a link, a mention, an
image or HTML of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from kagura_git.cli.review_text import headline, signed, spans, telling
from kagura_git.model.printable import in_brief, one_line, printable
from kagura_git.services.review.report import (
    Conflict,
    Contradiction,
    DecisionChange,
    Finding,
    Governing,
    Report,
)

MARK: Final = "<!-- kagura-git review -->"
# A comment on GitHub has 65,536 characters at most.
_LONGEST: Final = 60_000
_SHOWN: Final = 30
_LONG_TEXT: Final = 2000
_SPECIAL: Final = re.compile(r"[&<>\[\]*_`|~@\\#!]|(?<=:)//|(?<=www)\.")
_SIGNS: Final = {"error": "❌", "warning": "⚠️", "note": "ℹ️"}

Link = Callable[[str, str], str]


def markdown(report: Report, link_base: str | None = None) -> str:
    """Return a review in GitHub's Markdown.

    Args:
        link_base: the address below which the head's files stand, such as
            ``https://host/owner/name/blob/<commit>``; without it ids are not linked.
    """
    link = _linker(link_base)
    parts = [MARK, "### Recorded decisions and reasons", text(headline(report)), ""]
    parts += _findings(telling(report))
    parts += _decisions(report.decisions, link)
    parts.append("")
    parts += _folded("Contradictions", _contradictions(report.contradictions))
    parts += _folded("In force for these files", _governing(report.governing, link))
    parts += _folded("Both texts kept", _conflicts(report.conflicts, link))
    errors = (
        f"- {link(e.id, e.path)} {e.change}: {text(e.title)}"
        + (f"<br>fixed: {text(in_brief(e.solution))}" if e.solution else "")
        for e in report.errors
    )
    parts += _folded("Errors", errors)
    told = (f"- {code(r.path)}: {text(in_brief(r.reason))}" for r in report.reasons.told)
    parts += _folded("Why files changed", told)
    left = (f"- {code(path)}" for path in report.reasons.unexplained)
    parts += _folded("Files without a recorded reason", left)
    return _bounded(parts)


def text(value: str) -> str:
    """Return a text in one line that Markdown shows as it is."""
    shown = one_line(value, _LONG_TEXT)
    return _SPECIAL.sub(lambda sign: "".join(f"&#{ord(s)};" for s in sign[0]), shown)


def code(value: str) -> str:
    """Return a text as inline code; backticks in it end nothing."""
    shown = one_line(value)
    return f"<code>{text(shown)}</code>" if "`" in shown else f"`{shown}`"


def block(value: str) -> str:
    """Return a text of several lines as a quote that it cannot end."""
    lines = printable(value[:_LONG_TEXT]).split("\n")
    return "\n".join(f"> {text(line)}" if line.strip() else ">" for line in lines)


def _linker(base: str | None) -> Link:
    def link(name: str, path: str) -> str:
        place = quote(path.encode("utf-8", "surrogateescape"))
        return f"[`{name}`]({base.rstrip('/')}/{place})" if base else f"`{name}`"

    return link


def _findings(found: Sequence[Finding]) -> Iterator[str]:
    for item in (i for i in found if i.severity != "note"):
        yield _finding(item)
    notes = [_finding(item) for item in found if item.severity == "note"]
    yield ""
    yield from _folded("Notes", notes)


def _finding(item: Finding) -> str:
    place = f" {code(item.path)}" if item.path else ""
    mend = f" {_with_code(item.mend)}" if item.mend else ""
    return f"- {_SIGNS[item.severity]} **{item.rule}**{place}: {text(item.message)}.{mend}"


def _with_code(said: str) -> str:
    """Return a sentence of ours with its commands as code."""
    parts = said.split("`")
    return "".join(code(part) if number % 2 else text(part) for number, part in enumerate(parts))


def _decisions(found: Sequence[DecisionChange], link: Link) -> Iterator[str]:
    if not found:
        return
    yield "| | decision | status |"
    yield "|---|---|---|"
    for change in found[:_SHOWN]:
        yield (
            f"| {change.change} | {link(change.id, change.path)} {text(change.title)} "
            f"| {_status(change)} |"
        )
    if len(found) > _SHOWN:
        yield f"| | and {len(found) - _SHOWN} more | |"
    yield ""
    for change in found[:_SHOWN]:
        yield from _fold(f"{change.id} {text(change.title)}", _details(change))


def _status(change: DecisionChange) -> str:
    worth = signed(change)
    return f"{change.status}, {text(worth)}" if worth else change.status


def _details(change: DecisionChange) -> Iterator[str]:
    yield block(change.rationale)
    yield ""
    if change.alternatives:
        yield "Instead of: " + "; ".join(text(item) for item in change.alternatives[:_SHOWN])
        yield ""
    if change.related_files:
        yield "Governs: " + ", ".join(code(path) for path in change.related_files[:_SHOWN])
        yield ""
    if change.fields:
        yield "| field | before | after |"
        yield "|---|---|---|"
        for field in change.fields:
            cells = (text(_value(value)) for value in (field.before, field.after))
            yield f"| {text(field.name)} | {' | '.join(cells)} |"


def _value(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return in_brief("; ".join(map(str, value)))
    return in_brief(str(value))


def _governing(found: Sequence[Governing], link: Link) -> Iterator[str]:
    for decision in found:
        yield f"- {link(decision.id, decision.path)} {text(decision.title)}"
        for file in decision.files[:_SHOWN]:
            where = f", lines {spans(file.lines)}" if file.lines else ""
            near = f" ({text(file.because)})" if file.near else ""
            yield f"  - {code(file.path)}{where}{near}"


def _contradictions(found: Sequence[Contradiction]) -> Iterator[str]:
    for item in found:
        yield f"- {code(item.id)} {text(item.title)}"
        yield f"  - against {code(item.other)} {text(item.other_title)}"
        if item.verdict is not None:
            yield f"  - the model: {text(item.verdict.explanation)}"


def _conflicts(found: Sequence[Conflict], link: Link) -> Iterator[str]:
    for conflict in found:
        when = "a merge will keep" if conflict.on_merge else "a merge kept"
        yield f"- {link(conflict.id, conflict.path)}: {when} both of"
        for name, values in conflict.fields.items():
            yield from (f"  - {text(name)}: {text(_value(value))}" for value in values[:_SHOWN])


def _folded(title: str, items: Iterable[str]) -> Iterator[str]:
    found = list(items)
    if found:
        yield from _fold(f"{title} ({sum(line.startswith('- ') for line in found)})", found)


def _fold(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"
    yield ""


def _bounded(parts: Sequence[str]) -> str:
    """Return the parts that fit a comment; what is folded is closed before the end."""
    kept: list[str] = []
    length, open_folds = 0, 0
    for part in parts:
        length += len(part) + 1
        if length > _LONGEST:
            kept += ["", "</details>"] if open_folds else []
            kept += ["", "_More than fits here: `git kagura review` shows the rest._"]
            break
        open_folds += part.startswith("<details>")
        open_folds -= part == "</details>"
        kept.append(part)
    return "\n".join(kept).rstrip("\n") + "\n"
