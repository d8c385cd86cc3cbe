"""``git kagura session``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from kagura_git.cli.model_lines import model_lines
from kagura_git.cli.output import Answer, App, command, in_brief, one_line, styled, text_argument
from kagura_git.model.records import first_line


@click.group()
def session() -> None:
    """Start, end and look at sessions of work; one is active in a worktree."""


@command(session)
@click.argument("description")
@click.option("--tag", "tags", multiple=True, help="A tag; may be repeated.")
def start(app: App, description: str, tags: tuple[str, ...]) -> Answer:
    """Start a session; what is recorded until its end belongs to it."""
    done = app.memory.start_coding_session(text_argument(description) or "", tags)
    data = {**done.to_dict(), "decisions": [], "errors": [], "changes": [], "commits": []}
    return Answer(data, [f"{styled('b', done.id)} started: {_brief(done.description)}"])


@command(session)
@click.option("--summary", help="What was done; '-' reads stdin. Default: made from the records.")
@click.option("--success/--failure", default=None, help="How it went.")
@click.option("--approve", is_flag=True, help="Approve what the language model costs.")
def end(app: App, summary: str | None, success: bool | None, approve: bool) -> Answer:
    """End the active session with a summary."""
    data = app.memory.end_coding_session(text_argument(summary), success, approve=approve)
    head = f"{styled('b', data['id'])} ended after {data['duration_minutes']:g} min"
    told = model_lines(data, f"git kagura session summarize {data['id']} --approve")
    return Answer(data, [head, "", data["summary"] or "", *told])


@command(session)
@click.argument("id")
@click.option("--approve", is_flag=True, help="Approve what the language model costs.")
def summarize(app: App, id: str, approve: bool) -> Answer:
    """Let the language model write the summary of a session that has ended."""
    data = app.memory.summarize_session(id, approve=approve)
    told = model_lines(data, f"git kagura session summarize {data['id']} --approve")
    code = 0 if data["llm"]["status"] == "answered" else 1
    return Answer(data, [data["summary"] or "", *told], code)


@command(session)
def status(app: App) -> Answer:
    """Show the active session of this worktree."""
    data = app.memory.get_session()
    if data is None:
        return Answer({"active": False, "id": None}, ["no session is active in this worktree"])
    return Answer(data, _lines(data))


@command(session, "list")
def list_(app: App) -> Answer:
    """List the sessions of this branch, newest first."""
    found = app.memory.list_sessions()
    return Answer({"sessions": found}, [_line(item) for item in found] or ["no sessions yet"])


@command(session)
@click.argument("id")
def show(app: App, id: str) -> Answer:
    """Show one session with its changes, decisions, errors and commits."""
    data = app.memory.get_session(id)
    return Answer(data, _lines(data or {}))


@command(session)
@click.argument("id")
def resume(app: App, id: str) -> Answer:
    """Make an earlier session the active one again."""
    done = app.memory.resume_coding_session(id)
    data = app.memory.get_session(done.id)
    return Answer(data, [f"{styled('b', done.id)} active again: {_brief(done.description)}"])


def _line(item: dict[str, Any]) -> str:
    mark = styled("g", "active") if item["active"] else f"{item['duration_minutes']:g} min"
    said = _brief(item["description"])
    return f"{styled('b', item['id'])}  {item['started_at'][:16]}  {mark}  {said}"


def _brief(text: str) -> str:
    return one_line(first_line(text), 200)


def _lines(data: dict[str, Any]) -> Iterator[str]:
    yield _line(data)
    for name in ("decisions", "errors", "commits"):
        if data[name]:
            yield f"  {name}: {', '.join(value[:12] for value in data[name])}"
    for change in data["changes"]:
        reason = in_brief(change["reason"] or "(no reason recorded)")
        yield f"  {one_line(change['action'], 20)} {one_line(change['path'] or '')}: {reason}"
    if data["summary"]:
        yield ""
        yield data["summary"]
