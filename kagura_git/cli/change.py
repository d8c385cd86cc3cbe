"""``git kagura change``."""

from __future__ import annotations

from typing import Any

import click

from kagura_git.cli.output import Answer, App, command, file_text, one_line, styled, text_argument
from kagura_git.services import capture


@click.group()
def change() -> None:
    """Say why a file is being changed; the next commit of it takes the reason along."""


@command(change)
@click.argument("path")
@click.option("--action", required=True, help="create, edit, delete, rename, refactor or test.")
@click.option("--reason", required=True, help="Why; '-' reads stdin.")
@click.option("--diff-file", metavar="F", help="A file with the diff; '-' reads stdin.")
@click.option("--related-file", "related_files", multiple=True, help="Another file it concerns.")
@click.option("--line-range", metavar="A,B", help="First and last line.")
@click.option("--old-path", metavar="P", help="The former path of a renamed file.")
def add(
    app: App, path: str, action: str, reason: str, diff_file: str | None, **more: Any
) -> Answer:
    """Record the reason for a change that is not committed yet."""
    done = app.memory.track_file_change(
        path, action, file_text(diff_file), text_argument(reason) or "", cwd=app.folder, **more
    )
    return Answer(done.to_dict(), [f"{styled('b', done.id)} {done.action} {one_line(done.path)}"])


@command(change, "list")
def list_(app: App) -> Answer:
    """List the reasons that wait for a commit."""
    found = capture.waiting(app.memory.ws)
    data = [{"id": c.id, "path": c.path, "action": c.action, "reason": c.reason} for c in found]
    return Answer(
        {"changes": data}, [f"{styled('b', c.id)} {one_line(c.title, 1000)}" for c in found]
    )
