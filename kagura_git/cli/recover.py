"""``git kagura recover``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import click

from kagura_git.cli.output import Answer, App, command, one_line, progress, styled
from kagura_git.errors import KaguraError, UsageError
from kagura_git.model.mapping import iso
from kagura_git.services import recover as service
from kagura_git.services.recover import Lost, Restored


@command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--list", "listing", is_flag=True, help="List what is lost; this is the default.")
@click.option("--all", "everything", is_flag=True, help="Restore everything that is lost.")
def recover(app: App, ids: tuple[str, ...], listing: bool, everything: bool) -> Answer:
    """List records that git has lost, and bring them back.

    What a reset, a clean, a dropped stash or a deleted branch took away is still
    in the journal. ID... brings those records into this work tree; where another
    version is here, both are merged, and nothing is overwritten.
    """
    if everything and (listing or ids):
        raise UsageError("--all restores everything that is lost", hint="Give it alone.")
    ws = app.memory.ws
    if everything or (ids and not listing):
        with progress("restoring") as draw:
            answer = _restored(service.restore(ws, None if everything else ids, draw))
    else:
        with _patience():
            found = service.lost(ws)
        answer = _listed([item for item in found if not ids or item.id in ids])
    with suppress(KaguraError):  # what was asked for is done
        service.tidy(ws)
    return answer


@contextmanager
def _patience() -> Iterator[None]:
    """Show on a terminal that history is being read: the first time that may take seconds."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status("reading history"):
        yield


def _listed(found: Sequence[Lost]) -> Answer:
    data = {
        "lost": [
            {
                "id": item.id,
                "kind": item.kind,
                "title": item.title,
                "written": iso(item.written),
                "author": item.author,
                "what": item.what,
                "why": item.why,
                "branch": item.branch,
                "commit": item.commit,
                "session": item.session,
                "versions": len(item.versions),
                "path": item.path,
            }
            for item in found
        ]
    }
    return Answer(data, _lost_lines(found))


def _lost_lines(found: Sequence[Lost]) -> Iterator[str]:
    for item in found:
        yield f"{styled('b', item.id)}  {item.kind:<8}  {one_line(item.title, 100)}"
        more = f", {len(item.versions)} versions" if len(item.versions) > 1 else ""
        said = f"      {item.written:%Y-%m-%d %H:%M} UTC by {item.author}{more}; {item.why}"
        if item.session not in (None, item.id):
            said += f"; session {item.session}"
        yield styled("d", one_line(said))
    if not found:
        yield "nothing is lost"
    else:
        yield "`git kagura recover ID...` restores; `git kagura recover --all` restores everything"


def _restored(done: Sequence[Restored]) -> Answer:
    data: dict[str, Any] = {
        "restored": [
            {
                "id": item.id,
                "kind": item.kind,
                "title": item.title,
                "path": item.path,
                "how": item.how,
                "conflicts": list(item.conflicts),
                "redacted": list(item.redacted),
                "staged": item.staged,
            }
            for item in done
            if not item.problem
        ],
        "failed": [{"id": item.id, "message": item.problem} for item in done if item.problem],
    }
    return Answer(data, _restored_lines(done), code=1 if data["failed"] else 0)


def _restored_lines(done: Sequence[Restored]) -> Iterator[str]:
    for item in done:
        said = {
            "restored": f"{styled('g', 'restored')}: {item.path}",
            "merged": f"{styled('g', 'merged')} into {item.path}",
            "here": f"is here, nothing to restore: {item.path}",
        }[item.how]
        if item.problem:
            said = f"{styled('r', 'not restored')}: {one_line(item.problem)}"
        yield f"{styled('b', item.id)}  {said}"
        if item.conflicts:
            fields = ", ".join(item.conflicts)
            yield styled("y", f"      both versions are kept of: {fields}")
        if item.redacted:
            yield styled("r", f"      redacted: {', '.join(item.redacted)}")
    if not done:
        yield "nothing is lost"
