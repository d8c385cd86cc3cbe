"""``git kagura init``, ``uninstall`` and the hooks' entry."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from kagura_git.cli.output import Answer, App, command, note, styled
from kagura_git.errors import UsageError


@command()
@click.option("--no-hooks", is_flag=True, help="Leave git's hooks alone.")
@click.option(
    "--config-hooks/--no-config-hooks",
    default=None,
    help="Let git's configuration start the hooks (git 2.54), beside whatever hooks there are.",
)
@click.option("--dry-run", is_flag=True, help="Only print what would change.")
@click.option("--offline", is_flag=True, help="Do not ask the remote for the notes it has.")
def init(
    app: App, no_hooks: bool, config_hooks: bool | None, dry_run: bool, offline: bool
) -> Answer:
    """Set this repository up; running it again changes nothing."""
    from kagura_git.git.repo import discover
    from kagura_git.services import setup

    repo = discover(app.folder, app.environ)
    if no_hooks and config_hooks:
        raise UsageError("--no-hooks and --config-hooks exclude each other")
    done = setup.init(repo, with_hooks=not no_hooks, by_config=config_hooks, dry_run=dry_run)
    if not dry_run and not offline:
        from kagura_git.cli.sync import first_notes

        done = [*done, *first_notes(app)]
    if done and not dry_run:
        from kagura_git.cli.code_owners import hint

        said = hint(repo)
        if said:
            note(said)
    data = {"changed": [{"what": item.what, "where": item.where} for item in done]}
    verb = "would change" if dry_run else "changed"
    lines = [f"{styled('g', verb)} {item.where}: {item.what}" for item in done]
    return Answer(data, lines or ["already set up: nothing to change"])


@command()
def uninstall(app: App) -> Answer:
    """Take every change of init back, byte for byte; records stay."""
    from kagura_git.git.repo import discover
    from kagura_git.services import setup

    done = setup.uninstall(discover(app.folder, app.environ))
    data = {"changed": [{"what": item.what, "where": item.where} for item in done]}
    lines = [f"{styled('g', 'took back')} {item.where}: {item.what}" for item in done]
    return Answer(data, lines or ["not set up here: nothing to take back"])


# What pre-commit says of a hook's arguments.
_ARGUMENTS: Final = {
    "prepare-commit-msg": ("PRE_COMMIT_COMMIT_MSG_SOURCE", "PRE_COMMIT_COMMIT_OBJECT_NAME"),
    "post-checkout": ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_CHECKOUT_TYPE"),
    "post-merge": ("PRE_COMMIT_IS_SQUASH_MERGE",),
    "post-rewrite": ("PRE_COMMIT_REWRITE_COMMAND",),
    "pre-push": ("PRE_COMMIT_REMOTE_NAME", "PRE_COMMIT_REMOTE_URL"),
}


@click.command("run-hook", hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def run_hook(name: str, args: tuple[str, ...]) -> None:
    """Do all that an installed hook does, where pre-commit starts it (.pre-commit-hooks.yaml)."""
    from kagura_git.git import shims

    if name not in shims.HOOKS:
        raise UsageError(f"no hook {name!r}", hint=f"One of {', '.join(shims.HOOKS)}.")
    said = [os.environ[item] for item in _ARGUMENTS.get(name, ()) if item in os.environ]
    text = shims.render(name, shims.this_program(), shims.NOBODY)
    os.execvp("sh", ["sh", "-c", text.decode("utf-8", "surrogateescape"), name, *args, *said])


@click.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def hook(name: str, args: tuple[str, ...]) -> None:
    """Run a git hook's work; the installed shims call this when their Python is gone."""
    from kagura_git.hook import main

    sys.exit(main([name, *args]))


@click.command("merge-driver", hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("files", nargs=4, type=click.UNPROCESSED)
@click.argument("rest", nargs=-1, type=click.UNPROCESSED)
def merge_driver(files: tuple[str, ...], rest: tuple[str, ...]) -> None:
    """Merge one record for git: BASE OURS THEIRS PATH; the result replaces OURS."""
    from kagura_git.cli.merge_driver import main

    sys.exit(main([*files, *rest]))
