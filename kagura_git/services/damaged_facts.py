"""What waits for the next commit and cannot be read any more.

The hooks pass over it, so that it holds nothing up; ``doctor`` says so,
because a reason that somebody gave would be missing without a word.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from kagura_git.git import unwritten
from kagura_git.services.finding import Finding
from kagura_git.workspace import Workspace

_SHOWN: Final = 5
_FOLDERS: Final = ("pending", "unwritten", "unstaged", "at-commit", "strays")


def look(ws: Workspace) -> Iterator[Finding]:
    """Name the files that hold no fact and no note, and what stands in a folder's place."""
    found = [*_files(ws), *_no_folders(ws)]
    if found:
        names = ", ".join(os.path.relpath(path, ws.repo.top) for path in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        yield Finding(
            "waiting", "warning", f"damaged, so passed over by the next commit: {names}{more}",
            "Look what can still be read in it and record that again; then move it elsewhere.",
        )  # fmt: skip


def _files(ws: Workspace) -> Iterator[str]:
    # The names first: what a commit takes meanwhile is no longer there to be named.
    names = {folder: _names(ws, folder) for folder in ("pending", "unwritten")}
    known = {
        "pending": set(ws.working.pending()),
        "unwritten": {note.commit for note in unwritten.waiting(ws.working.folder)},
    }
    for folder, here in names.items():
        for name in here:
            path = os.path.join(ws.working.folder, folder, name)
            if name.removesuffix(".json") not in known[folder] and os.path.lexists(path):
                yield path


def _names(ws: Workspace, folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(os.path.join(ws.working.folder, folder)))
    except OSError:
        return []
    return [name for name in names if name.endswith(".json") and not name.startswith(".")]


def _no_folders(ws: Workspace) -> Iterator[str]:
    for folder in _FOLDERS:
        path = os.path.join(ws.working.folder, folder)
        if os.path.lexists(path) and not os.path.isdir(path):
            yield path
