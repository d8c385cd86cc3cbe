"""``git kagura decision``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from kagura_git.services.signatures import Signature

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
@click.option(
    "--sign/--no-sign", "sign", default=None,
    help="With a signature, or without; default: as [review] sign in your own settings says, "
    "else as commit.gpgSign does.",
)  # fmt: skip
def accept(app: App, id: str, note: str | None, sign: bool | None) -> Answer:
    """Accept a decision in the name of your git identity, signed if you like.

    The signature is made as git signs commits: gpg.format, user.signingKey and the rest
    of git's configuration hold. It covers the decision, its rationale, alternatives, impact,
    files and confidence, and your name, the moment and the note.
    """
    from kagura_git.services import signatures

    ws = app.memory.ws
    said = text_argument(note)
    if not signatures.wanted(ws.repo.git, sign, ws.settings.sign_reviews):
        return _reviewed(decisions.review(ws, id, "accepted", said))
    return _reviewed(decisions.accept_signed(ws, id, said, terminal=sys.stdin.isatty()))


@command(decision)
@click.argument("id")
@click.option("--note", help="A word on the verdict.")
def reject(app: App, id: str, note: str | None) -> Answer:
    """Reject a decision in the name of your git identity."""
    return _reviewed(decisions.review(app.memory.ws, id, "rejected", text_argument(note)))


def _reviewed(done: tuple[str, Decision]) -> Answer:
    path, record = done
    signed = ", signed" if record.signature else ""
    line = f"{styled('b', record.id)} {record.status} by {record.reviewed_by}{signed}"
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
    lines = [f"{line}, and supersedes it"]
    if done.lost_signature:
        lines.append(f"it says more than was signed: `git kagura decision accept {id}` signs anew")
    return Answer(data, lines)


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
    signed = signature_of(app, record)
    data = {**as_dict(record), "path": path, "commits": commits}
    if signed is not None:
        data["signed"] = signed._asdict()
    return Answer(data, described(record, path, signed))


def signature_of(app: App, record: Decision) -> Signature | None:
    """Return what a decision's signature is worth here; None where there is nothing to sign."""
    if record.status != "accepted" and record.signature is None:
        return None
    from kagura_git.services import signatures

    return signatures.states(app.memory.ws.repo.git, [record])[record.id]


def line_of(record: Decision) -> str:
    """Return a decision as one line."""
    status = styled(_COLOUR[record.status], f"{record.status:<10}")
    return f"{styled('b', record.id)}  {status}  {one_line(record.title, 200)}"


def described(record: Decision, path: str | None, signed: Signature | None = None) -> Iterator[str]:
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
    if signed is not None:
        from kagura_git.services.signatures import told as worth

        style = {"verified": "g", "bad": "r"}.get(signed.state, "d")
        yield styled(style, f"\nAcceptance {one_line(worth(signed))}")
    yield from disputed(record)
    yield styled("d", f"\n{one_line(record.author, 200)}, {record.created_at:%Y-%m-%d}")
