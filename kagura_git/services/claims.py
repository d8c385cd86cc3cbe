"""Which of the ids that a commit's message names are anybody's.

A trailer is a claim: anyone may write one. It counts as a link only if the
record it names exists: on this branch, in the journal, on another branch, or
in the commit's own note, which the hook wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from kagura_git.git import snapshot
from kagura_git.git.log import Commit
from kagura_git.model.ids import STORED_KINDS, id_in_name, kind_of
from kagura_git.store.files import folder_of
from kagura_git.workspace import Workspace

# Looking at every branch costs; a message with more unknown names than this is a forgery.
_MOST: Final = 20


def checked(ws: Workspace, commits: Sequence[Commit]) -> list[Commit]:
    """Return the commits, without those trailers that name no record."""
    claimed = {name for commit in commits for name in commit.trailers} - {
        value for commit in commits for value in _noted(commit)
    }
    forged = claimed - existing(ws, claimed) if claimed else claimed
    if not forged:
        return list(commits)
    return [
        replace(commit, trailers=tuple(name for name in commit.trailers if name not in forged))
        for commit in commits
    ]


def _noted(commit: Commit) -> Iterator[str]:
    for entry in commit.entries:
        yield from (value for value in (entry.get("id"), entry.get("session")) if value)


def existing(ws: Workspace, ids: Iterable[str]) -> set[str]:
    """Return those of these ids for which there is a record, here or elsewhere."""
    wanted = set(ids)
    found = wanted & set(_here(ws))
    if wanted - found:
        found |= wanted & ws.journal.kept().keys()
    for name in sorted(wanted - found)[:_MOST]:
        if snapshot.find(ws.repo, folder_of(kind_of(name)), name) is not None:
            found.add(name)
    return found


def _here(ws: Workspace) -> Iterator[str]:
    for kind in STORED_KINDS:
        base = folder_of(kind)
        for month in ws.files.names(base):
            for name in ws.files.names(f"{base}/{month}"):
                if (found := id_in_name(name)) is not None:
                    yield found
