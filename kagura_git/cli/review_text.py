"""A review for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import structs

from kagura_git.cli.output import in_brief, one_line, styled
from kagura_git.model.records import first_line
from kagura_git.services.review.report import (
    Contradiction,
    DecisionChange,
    Finding,
    Governing,
    Report,
)
from kagura_git.services.signatures import Signature, told

_SHOWN: Final = 20  # of each kind; --json has them all
_LISTED: Final = ("governed", "governed-nearby", "unexplained")
_COLOURS: Final = {"error": "r", "warning": "y", "note": "d"}


def lines(report: Report) -> Iterator[str]:
    """Yield a review's lines: what needs a look first, then what was decided and why."""
    yield styled("b", headline(report))
    found = telling(report)
    for item in found[:_SHOWN]:
        place = one_line(item.path or "", 200) + (f":{item.line}" if item.line else "")
        yield f"{styled(_COLOURS[item.severity], item.severity):<7} {item.rule}: " + one_line(
            item.message, 2000
        )
        said = "  ".join(text for text in (place, one_line(item.mend, 2000)) if text)
        if said:
            yield styled("d", f"        {said}")
    yield from _more(found)
    yield from _section("Decisions", map(_decision, report.decisions))
    yield from _section("Contradictions", map(_contradiction, report.contradictions))
    yield from _section("In force for these files", map(_governing, report.governing))
    yield from _section(
        "Errors", (f"{e.id} {e.change}: {one_line(e.title)}" for e in report.errors)
    )
    told, left = report.reasons.told, report.reasons.unexplained
    yield from _section("Reasons", (f"{one_line(r.path)}: {in_brief(r.reason)}" for r in told))
    yield from _section("No recorded reason", map(one_line, left))


def telling(report: Report) -> list[Finding]:
    """Return the findings that a list of a person's format does not tell already."""
    return [item for item in report.findings if item.rule not in _LISTED]


def headline(report: Report) -> str:
    """Return the one line that says what the change brings."""
    parts = [
        counted(report.commits, "commit"),
        counted(len(report.decisions), "decision"),
        counted(len(report.errors), "error"),
    ]
    if report.reasons.files:
        share = f"{report.reasons.explained} of {counted(report.reasons.files, 'file')} explained"
        parts.append(share)
    return ", ".join(parts)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it must be."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def spans(stretches: list[tuple[int, int]], most: int = 3) -> str:
    """Return stretches of lines as ``3, 7-9 ...``."""
    shown = [f"{a}" if a == b else f"{a}-{b}" for a, b in stretches[:most]]
    return ", ".join(shown) + (" ..." if len(stretches) > most else "")


def _decision(change: DecisionChange) -> str:
    edited = ", ".join(field.name for field in change.fields)
    more = f" ({one_line(edited, 200)})" if change.change == "changed" and edited else ""
    why = in_brief(first_line(change.rationale))
    worth = signed(change)
    by = (
        f"\n      by {one_line(change.reviewed_by or 'nobody named', 200)}, {worth}"
        if worth
        else ""
    )
    return f"{change.id} {change.change}{more}: {one_line(change.title)}\n      {why}{by}"


def signed(change: DecisionChange) -> str:
    """Return what the signature of an acceptance is worth; empty where there is nothing to sign."""
    if change.signature is None:
        return ""
    return one_line(told(Signature(*structs.astuple(change.signature))), 400)


def _contradiction(found: Contradiction) -> str:
    return (
        f"{found.id} {one_line(found.title)}\n"
        f"      against {found.other} {one_line(found.other_title)}"
    )


def _governing(decision: Governing) -> str:
    files = ", ".join(
        one_line(file.path)
        + (f":{spans(file.lines)}" if file.lines else "")
        + (f" ({one_line(file.because)})" if file.near else "")
        for file in decision.files[:5]
    )
    return f"{decision.id} {one_line(decision.title)}\n      you change {files}"


def _section(title: str, items: Iterator[str]) -> Iterator[str]:
    found = list(items)
    if found:
        yield ""
        yield styled("b", title)
    for item in found[:_SHOWN]:
        for number, line in enumerate(item.split("\n")):
            yield f"  {line}" if not number else styled("d", line)
    yield from _more(found)


def _more(found: Sequence[object]) -> Iterator[str]:
    if len(found) > _SHOWN:
        yield f"  ... and {len(found) - _SHOWN} more"
