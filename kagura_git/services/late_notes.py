"""Notes that a hook had no time to write."""

from __future__ import annotations

from kagura_git.git import unwritten
from kagura_git.workspace import Workspace


def write(ws: Workspace) -> list[str]:
    """Write the notes that wait in this worktree; returns their commits.

    Raises:
        GitError: they could not be written; they go on waiting.
    """
    late = unwritten.waiting(ws.working.folder)
    if late:
        unwritten.write(ws.repo.git, ws.working.folder, late)
        ws.reason_journal.keep({note.commit: note.entries for note in late}, ws.now())
    for key in (key for note in late for key in note.facts):
        ws.working.drop_pending(key)
    return [note.commit for note in late]
