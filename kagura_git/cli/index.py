"""``git kagura index`` and ``model``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kagura_git.cli.background import first_in_background, settle
from kagura_git.cli.model_fetch import fetch_model, foreign
from kagura_git.cli.output import Answer, App, command, note, progress, styled
from kagura_git.disk import CannotWrite
from kagura_git.errors import UsageError

if TYPE_CHECKING:
    from kagura_git.search.index import RefreshReport


@click.group()
def index() -> None:
    """Look at the search index; it keeps itself fresh and may be deleted at any time."""


def _answer(found: RefreshReport, model: str, behind: int = 0) -> Answer:
    fresh = behind == 0
    data: dict[str, Any] = {
        "records": found.records,
        "vectors": found.vectors,
        "embedded_now": found.embedded_now,
        "model": model if found.vectors else None,
        "fresh": fresh,
        "ranking": "hybrid" if found.vectors else "lexical",
        "reason": found.reason,
    }
    state = styled("g", "fresh") if fresh else styled("y", f"{behind} behind")
    held = f"{found.records} records, {found.vectors} vectors"
    lines = [f"{held}, {found.embedded_now} embedded now, {state}"]
    return Answer(data, [*lines, found.reason] if found.reason else lines)


@command(index)
def status(app: App) -> Answer:
    """Say what the index holds and whether it is fresh."""
    from kagura_git.search.index import RefreshReport

    recaller = app.memory.recaller
    now = recaller.index.status()
    held = RefreshReport(now.records, now.vectors, 0, 0, now.reason)
    return _answer(held, now.model, recaller.stale())


@command(index)
@click.option("--background", is_flag=True, hidden=True)
def refresh(app: App, background: bool) -> Answer:
    """Bring the index up to date with the work tree."""
    if background and not first_in_background(app):
        return Answer({"skipped": "another refresh is running"})
    fetch_model(app)
    answer = _refreshed(app)
    if background:
        settle(app)
    return answer


def _refreshed(app: App) -> Answer:
    with progress("embedding") as draw:
        report = app.memory.recaller.refresh(draw)
    if report.problem is not None:
        raise CannotWrite(report.problem, os.path.join(app.memory.ws.repo.private, "index"))
    return _answer(report, app.memory.ws.settings.model)


@command(index)
def rebuild(app: App) -> Answer:
    """Build the index anew; vectors already computed are taken from the cache."""
    fetch_model(app)
    shutil.rmtree(Path(app.memory.ws.repo.private, "index"), ignore_errors=True)
    return _refreshed(app)


@click.group()
def model() -> None:
    """Look at the embedding model, or fetch it."""


@command(model, "status")
def model_status(app: App) -> Answer:
    """Say which model is used and where it comes from."""
    found: Any = app.memory.recaller.model
    name, present = app.memory.ws.settings.model, found.digest is not None
    data: dict[str, Any] = {"model": name, "present": present, "digest": found.digest}
    data |= {"reason": found.reason, "reranker": None}
    lines = [f"{name}: {_state(present, found.reason)}"]
    reranker = app.memory.recaller.reranker
    if reranker is not None:
        at_hand = reranker.at_hand()
        second = {"model": reranker.model, "present": at_hand, "reason": reranker.reason}
        data["reranker"] = second
        lines.append(f"{reranker.model} (reranker): {_state(at_hand, reranker.reason)}")
    return Answer(data, lines)


def _state(present: bool, reason: str) -> str:
    return styled("g", "present") if present else styled("y", f"absent: {reason}")


@command(model)
@click.argument("name", required=False)
def pull(app: App, name: str | None) -> Answer:
    """Download a model from the Hugging Face hub into its local cache."""
    from kagura_git.search.model_files import download

    wanted = name or app.memory.ws.settings.model
    if name is None and foreign(app):
        raise UsageError(
            f"kagura.toml names the model {wanted}, which nobody here has chosen",
            hint=f"To download it say so: `git kagura model pull {wanted}`.",
            where="kagura.toml",
        )
    folder = download(wanted, note)
    return Answer({"model": wanted, "path": str(folder)}, [f"{wanted}: {folder}"])
