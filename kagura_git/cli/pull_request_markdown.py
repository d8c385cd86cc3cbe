"""The description of a pull request, in Markdown; what records say is shown as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kagura_git.cli.review_markdown import code, text
from kagura_git.cli.review_text import counted
from kagura_git.model.printable import in_brief
from kagura_git.services.pull_request import Polished, PullRequest
from kagura_git.services.review.report import DecisionChange, ErrorChange

_SHOWN: Final = 30
_LONG: Final = 600


def body(found: PullRequest, said: Polished) -> str:
    """Return the description, its last lines the trailers: a squash keeps the links by them."""
    report = found.report
    parts = [text(item) for item in said.summary]
    if len(parts) > 1:
        parts = [f"- {item}" for item in parts]
    parts += _section("Please look at", (f"- {text(item)}" for item in said.look_at))
    parts += _section("Decisions", map(_decision, report.decisions))
    parts += _section("Errors", map(_error, report.errors))
    parts += _section("Why files changed", _reasons(found))
    touched = (
        f"- {code(g.id)} {text(g.title)}: {', '.join(map(code, paths[:5]))}"
        for g in report.governing
        if (paths := [file.path for file in g.files if not file.near])
    )
    parts += _section("In force for files of this change", touched)
    left = report.reasons.unexplained
    if left and report.reasons.told:
        parts += ["", f"{counted(len(left), 'file')} without a recorded reason."]
    if found.trailers:
        parts += ["", *found.trailers]
    return "\n".join(parts).strip("\n") + "\n"


def _section(title: str, items: Iterable[str]) -> list[str]:
    found = list(items)
    if not found:
        return []
    more = [f"- and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return ["", f"### {title}", *found[:_SHOWN], *more]


def _decision(change: DecisionChange) -> str:
    step = change.status if change.change == "added" else change.change
    lines = f"- **{text(change.title)}** ({code(change.id)}, {step}): "
    lines += text(in_brief(change.rationale, _LONG))
    if change.alternatives:
        lines += " Instead of: " + "; ".join(text(in_brief(a)) for a in change.alternatives[:5])
    return lines


def _error(change: ErrorChange) -> str:
    line = f"- {change.change} {code(change.id)} {text(in_brief(change.title))}"
    return f"{line}: {text(in_brief(change.solution, _LONG))}" if change.solution else line


def _reasons(found: PullRequest) -> Iterator[str]:
    """Yield each reason once, with the files it was given for."""
    files: dict[str, list[str]] = {}
    for reason in found.report.reasons.told:
        paths = files.setdefault(reason.reason, [])
        if reason.path not in paths:
            paths.append(reason.path)
    for why, paths in files.items():
        shown = ", ".join(map(code, paths[:5]))
        more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
        yield f"- {shown}{more}: {text(in_brief(why, _LONG))}"
