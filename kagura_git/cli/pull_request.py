"""``git kagura pr``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from kagura_git.cli.model_lines import model_lines
from kagura_git.cli.output import Answer, App, command
from kagura_git.cli.ranges import split
from kagura_git.errors import KaguraError

if TYPE_CHECKING:
    from kagura_git.llm.operation import Purse


@click.group()
def pr() -> None:
    """Write the text of a pull request from what was recorded."""


@command(pr)
@click.argument("range_", required=False, metavar="[BASE...HEAD]")
@click.option("--trailers", is_flag=True, help="Only the lines that keep links over a squash.")
@click.option("--approve", is_flag=True, help="Approve what the language model costs.")
def describe(app: App, range_: str | None, trailers: bool, approve: bool) -> Answer:
    """Print a title and a description: sessions, decisions, errors, reasons.

    Its last lines link the one commit that a server makes of a branch to all that
    the branch was linked to; they belong into that commit's message.
    """
    from kagura_git.cli.pull_request_markdown import body
    from kagura_git.git.repo import anywhere
    from kagura_git.llm.operation import Outcome
    from kagura_git.services import pull_request

    git = anywhere(app.folder, app.environ)
    found = pull_request.describe(git, *split(git, range_))
    if trailers:
        return Answer({"trailers": list(found.trailers)}, found.trailers)
    said = pull_request.offline(found)
    outcome: Outcome[pull_request.Polished] = Outcome("no_model")
    purse = _purse(app, approve)
    if purse is not None and purse.model and found.commits:
        outcome = pull_request.ask(git, purse, found)
        said = pull_request.checked(outcome.answer) if outcome.answer is not None else said
    data = pull_request.to_dict(found, said, body(found, said), outcome)
    return Answer(data, _lines(data))


def _purse(app: App, approve: bool) -> Purse | None:
    """Return who pays; nobody where there is no work tree to read settings from."""
    try:
        return app.memory.purse(approved=approve)
    except KaguraError:
        return None


def _lines(data: dict[str, Any]) -> Iterator[str]:
    yield data["title"]
    yield ""
    yield data["body"].rstrip("\n")
    for line in model_lines(data, "git kagura pr describe --approve"):
        click.echo(line, err=True)  # not a part of the text
