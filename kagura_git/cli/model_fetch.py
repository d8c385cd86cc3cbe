"""Fetching the embedding model for a person at a terminal, never for anyone else."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from kagura_git.cli.output import App, note
from kagura_git.errors import KaguraError, MissingExtra

_DAY: Final = 24 * 3600


def fetch_model(app: App) -> None:
    """Download a missing model where a person watches and may stop it; say so first.

    Not when offline is set, not without a terminal, and not again for a day
    after it failed: search by words answers meanwhile.
    """
    recaller = app.memory.recaller
    if not sys.stderr.isatty() or app.memory.ws.settings.offline or recaller.model.digest:
        return
    failed = recaller.cache_dir / "download-failed"
    if _age(failed) < _DAY:
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


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
