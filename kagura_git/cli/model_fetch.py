"""Fetching the embedding model for a person at a terminal, never for anyone else."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import click

from kagura_git.cli.output import App, note
from kagura_git.errors import KaguraError, MissingExtra

_DAY: Final = 24 * 3600


def fetch_model(app: App) -> None:
    """Download a missing model where a person watches and may stop it; say so first.

    Not when offline is set, not without a terminal, and not again for a day
    after it failed: search by words answers meanwhile. Where only the
    repository names the model, the person is asked.
    """
    recaller = app.memory.recaller
    if not sys.stderr.isatty() or app.memory.ws.settings.offline or recaller.model.digest:
        return
    failed = recaller.cache_dir / "download-failed"
    if _age(failed) < _DAY or not _agreed(app):
        return
    from kagura_git.search.model_files import download

    try:
        download(app.memory.ws.settings.model, note)
    except MissingExtra:
        return  # the answer's last line says what to install
    except KaguraError as error:
        note(f"{error.message}; searching by words")
        failed.parent.mkdir(parents=True, exist_ok=True)
        failed.touch()
    else:
        failed.unlink(missing_ok=True)
        recaller.forget_model()


def foreign(app: App) -> bool:
    """Tell whether nobody but the repository's own file chose this model."""
    from kagura_git.search.model_files import DEFAULT, full_name

    settings = app.memory.ws.settings
    return settings.model_named_by == "repository" and full_name(settings.model) != DEFAULT


def _agreed(app: App) -> bool:
    if not foreign(app):
        return True
    name = app.memory.ws.settings.model
    declined = app.memory.recaller.cache_dir / f"declined-{name.replace('/', '--')}"
    if declined.exists() or not sys.stdin.isatty():
        return False
    question = f"kagura.toml names the embedding model {name}. Download it from the hub?"
    if click.confirm(question, default=False, err=True):
        return True
    declined.parent.mkdir(parents=True, exist_ok=True)
    declined.touch()
    note(f"searching by words; `git kagura model pull {name}` fetches it later")
    return False


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
