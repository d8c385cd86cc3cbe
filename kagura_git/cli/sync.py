"""``git kagura sync``, and what the pre-push hook starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from kagura_git.cli.numbers import SOME_SECONDS
from kagura_git.cli.output import Answer, App, command, note, progress, styled
from kagura_git.errors import KaguraError, UsageError

if TYPE_CHECKING:
    from kagura_git.services.ledger import Change
    from kagura_git.services.sync import Standing, SyncReport

_NOTES: Final = "refs/notes/kagura"
_FIRST_SECONDS: Final = 10.0


@command()
@click.argument("remote", required=False)
@click.option("--check", is_flag=True, help="Only compare with the remote; exit 1 if they differ.")
@click.option("--no-push", is_flag=True, help="Only take in what the remote has.")
@click.option("--seconds", type=SOME_SECONDS, help="Give up after so long [600].")
def sync(app: App, remote: str | None, check: bool, no_push: bool, seconds: float | None) -> Answer:
    """Exchange notes with a remote: why files changed, commit by commit.

    Notes are fetched, merged as a union in which nothing is lost, and pushed; never by
    force. REMOTE is a remote or an address; by default where the branch is pushed to,
    else `origin`. Records (decisions, errors, sessions) need no sync: they are files,
    and travel with the branch they are committed on.
    """
    from kagura_git.services import sync as service

    if check and no_push:
        raise UsageError("--check and --no-push exclude each other")
    ws = app.memory.ws
    if check:
        return _standing(service.check(ws, remote, seconds=seconds))
    with progress("Exchanging notes") as draw:
        draw(0, 1)
        done = service.sync(ws, remote, push=not no_push, seconds=seconds, progress=draw)
    return Answer(asdict(done), [_told(done)])


def _told(done: SyncReport) -> str:
    parts = [
        f"{styled('g', verb)} the notes of {count} commit{'s' if count > 1 else ''}"
        for verb, count in (("took in", done.merged), ("pushed", done.pushed))
        if count
    ]
    what = ", ".join(parts) or ("up to date" if done.up_to_date else "joined; nothing new in it")
    tries = f" (others pushed meanwhile: {done.attempts} attempts)" if done.attempts > 1 else ""
    return f"{styled('b', done.remote)}: {what}{tries}"


_STATES: Final = {
    "equal": ("g", "the same notes here and there"),
    "behind": ("y", "it has notes that are not here"),
    "ahead": ("y", "it lacks notes that are here"),
    "diverged": ("y", "both sides have notes that the other lacks"),
}


def _standing(found: Standing) -> Answer:
    equal = found.state == "equal"
    mend = "" if equal else f"Run `git kagura sync {found.remote}`."
    style, words = _STATES[found.state]
    lines = [f"{styled('b', found.remote)}: {styled(style, found.state)}: {words}"]
    data = {"ok": equal, **asdict(found), "mend": mend}
    return Answer(data, lines if equal else [*lines, f"  {mend}"], code=0 if equal else 1)


def first_notes(app: App) -> list[Change]:
    """Return that notes came from the remote, for a clone that had none until now."""
    from kagura_git.services import sync as service
    from kagura_git.services.ledger import Change

    ws = app.memory.ws
    if not service.lacks_notes(ws):
        return []
    try:
        done = service.sync(ws, push=False, seconds=_FIRST_SECONDS)
    except KaguraError as error:
        note(f"no notes were fetched: {_one_line(error)} (run `git kagura sync`)")
        return []
    what = f"the notes of {done.merged} commit{'s' if done.merged > 1 else ''} from {done.remote}"
    return [Change(what, _NOTES)] if done.merged else []


def _one_line(error: KaguraError) -> str:
    return f"{error.where}: {error.message}" if error.where else error.message


@click.command("before-push", hidden=True)
@click.argument("remote")
@click.argument("address")
@click.pass_context
def before_push(ctx: click.Context, remote: str, address: str) -> None:
    """Push the notes where git is about to push; the pre-push hook calls this.

    What git says of its refs comes on stdin. Whatever happens, that push goes on.
    """
    from kagura_git.git import pushing
    from kagura_git.services import sync as service

    try:
        ws = App(ctx.find_root().obj).memory.ws
        if not ws.settings.push_notes or _notes_themselves(sys.stdin.read().splitlines()):
            return
        match pushing.is_dry_run(os.getppid()):
            case True:
                return
            case None:
                raise KaguraError("it cannot be told whether this is a dry run")
        seconds = float(ws.settings.push_seconds)
        service.sync(ws, service.pushed_to(ws, remote, address), seconds=seconds)
    except KaguraError as error:
        note(f"kagura: the notes were not pushed: {_one_line(error)} (run `git kagura sync`)")


def _notes_themselves(lines: Sequence[str]) -> bool:
    """Tell whether git pushes our notes itself, or nothing but notes."""
    refs = [fields[2] for line in lines if len(fields := line.split(" ")) == 4]
    refs += [ref for ref in [os.environ.get("PRE_COMMIT_REMOTE_BRANCH")] if ref and not refs]
    return _NOTES in refs or (bool(refs) and all(ref.startswith("refs/notes/") for ref in refs))
