"""Notes that were lost, brought back from the journal of reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kagura_git.git import notes
from kagura_git.git.notes import Entry
from kagura_git.git.run import Git, decode
from kagura_git.services.origin_search import Relinked
from kagura_git.services.traces import Traces
from kagura_git.workspace import Workspace

HOW: Final = "journal"


def restored(t: Traces, kept: Mapping[str, list[Entry]]) -> dict[str, Relinked]:
    """Return what commits on a branch had in notes that are gone, though nobody removed them.

    A note that somebody took away with ``git notes remove`` is left alone.
    """
    lost = [sha for sha in kept if sha not in t.entries and sha in t.alive and kept[sha]]
    removed = _removed(t.git) if lost else set()
    found: dict[str, Relinked] = {}
    for sha in lost:
        if sha not in removed:
            t.entries[sha] = list(kept[sha])
            subject = t.kin.commits[sha].subject
            found[sha] = Relinked(sha, subject, (), HOW, tuple(kept[sha]))
    return found


def _removed(git: Git) -> set[str]:
    """Return the commits whose note was taken away somewhere in the history of the notes."""
    done = git.run(
        "log", "-z", "--no-show-signature", "--format=", "--diff-filter=D", "--no-renames",
        "--name-only", notes.REF, "--", ok=(0, 128),
    )  # fmt: skip
    return {path.strip("\n").replace("/", "") for path in decode(done.stdout).split("\0") if path}


def prune(ws: Workspace, before: float) -> int:
    """Take out of the journal what notes of commits on a branch hold; returns how many notes.

    Args:
        before: only what was written before that time, in seconds.
    """
    if not ws.reason_journal.has_before(before):
        return 0
    git = ws.repo.git
    noted = notes.all_notes(git)
    listed = git.text("rev-list", "--branches", "--tags", "--remotes")
    held = {*listed.split()}

    def is_held(commit: str, entries: list[Entry]) -> bool:
        there = noted.get(commit, [])
        return commit in held and all(entry in there for entry in entries)

    return ws.reason_journal.prune(before, is_held)
