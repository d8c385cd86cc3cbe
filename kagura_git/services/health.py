"""``doctor``: is everything in place, and if not, what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, Protocol

from kagura_git.errors import KaguraError
from kagura_git.model.mapping import iso
from kagura_git.services import (
    damaged_facts,
    health_files,
    health_git,
    health_llm,
    health_records,
    leftovers,
    rewrite_maps,
    waiting_reasons,
)
from kagura_git.services.finding import Finding
from kagura_git.store.files import Stored
from kagura_git.workspace import Workspace

_SHOWN: Final = 5


class IndexState(Protocol):
    """What doctor asks of the search."""

    def stale(self) -> int:
        """Return how many records the index is behind."""
        ...

    def ranking(self) -> tuple[str, str]:
        """Return ``hybrid`` or ``lexical``, and why it is only lexical."""
        ...


def is_set_up(ws: Workspace) -> bool:
    """Tell whether ``git kagura init`` has been run here, or where this was cloned from."""
    return ws.is_set_up


def check(
    ws: Workspace,
    index: IndexState,
    environ: Mapping[str, str],
    *,
    stored: Sequence[Stored] | None = None,
    abandoned: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Finding]:
    """Return what was looked at, faults and all, in a fixed order.

    Args:
        stored: every record file, where it has been read already.
        abandoned: how many records only the journal still has.
        progress: is told how many signatures are looked at, of how many.
    """
    if not is_set_up(ws):
        hint = ws.moved_hint() or "Run `git kagura init`."
        return [Finding("setup", "error", "not set up in this repository", hint)]
    records = list(ws.files.read_all()) if stored is None else stored
    checks: list[Callable[[], Iterator[Finding]]] = [
        lambda: health_git.version(ws),
        lambda: _enabled(ws),
        lambda: health_files.settings(ws),
        lambda: health_git.hooks(ws, environ),
        lambda: health_git.merge_driver(ws),
        lambda: health_git.notes(ws),
        lambda: rewrite_maps.unread(ws),
        lambda: health_records.readable(records),
        lambda: health_records.conflicts(records),
        lambda: health_records.signatures(ws, records, progress),
        lambda: health_records.same_decisions(records),
        lambda: health_files.changed_on_the_way(ws),
        lambda: health_files.ignored(ws),
        lambda: health_records.unstaged(ws),
        lambda: _abandoned(abandoned),
        lambda: _session(ws),
        lambda: _left_behind(ws),
        lambda: damaged_facts.look(ws),
        lambda: waiting_reasons.overdue(ws),
        lambda: _index(index),
        lambda: health_llm.models(ws, environ),
    ]
    return [finding for look in checks for finding in look()]


def _enabled(ws: Workspace) -> Iterator[Finding]:
    if not ws.settings.enabled:
        yield Finding(
            "setup", "warning", "recording is turned off",
            "Remove `enabled = false` under [coding_memory] in kagura.toml.",
        )  # fmt: skip


def _abandoned(count: int) -> Iterator[Finding]:
    if count:
        what = "a record is" if count == 1 else f"{count} records are"
        yield Finding(
            "journal", "warning", f"{what} on no branch any more; the journal still has them",
            "`git kagura recover --list` shows them.",
        )  # fmt: skip


def _left_behind(ws: Workspace) -> Iterator[Finding]:
    found = leftovers.find(ws)
    for item in [item for item in found if not item.ours]:
        yield Finding(
            "locks", "warning", f"{item.path}: {item.what}",
            "If no git command runs in this repository any more, remove that file.",
        )  # fmt: skip
    ours = [item for item in found if item.ours]
    if ours:
        names = ", ".join(os.path.relpath(item.path, ws.repo.top) for item in ours[:_SHOWN])
        more = f" and {len(ours) - _SHOWN} more" if len(ours) > _SHOWN else ""
        yield Finding(
            "leftovers", "warning", f"left behind, needed by nobody: {names}{more}",
            "Run `git kagura doctor --fix`.",
        )  # fmt: skip


def _session(ws: Workspace) -> Iterator[Finding]:
    active = ws.working.active_session()
    if active is None:
        return
    path = ws.files.path_of(active)
    try:
        record = ws.files.read(path) if path else None
    except KaguraError:
        record = None  # among the records above
    started = getattr(record, "started_at", None)
    if started is not None and ws.now() - started > timedelta(hours=ws.settings.max_session_hours):
        yield Finding(
            "session", "warning", f"{active} has been active since {iso(started)}",
            "End it: `git kagura session end`.",
        )  # fmt: skip


def _index(index: IndexState) -> Iterator[Finding]:
    behind = index.stale()
    if behind:
        yield Finding(
            "index", "warning", f"{behind} record{'s' if behind > 1 else ''} behind",
            "Nothing to do: the next search refreshes it (or `git kagura index refresh`).",
        )  # fmt: skip
    else:
        yield Finding("index", "ok", "fresh")
    ranking, reason = index.ranking()
    if ranking == "hybrid":
        yield Finding("model", "ok", "search by words and by meaning")
    else:
        message, _, mend = reason.partition("\n")
        yield Finding("model", "warning", message or "search by words alone", mend)
