"""``git kagura init``, ``uninstall``, ``doctor`` and the hooks' entry."""

from __future__ import annotations

import os
import sys

import click

from kagura_git.cli.output import Answer, App, command, styled


@command()
@click.option("--no-hooks", is_flag=True, help="Leave git's hooks alone.")
@click.option("--dry-run", is_flag=True, help="Only print what would change.")
def init(app: App, no_hooks: bool, dry_run: bool) -> Answer:
    """Set this repository up; running it again changes nothing."""
    from kagura_git.git.repo import discover
    from kagura_git.services import setup

    repo = discover(app.folder, os.environ)
    done = setup.init(repo, with_hooks=not no_hooks, dry_run=dry_run)
    data = {"changed": [{"what": item.what, "where": item.where} for item in done]}
    verb = "would change" if dry_run else "changed"
    lines = [f"{styled('g', verb)} {item.where}: {item.what}" for item in done]
    return Answer(data, lines or ["already set up: nothing to change"])


@command()
def uninstall(app: App) -> Answer:
    """Take every change of init back, byte for byte; records stay."""
    from kagura_git.git.repo import discover
    from kagura_git.services import setup

    done = setup.uninstall(discover(app.folder, os.environ))
    data = {"changed": [{"what": item.what, "where": item.where} for item in done]}
    lines = [f"{styled('g', 'took back')} {item.where}: {item.what}" for item in done]
    return Answer(data, lines or ["not set up here: nothing to take back"])


@command()
def doctor(app: App) -> Answer:
    """Check hooks, notes, records, index and model; each finding says its mend."""
    from kagura_git.services import health

    found = health.check(app.memory.ws, app.memory.recaller, os.environ)
    faults = [item for item in found if item.severity == "error"]
    data = {
        "ok": not faults,
        "findings": [
            {"check": f.check, "severity": f.severity, "message": f.message, "mend": f.mend}
            for f in found
        ],
    }
    colour = {"error": "r", "warning": "y", "ok": "g"}
    lines = []
    for item in found:
        lines.append(
            f"{styled(colour[item.severity], item.severity):<7} {item.check}: {item.message}"
        )
        if item.mend:
            lines.append(f"        {item.mend}")
    return Answer(data, lines, code=1 if faults else 0)


@click.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def hook(name: str, args: tuple[str, ...]) -> None:
    """Run a git hook's work; the installed shims call this when their Python is gone."""
    from kagura_git.hook import main

    sys.exit(main([name, *args]))
