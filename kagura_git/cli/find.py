"""``git kagura search`` and ``show``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from kagura_git.cli.model_fetch import fetch_model
from kagura_git.cli.numbers import COUNT, SCORE
from kagura_git.cli.output import (
    Answer,
    App,
    command,
    indented,
    one_line,
    progress,
    styled,
    text_argument,
)
from kagura_git.memory import as_dict
from kagura_git.model.records import first_line

if TYPE_CHECKING:
    from kagura_git.services.recall import Found, Hit


@command()
@click.argument("query")
@click.option("-k", type=COUNT, default=10, show_default=True, help="How many at most.")
@click.option("--kind", "kinds", multiple=True, help="decision, error, session, pattern or change.")
@click.option("--tag", "tags", multiple=True, help="Only records with this tag.")
@click.option("--file", metavar="P", help="Only records about this file or folder.")
@click.option("--since", metavar="D", help="Only records since a date or an age (30d).")
@click.option("--unresolved", is_flag=True, help="Only errors without a solution.")
@click.option("--author", help="Only records of this author, as `Name <email>`.")
@click.option("--min-score", type=SCORE, help="Leave out what scores less (0 to 1).")
@click.option("--abandoned", is_flag=True, help="Also what git has lost (`git kagura recover`).")
def search(app: App, query: str, k: int, **filters: Any) -> Answer:
    """Find records of the current branch by words and by meaning."""
    fetch_model(app)
    with progress("embedding") as draw:
        found = app.memory.find(
            text_argument(query) or "", k, cwd=app.folder, progress=draw, **filters
        )
    return found_answer(found)


def found_answer(found: Found) -> Answer:
    """Return the answer for what a search found."""
    data: dict[str, Any] = {
        "query": found.query,
        "ranking": found.ranking,
        "results": [hit_dict(hit) for hit in found.hits],
    }
    if found.abandoned:
        for hit, result in zip(found.hits, data["results"], strict=True):
            result["abandoned"] = hit.abandoned
    return Answer(data, _found_lines(found))


def hit_dict(hit: Hit) -> dict[str, Any]:
    """Return a hit as JSON-ready values."""
    data: dict[str, Any] = {
        name: getattr(hit, name)
        for name in ("id", "kind", "score", "title", "snippet", "path", "resolved", "status")
    }
    data["commits"] = list(hit.commits)
    if disputed := list(getattr(hit.record, "conflicts", ())):
        data["conflicts"] = disputed  # fields of which a merge kept both values
    if hit.superseded_by is not None:
        by = hit.superseded_by
        data["superseded_by"] = {"id": by.id, "title": by.title, "status": by.status}
    solution = getattr(hit.record, "solution", None)
    return {**data, "solution": solution} if hit.kind == "error" else data


def _found_lines(found: Found) -> Iterator[str]:
    for hit in found.hits:
        state = hit.status or {True: "solved", False: "open", None: ""}[hit.resolved]
        colour = {"solved": "g", "accepted": "g", "open": "r", "rejected": "r"}.get(state, "y")
        mark = f"  {styled(colour, state)}" if state else ""
        mark += f"  {styled('y', 'abandoned')}" if hit.abandoned else ""
        if hit.superseded_by is not None:
            mark += f" by {styled('b', hit.superseded_by.id)}"
        yield f"{hit.score:.2f}  {styled('b', hit.id)}{mark}  {one_line(hit.title, 200)}"
        said = first_line(getattr(hit.record, "solution", None) or "") or first_line(hit.snippet)
        yield styled("d", f"      {said[:160]}") if said else ""
    if not found.hits:
        yield "nothing found"
    if found.ranking == "lexical":
        yield styled("d", "(by words alone: no embedding model at hand; `git kagura doctor`)")


@command()
@click.argument("id")
def show(app: App, id: str) -> Answer:
    """Print one record of any kind."""
    from kagura_git.cli import decision, error
    from kagura_git.model.records import Decision, Error

    path, record = app.memory.recaller.get(id)
    data = {**as_dict(record), "path": path or getattr(record, "path", None)}
    if path is None and record.kind != "change" and app.memory.recaller.is_abandoned(id):
        data["abandoned"] = True
    match record:
        case Decision():
            signed = decision.signature_of(app, record)
            if signed is not None:
                data["signed"] = signed._asdict()
            lines = decision.described(record, path, signed)
        case Error():
            lines = error.described(record, path)
        case _:
            lines = iter([indented(f"{name}: {value}") for name, value in data.items() if value])
    return Answer(data, [*lines, *_abandoned(id)] if "abandoned" in data else lines)


def _abandoned(record_id: str) -> list[str]:
    hint = f"git has lost it; `git kagura recover {record_id}` brings it back"
    return [f"{styled('y', 'abandoned')}: {hint}"]
