"""``git kagura log`` and ``why``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import click

from kagura_git.cli.numbers import COUNT
from kagura_git.cli.output import Answer, App, command, in_brief, indented, one_line, styled
from kagura_git.memory import as_dict
from kagura_git.model.records import first_line
from kagura_git.services import history

_SHOWN: Final = 20  # of each kind; --json has them all


@command()
@click.argument("targets", nargs=-1, metavar="[PATH] [REV-RANGE]")
@click.option(
    "-n", "limit", type=COUNT, default=20, show_default=True, help="How many commits at most."
)
def log(app: App, targets: tuple[str, ...], limit: int) -> Answer:
    """Show commits with their session, decisions, errors and reasons."""
    ws = app.memory.ws
    path, range_ = _targets(app, targets)
    inside = ws.repo.relative(path, app.folder) if path else None
    found = history.log(ws, path=inside, limit=limit, range_=range_)
    data = [_commit(item) for item in found]
    lines = [line for item in data for line in _commit_lines(item)]
    return Answer({"commits": data}, lines or ["no commits"])


def _targets(app: App, targets: tuple[str, ...]) -> tuple[str | None, str | None]:
    path, range_ = None, None
    for target in targets:
        on_disk = os.path.lexists(os.path.join(app.folder, target))
        if range_ is None and not on_disk and _is_revision(app, target):
            range_ = target
        elif path is None:
            path = target
        else:
            raise click.UsageError(f"one path and one revision range, not also {target!r}")
    return path, range_


def _is_revision(app: App, text: str) -> bool:
    if text.startswith("-"):
        return False
    git = app.memory.ws.repo.git
    done = git.run("rev-parse", "--quiet", "--revs-only", text, "--", ok=(0, 1, 128))
    return done.returncode == 0 and bool(done.stdout.strip())


def _commit(item: history.Remembered) -> dict[str, Any]:
    return {
        "commit": item.commit.sha,
        "subject": item.commit.subject,
        "author": item.commit.author,
        "date": item.commit.date,
        "session": item.session,
        "sessions": item.commit.ids("session"),
        "decisions": list(item.decisions),
        "errors": list(item.errors),
        "changes": list(item.changes),
    }


def _commit_lines(item: dict[str, Any]) -> Iterator[str]:
    yield f"{styled('y', item['commit'][:12])} {styled('b', one_line(item['subject'], 200))}"
    linked = [*item["sessions"], *item["decisions"], *item["errors"]]
    more = [f"and {len(linked) - _SHOWN} more"] if len(linked) > _SHOWN else []
    told = f"  [{', '.join([*linked[:_SHOWN], *more])}]" if linked else ""
    yield styled("d", f"  {item['date'][:16]} {_name(item['author'])}{told}")
    for change in item["changes"][:_SHOWN]:
        reason = f": {in_brief(change['reason'])}" if change["reason"] else ""
        yield f"  {one_line(change['action'], 20):<8} {one_line(change['path'])}{reason}"
    if len(item["changes"]) > _SHOWN:
        yield f"  ... and {len(item['changes']) - _SHOWN} more files"


def _name(author: str) -> str:
    return one_line(author.split(" <")[0], 60)


@command()
@click.argument("target", metavar="PATH[:LINE]")
def why(app: App, target: str) -> Answer:
    """Tell why a file or a line is as it is: blame, then the memory of that commit."""
    ws = app.memory.ws
    path, line = target, None
    if not os.path.lexists(os.path.join(app.folder, target)):
        path, line = history.split_line(target)
        if line is not None and not os.path.lexists(os.path.join(app.folder, path)):
            before, column_of = history.split_line(path)  # PATH:LINE:COLUMN, as compilers write
            path, line = (path, line) if column_of is None else (before, column_of)
    found = history.why(ws, ws.repo.relative(path, app.folder), line)
    data = {
        "path": found.path,
        "line": found.line,
        "commit": found.commit,
        "subject": found.subject,
        "author": found.author,
        "date": found.date,
        "sessions": list(found.sessions),
        "reasons": list(found.reasons),
        "decisions": [as_dict(record) for record in found.decisions],
        "errors": [as_dict(record) for record in found.errors],
    }
    return Answer(data, _why_lines(found))


def _why_lines(found: history.Why) -> Iterator[str]:
    if found.commit:
        subject = one_line(found.subject or "", 200)
        yield f"{styled('y', found.commit[:12])} {styled('b', subject)}"
        who = _name(found.author or "")
        yield styled("d", f"  {(found.date or '')[:16]} {who} {' '.join(found.sessions[:_SHOWN])}")
    else:
        yield styled("b", "not committed yet")
    for reason in found.reasons[:_SHOWN]:
        yield f"  {one_line(reason['action'] or 'edit', 20)}: {indented(reason['reason'], 4000)}"
    for decision in found.decisions[:_SHOWN]:
        by = f" by {decision.superseded_by}" if decision.superseded_by else ""
        yield f"  {styled('b', decision.id)} ({decision.status}{by}) {one_line(decision.title)}"
        yield styled("d", f"      {one_line(first_line(decision.rationale))}")
    for error in found.errors[:_SHOWN]:
        yield f"  {styled('b', error.id)} {one_line(error.title)}"
        if error.solution:
            yield f"      {styled('g', 'fixed:')} {one_line(first_line(error.solution))}"
    for what in ("reasons", "decisions", "errors"):
        if (more := len(getattr(found, what)) - _SHOWN) > 0:
            yield f"  ... and {more} more {what}"
    if not (found.reasons or found.decisions or found.errors):
        yield "  nothing was recorded about this"
