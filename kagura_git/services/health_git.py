"""What ``doctor`` looks at in git: hooks, the merge driver, notes."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Iterator, Mapping
from typing import Final

from kagura_git.errors import GitError
from kagura_git.git import config, driver, note_entries, notes_state, shims, unwritten
from kagura_git.git.notes import REF
from kagura_git.services.finding import Finding, Severity
from kagura_git.workspace import Workspace

_DRIVER: Final = "kagura"
_SHOWN: Final = 5
# Any path that the line in .gitattributes covers.
_A_RECORD: Final = ".kagura/decisions/2025-01/D-00000000.yaml"


def version(ws: Workspace) -> Iterator[Finding]:
    """Say whether this git is new enough."""
    number = ws.repo.git.text("--version").removeprefix("git version ").split()[0]
    parts = tuple(int(part) for part in number.split(".")[:2] if part.isdigit())
    if parts < (2, 30):
        yield Finding("git", "error", f"git {number} is too old", "Install git 2.30 or newer.")
    else:
        yield Finding("git", "ok", f"git {number}")


def hooks(ws: Workspace, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Say whether git reaches our hooks, and whether they may work."""
    if environ.get("KAGURA_DISABLE"):
        yield Finding("hooks", "warning", "KAGURA_DISABLE is set", "Unset it to let hooks work.")
    elif not ws.settings.hooks_enabled:
        yield Finding(
            "hooks", "warning", "turned off in kagura.toml",
            "Remove `enabled = false` under [hooks].",
        )  # fmt: skip
    faults = [state for state in shims.inspect(ws.repo) if not state.ok]
    together: dict[tuple[str, str], list[str]] = {}
    for state in faults:
        together.setdefault((state.problem, state.mend), []).append(state.name)
    for (problem, mend), names in together.items():
        yield Finding("hooks", "error", f"{', '.join(names)}: {problem}", mend)
    if not faults:
        yield Finding("hooks", "ok", "installed and reached")


def merge_driver(ws: Workspace) -> Iterator[Finding]:
    """Say whether git merges records with our merge function."""
    git = ws.repo.git
    named = git.fields("check-attr", "-z", "merge", "--", _A_RECORD)
    if len(named) < 3 or named[2] != _DRIVER:
        yield Finding(
            "merge-driver", "warning", f".gitattributes does not name it for {_A_RECORD[:8]}",
            "Run `git kagura init`; until then `git kagura doctor --fix` mends merges afterwards.",
        )  # fmt: skip
    elif not driver.configured(ws.repo):
        yield Finding(
            "merge-driver", "warning",
            "named in .gitattributes, not configured here: git merges records line by line",
            "Run `git kagura init`; until then `git kagura doctor --fix` mends merges afterwards.",
        )  # fmt: skip
    elif driver.outdated(ws.repo, shims.this_program()):
        yield Finding(
            "merge-driver", "warning", "not as this version writes it", "Run `git kagura init`."
        )
    else:
        yield Finding("merge-driver", "ok", "configured")


def notes(ws: Workspace) -> Iterator[Finding]:
    """Say whether notes follow rewrites, arrive from remotes, and can be read."""
    faults = [*_rewrites(ws), *_remotes(ws), *_unmerged_notes(ws), *_fanout(ws), *_unwritten(ws)]
    faults += _too_large(ws)
    yield from faults or [Finding("notes", "ok", f"{REF} follows rewrites")]


def _too_large(ws: Workspace) -> Iterator[Finding]:
    with contextlib.suppress(GitError):  # what cannot be read, others say
        found = note_entries.too_large(ws.repo.git)
        if found:
            names = ", ".join(sha[:12] for sha in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            yield Finding(
                "notes", "warning",
                f"too large to be read, so passed over: the notes of {names}{more}",
                f"`git log {REF}` tells who wrote them.",
            )  # fmt: skip


def _rewrites(ws: Workspace) -> Iterator[Finding]:
    for name, loss in (
        ("notes.rewriteRef", "amend and rebase would lose the reasons of a commit"),
        ("notes.displayRef", "`git log` does not show the reasons"),
    ):
        if not any(_covers(setting.value) for setting in config.values(ws.repo.git, name)):
            severity: Severity = "error" if name == "notes.rewriteRef" else "warning"
            yield Finding(
                "notes", severity, f"{name} lacks {REF}: {loss}", "Run `git kagura init`."
            )


def _remotes(ws: Workspace) -> Iterator[Finding]:
    git = ws.repo.git
    for remote in config.remotes(git):
        specs = [setting.value for setting in config.values(git, f"remote.{remote}.fetch")]
        forced = [spec for spec in specs if spec.startswith("+") and _lands_on_notes(spec)]
        if forced:
            yield Finding(
                "notes", "error",
                f"remote {remote}: the forced fetch {forced[0]} overwrites unpushed notes",
                f"Take that line out of remote.{remote}.fetch, then run `git kagura init`.",
            )  # fmt: skip
        if not any(f"refs/notes/remotes/{remote}/" in spec for spec in specs):
            yield Finding(
                "notes", "warning", f"remote {remote}: its notes are not fetched",
                "Run `git kagura init`.",
            )  # fmt: skip


def _covers(pattern: str) -> bool:
    return fnmatch.fnmatchcase(REF, pattern)


def _lands_on_notes(spec: str) -> bool:
    return _covers(spec.rpartition(":")[2])


def _unmerged_notes(ws: Workspace) -> Iterator[Finding]:
    for remote, tip in notes_state.tracked(ws.repo.git).items():
        count = notes_state.lacking(ws.repo.git, tip)
        if count:
            yield Finding(
                "notes", "warning",
                f"remote {remote}: fetched notes of {count} commit{'s' if count > 1 else ''} "
                "are not among ours yet",
                f"Run `git kagura sync {remote}`.",
            )  # fmt: skip


def _unwritten(ws: Workspace) -> Iterator[Finding]:
    count = len(unwritten.waiting(ws.working.folder))
    if count:
        yield Finding(
            "notes", "warning", f"{count} note{'s' if count > 1 else ''} could not be written yet",
            "The next commit writes them, or `git kagura doctor --fix`.",
        )  # fmt: skip


def _fanout(ws: Workspace) -> Iterator[Finding]:
    problem = notes_state.problem(ws.repo.git)
    if problem is not None:
        yield Finding("notes", "error", problem, "Run `git kagura sync`, which writes them anew.")
