"""``git kagura relink``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import click

from kagura_git.cli.numbers import POSITIVE, SECONDS
from kagura_git.cli.output import Answer, App, command, in_brief, one_line, progress, styled
from kagura_git.services import relink as service

_OWN: Final = {
    "record file": "its own record files",
    "waiting reason": "what waited for it",
    "journal": "the journal: its note was lost",
}


@command()
@click.argument("range_", metavar="[RANGE]", required=False)
@click.option("--limit", type=POSITIVE, help="Look at that many commits, the newest.")
@click.option("--seconds", type=SECONDS, help="Stop looking after that time.")
@click.option("--dry-run", is_flag=True, help="Change nothing, only say what would be linked.")
def relink(
    app: App, range_: str | None, limit: int | None, seconds: float | None, dry_run: bool
) -> Answer:
    """Find lost links of commits again: after a squash, a cherry-pick, a filter.

    RANGE is what `git log` takes, such as main..HEAD; without it all commits of
    HEAD and of the branches. What is not certain is left alone.
    """
    with progress("comparing changes") as report:
        found = service.relink(
            app.memory.ws,
            range_,
            limit=limit,
            seconds=seconds,
            progress=report,
            dry_run=dry_run,
        )
    ws = app.memory.ws
    hint = None if ws.is_set_up else ws.moved_hint()
    data = {
        "relinked": [_relinked(item) for item in found.relinked],
        "examined": found.examined,
        "complete": found.complete,
        "dry_run": dry_run,
        "hint": hint,
    }
    return Answer(data, [*_lines(found, dry_run), *([hint] if hint else [])])


def _relinked(item: service.Relinked) -> dict[str, Any]:
    return {
        "commit": item.commit,
        "subject": item.subject,
        "from": list(item.origins),
        "how": item.how,
        "entries": list(item.entries),
    }


def _lines(found: service.RelinkReport, dry_run: bool) -> Iterator[str]:
    for item in found.relinked:
        yield f"{styled('y', item.commit[:12])} {styled('b', one_line(item.subject, 200))}"
        where = ", ".join(sha[:12] for sha in item.origins) or _OWN.get(item.how, "its own files")
        yield styled("d", f"  from {where} ({item.how})")
        for entry in item.entries:
            yield f"  {_entry(entry)}"
    done = "would be linked" if dry_run else "linked"
    if found.relinked:
        yield f"{len(found.relinked)} of {found.examined} commits {done}"
    else:
        yield f"nothing to link: {found.examined} commits examined"
    if not found.complete:
        yield "stopped before all of history was looked at; run it again without a limit"


def _entry(entry: dict[str, Any]) -> str:
    if entry["kind"] == "change":
        reason = in_brief(entry.get("reason") or "(no reason)")
        return f"{in_brief(entry.get('action', 'edit'), 20)} {one_line(entry['path'])}: {reason}"
    return in_brief(f"{entry['kind']} {entry.get('id', '')} {entry.get('relation', '')}")
