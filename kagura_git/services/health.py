"""``doctor``: is everything in place, and if not, what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, Protocol

from kagura_git.errors import KaguraError
from kagura_git.git import config, shims, staging
from kagura_git.git.notes import REF
from kagura_git.model.mapping import iso
from kagura_git.store.files import FOLDER
from kagura_git.workspace import Workspace

Severity = Literal["ok", "warning", "error"]
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``mend`` says what to do about it."""

    check: str
    severity: Severity
    message: str
    mend: str = ""


class IndexState(Protocol):
    """What doctor asks of the search."""

    def stale(self) -> int:
        """Return how many records the index is behind."""
        ...

    def ranking(self) -> tuple[str, str]:
        """Return ``hybrid`` or ``lexical``, and why it is only lexical."""
        ...


def check(ws: Workspace, index: IndexState, environ: Mapping[str, str]) -> list[Finding]:
    """Return what was looked at, faults and all, in a fixed order."""
    if not os.path.isdir(os.path.join(ws.repo.top, FOLDER)):
        return [
            Finding("setup", "error", "not set up in this repository", "Run `git kagura init`.")
        ]
    checks: list[Callable[[], Iterator[Finding]]] = [
        lambda: _setup(ws),
        lambda: _hooks(ws, environ),
        lambda: _notes(ws),
        lambda: _records(ws),
        lambda: _staged(ws),
        lambda: _session(ws),
        lambda: _index(index),
    ]
    return [finding for look in checks for finding in look()]


def _setup(ws: Workspace) -> Iterator[Finding]:
    version = ws.repo.git.text("--version").removeprefix("git version ").split()[0]
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < (2, 30):
        yield Finding("git", "error", f"git {version} is too old", "Install git 2.30 or newer.")
    else:
        yield Finding("git", "ok", f"git {version}")
    if not ws.settings.enabled:
        yield Finding(
            "setup", "warning", "recording is turned off",
            "Remove `enabled = false` under [coding_memory] in kagura.toml.",
        )  # fmt: skip


def _hooks(ws: Workspace, environ: Mapping[str, str]) -> Iterator[Finding]:
    if environ.get("KAGURA_DISABLE"):
        yield Finding("hooks", "warning", "KAGURA_DISABLE is set", "Unset it to let hooks work.")
    elif not ws.settings.hooks_enabled:
        yield Finding(
            "hooks", "warning", "turned off in kagura.toml",
            "Remove `enabled = false` under [hooks].",
        )  # fmt: skip
    faults = [state for state in shims.inspect(ws.repo) if not state.ok]
    for state in faults:
        yield Finding("hooks", "error", f"{state.name}: {state.problem}", "Run `git kagura init`.")
    if not faults:
        yield Finding("hooks", "ok", "installed and reached")


def _notes(ws: Workspace) -> Iterator[Finding]:
    git = ws.repo.git
    faults = []
    for name, loss in (
        ("notes.rewriteRef", "amend and rebase would lose the reasons of a commit"),
        ("notes.displayRef", "`git log` does not show the reasons"),
    ):
        if not any(_covers(value.value) for value in config.values(git, name)):
            severity: Severity = "error" if name == "notes.rewriteRef" else "warning"
            faults.append(
                Finding("notes", severity, f"{name} lacks {REF}: {loss}", "Run `git kagura init`.")
            )
    for remote in config.remotes(git):
        specs = [setting.value for setting in config.values(git, f"remote.{remote}.fetch")]
        forced = [spec for spec in specs if spec.startswith("+") and _lands_on_notes(spec)]
        if forced:
            faults.append(
                Finding(
                    "notes", "error",
                    f"remote {remote}: the forced fetch {forced[0]} overwrites unpushed notes",
                    f"Take that line out of remote.{remote}.fetch, then run `git kagura init`.",
                )
            )  # fmt: skip
        if not any(f"refs/notes/remotes/{remote}/" in spec for spec in specs):
            faults.append(
                Finding(
                    "notes", "warning", f"remote {remote}: its notes are not fetched",
                    "Run `git kagura init`.",
                )
            )  # fmt: skip
    yield from faults or [Finding("notes", "ok", f"{REF} follows rewrites")]


def _covers(pattern: str) -> bool:
    import fnmatch

    return fnmatch.fnmatchcase(REF, pattern)


def _lands_on_notes(spec: str) -> bool:
    return _covers(spec.rpartition(":")[2])


def _records(ws: Workspace) -> Iterator[Finding]:
    count, faults = 0, 0
    for stored in ws.files.read_all():
        count += 1
        if stored.problem is None:
            continue
        faults += 1
        if faults <= _SHOWN:
            problem = stored.problem
            where = problem.where or stored.path
            yield Finding("records", "error", f"{where}: {problem.message}", problem.hint)
    if faults > _SHOWN:
        yield Finding("records", "error", f"and {faults - _SHOWN} more", "Mend the first ones.")
    if not faults:
        yield Finding("records", "ok", f"{count} valid")


def _staged(ws: Workspace) -> Iterator[Finding]:
    if not ws.settings.stage:
        return
    left = staging.unstaged_records(ws.repo)
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        yield Finding(
            "staging", "warning", f"{left[0]}{more}: the next commit would leave it out",
            "Run `git add .kagura`.",
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
