"""``git kagura decision``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from kagura_git.cli.disputes import disputed
from kagura_git.cli.output import (
    Answer,
    App,
    command,
    indented,
    one_line,
    styled,
    text_argument,
)
from kagura_git.memory import as_dict
from kagura_git.model.records import Decision
from kagura_git.services import decisions

_COLOUR = {"accepted": "g", "rejected": "r", "superseded": "d", "proposed": "y"}


@click.group()
def decision() -> None:
    """Record design decisions with their rationale, and review them."""


@command(decision)
@click.argument("decision_text", metavar="DECISION")
@click.option("--rationale", required=True, help="Why; '-' reads stdin.")
@click.option("--alternative", "alternatives", multiple=True, help="What was not chosen.")
@click.option("--impact", help="What follows from it.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be repeated.")
@click.option("--related-file", "related_files", multiple=True, help="A file it governs.")
@click.option("--confidence", default="0.8", show_default=True, help="From 0 to 1.")
@click.option("--status", default="proposed", show_default=True, help="proposed or accepted.")
@click.option("--supersedes", metavar="ID", help="The decision that this one replaces.")
def add(app: App, decision_text: str, rationale: str, **more: Any) -> Answer:
    """Record a decision."""
    done = app.memory.record_decision(
        text_argument(decision_text) or "", text_argument(rationale) or "", cwd=app.folder, **more
    )
    lines = [f"{styled('b', done.id)} {done.status}: {done.path}"]
    lines += [
        styled("y", f"similar: {item['id']} ({item['status']}) {one_line(item['title'], 200)}")
        for item in done.similar
    ]
    if done.redacted:
        lines.append(styled("r", f"redacted: {', '.join(done.redacted)}"))
    return Answer(done.to_dict(), lines)


@command(decision)
@click.argument("id")
@click.option("--note", help="A word on the verdict.")
def accept(app: App, id: str, note: str | None) -> Answer:
    """Accept a decision, signed with your git identity."""
    return _reviewed(decisions.review(app.memory.ws, id, "accepted", text_argument(note)))


@command(decision)
@click.argument("id")
@click.option("--note", help="A word on the verdict.")
def reject(app: App, id: str, note: str | None) -> Answer:
    """Reject a decision, signed with your git identity."""
    return _reviewed(decisions.review(app.memory.ws, id, "rejected", text_argument(note)))


def _reviewed(done: tuple[str, Decision]) -> Answer:
    path, record = done
    line = f"{styled('b', record.id)} {record.status} by {record.reviewed_by}"
    return Answer({**as_dict(record), "path": path}, [line])


@command(decision)
@click.argument("id")
@click.option("--by", required=True, metavar="ID", help="The decision that replaces it.")
def supersede(app: App, id: str, by: str) -> Answer:
    """Mark a decision as replaced by another one."""
    path, record = decisions.supersede(app.memory.ws, id, by)
    line = f"{styled('b', record.id)} superseded by {record.superseded_by}"
    return Answer({**as_dict(record), "path": path}, [line])


@command(decision)
@click.argument("id")
@click.argument("other", metavar="OTHER")
def merge(app: App, id: str, other: str) -> Answer:
    """Join a decision recorded twice: ID takes OTHER in, and supersedes it."""
    done = decisions.merge(app.memory.ws, id, other)
    data = {
        **as_dict(done.decision),
        "path": done.path,
        "merged": {**as_dict(done.other), "path": done.other_path},
    }
    line = f"{styled('b', done.decision.id)} holds what {styled('b', done.other.id)} said"
    return Answer(data, [f"{line}, and supersedes it"])


@command(decision, "list")
@click.option("--status", help="Only these: proposed, accepted, rejected or superseded.")
@click.option("--file", help="Only those that name this file or a folder above it.")
def list_(app: App, status: str | None, file: str | None) -> Answer:
    """List the decisions of this branch, newest first."""
    ws = app.memory.ws
    path = ws.repo.relative(file, app.folder) if file else None
    found = decisions.listed(ws, status=status, file=path)
    data = {"decisions": [{**as_dict(record), "path": place} for place, record in found]}
    return Answer(data, [line_of(record) for _, record in found] or ["no decisions"])


@command(decision)
@click.argument("id")
def show(app: App, id: str) -> Answer:
    """Show one decision."""
    path, record = decisions.get(app.memory.ws, id)
    commits = app.memory.recaller.links().commits_of(record.id)
    return Answer({**as_dict(record), "path": path, "commits": commits}, described(record, path))


def line_of(record: Decision) -> str:
    """Return a decision as one line."""
    status = styled(_COLOUR[record.status], f"{record.status:<10}")
    return f"{styled('b', record.id)}  {status}  {one_line(record.title, 200)}"


def described(record: Decision, path: str | None) -> Iterator[str]:
    """Yield a decision as a person reads it."""
    yield line_of(record)
    if path:
        yield styled("d", f"  {path}")
    yield f"\n{record.rationale}"
    for name, values in (("Not chosen", record.alternatives), ("Governs", record.related_files)):
        if values:
            yield f"\n{name}:"
            yield from (f"  - {one_line(value, 1000)}" for value in values)
    if record.impact:
        yield f"\nImpact: {record.impact}"
    if record.superseded_by:
        yield f"\nSuperseded by {record.superseded_by}"
    if record.reviewed_by:
        told = f": {indented(record.review_note)}" if record.review_note else ""
        yield f"\nReviewed by {one_line(record.reviewed_by, 200)}{told}"
    if record.imported_from:
        word = f" ({one_line(record.imported_status, 100)})" if record.imported_status else ""
        yield f"\nRead from {one_line(record.imported_from, 400)}{word}"
    yield from disputed(record)
    yield styled("d", f"\n{one_line(record.author, 200)}, {record.created_at:%Y-%m-%d}")
