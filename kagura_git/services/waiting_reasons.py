"""Reasons that wait for a commit: given to one made without hooks, or reported by doctor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from kagura_git.errors import KaguraError
from kagura_git.git import missed, unwritten
from kagura_git.git.log import commits
from kagura_git.git.run import Git, decode
from kagura_git.model.printable import one_line
from kagura_git.services.finding import Finding
from kagura_git.services.origin_search import Relinked
from kagura_git.workspace import Workspace

_REPLAYS: Final = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "sequencer")
_SHOWN: Final = 5
_SHORT: Final = 1.0
_LONG: Final = 30.0
_MOST_LOOKED_AT: Final = 50


def catch_up(ws: Workspace) -> None:
    """Give the reasons that wait to commits made without hooks, before somebody asks for them.

    Costs one look at HEAD where the last hook has seen to it.
    """
    if ws.repo.head() != missed.remembered(ws.working.folder):
        with suppress(KaguraError):  # read-only, or locked: what is known can still be told
            settle(ws, patience=_SHORT)


def settle(ws: Workspace, *, dry_run: bool = False, patience: float = _LONG) -> list[Relinked]:
    """Give the reasons that wait to the commits that contain them; the others go on waiting.

    Args:
        dry_run: change nothing.
        patience: for how many seconds to try while other writers win.

    Raises:
        GitError: the notes cannot be written.
    """
    folder = ws.working.folder
    facts, late = ws.working.pending("C-"), unwritten.waiting(folder)
    head = ws.repo.head() if facts else None
    if head is None or any(os.path.exists(os.path.join(ws.repo.git_dir, n)) for n in _REPLAYS):
        return []
    git = ws.repo.git
    known = missed.without(facts, late)
    found = [n for n in missed.settle(git, ws.repo.git_dir, folder, known, late, head) if n.facts]
    if not found:
        return []
    if not dry_run:
        unwritten.write(git, folder, found, patience=patience)
        ws.reason_journal.keep({note.commit: note.entries for note in found}, ws.now())
        for key in (key for note in found for key in note.facts):
            ws.working.drop_pending(key)
    subjects = {c.sha: c.subject for c in commits(git, [n.commit for n in found], walk=False)}
    return [
        Relinked(n.commit, subjects.get(n.commit, ""), (), "waiting reason", tuple(n.entries))
        for n in found
    ]


def overdue(ws: Workspace) -> Iterator[Finding]:
    """Report reasons whose file was committed since, though no commit certainly holds the edit."""
    head = ws.repo.head()
    facts = [
        fact
        for fact in ws.working.pending("C-").values()
        if fact.get("kind") == "change" and isinstance(fact.get("path"), str)
    ][:_MOST_LOOKED_AT]
    if head is None or not facts:
        return
    git = ws.repo.git
    edited = _edited(git, sorted({fact["path"] for fact in facts}))
    found = [
        fact for fact in facts if fact["path"] not in edited and _was_committed(git, fact, head)
    ]
    if found:
        names = ", ".join(
            f"{one_line(str(fact.get('id')), 20)} ({one_line(fact['path'], 80)})"
            for fact in found[:_SHOWN]
        )
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        what = "a reason waits" if len(found) == 1 else f"{len(found)} reasons wait"
        yield Finding(
            "waiting", "warning",
            f"{what} although the file was committed since, for no commit is certain to contain "
            f"the edit: {names}{more}",
            "`git kagura relink` links what it finds; `git kagura change list` shows the rest.",
        )  # fmt: skip


def _edited(git: Git, paths: list[str]) -> set[str]:
    """Return those of these files that hold something which is not committed."""
    done = git.run(
        "--no-optional-locks", "--literal-pathspecs", "status", "--porcelain=v1", "-z",
        "--no-renames", "--untracked-files=all", "--ignore-submodules=all", "--", *paths,
        ok=(0, 128),
    )  # fmt: skip
    return {line[3:] for line in decode(done.stdout).split("\0")[:-1]}


def _was_committed(git: Git, fact: dict[str, object], head: str) -> bool:
    base = fact.get("head")
    if not isinstance(base, str) or not base.isalnum() or base == head:
        return False
    done = git.run(
        "--literal-pathspecs", "rev-list", "--max-count=1", f"{base}..{head}", "--",
        str(fact["path"]), ok=(0, 128),
    )  # fmt: skip
    return bool(done.stdout.strip())
