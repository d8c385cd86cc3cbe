"""``git kagura context`` and ``patterns``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import click

from kagura_git.cli.model_lines import model_lines
from kagura_git.cli.numbers import POSITIVE
from kagura_git.cli.output import Answer, App, command, styled


@command()
@click.option("--focus", help="A topic or a path that matters now.")
@click.option("--max-tokens", type=POSITIVE, help="The size of the whole answer.")
@click.option(
    "--level",
    type=click.Choice(["brief", "detailed", "comprehensive"]),
    default="detailed",
    help="How much is told of each thing.",
)
@click.option("--approve", is_flag=True, help="Approve what the language model costs.")
def context(
    app: App, focus: str | None, max_tokens: int | None, level: Any, approve: bool
) -> Answer:
    """Sum the project up: stack, recent changes, decisions, open errors, sessions, patterns."""
    data = app.memory.get_project_context(focus, max_tokens, level=level, approve=approve)
    said = list(model_lines(data, "git kagura context --approve"))
    return Answer(data, chain(_context_lines(data), said))


def _context_lines(data: dict[str, Any]) -> Iterator[str]:
    yield styled("b", data["project_id"])
    yield data["summary"]
    if data["tech_stack"]:
        names = [f"{t['name']} {t['version'] or ''}".strip() for t in data["tech_stack"]]
        yield f"\n{styled('b', 'Stack')}\n  {', '.join(names)}"
    if data["decisions"]:
        yield f"\n{styled('b', 'Decisions')}"
        yield from (f"  {d['id']} ({d['status']}) {d['decision']}" for d in data["decisions"])
    if data["open_errors"]:
        yield f"\n{styled('b', 'Open errors')}"
        for item in data["open_errors"]:
            yield f"  {item['id']} {item['error_type']}: {item['message']}"
    if data["sessions"]:
        yield f"\n{styled('b', 'Sessions')}"
        yield from (f"  {s['id']} {s['description']}" for s in data["sessions"])
    if data["recent_changes"]:
        yield f"\n{styled('b', 'Recent changes')}"
        for change in data["recent_changes"]:
            yield f"  {(change.get('commit') or 'pending')[:12]} {change.get('subject', '')}"
    if data["patterns"]:
        yield f"\n{styled('b', 'Patterns')}"
        yield from (f"  {p['description']}" for p in data["patterns"])
    if data["older"]:
        yield f"\n{styled('b', 'Older')}"
        for group in data["older"]:
            yield f"  {group['count']} {group['kind']}s, {group['from']} to {group['to']}"
            yield f"      {group['summary']}"
    yield styled("d", f"\nabout {data['token_count']} tokens as JSON")


@command()
@click.option("--save", is_flag=True, help="Keep them as records, to travel and be reviewed.")
@click.option("--approve", is_flag=True, help="Approve what the language model costs.")
def patterns(app: App, save: bool, approve: bool) -> Answer:
    """Show habits, measured from history and records, with counts."""
    data = app.memory.analyze_coding_patterns(save=save, approve=approve)
    if not data["enough"]:
        missing = data["changes_needed"]
        line = f"{data['changes_seen']} file changes seen; {missing} more are needed"
        return Answer(data, [line])
    lines = [f"{styled('b', p['pattern_type'])}: {p['description']}" for p in data["patterns"]]
    if "saved" in data:
        told = ", ".join(f"{len(ids)} {name}" for name, ids in data["saved"].items() if ids)
        lines.append(styled("d", f"\nsaved: {told}"))
    return Answer(data, [*lines, *model_lines(data, "git kagura patterns --approve")])
