"""Which commits a record is linked to, and which reasons they carry: a derived cache.

Read once from the whole history, then brought up to date from what is new:
the commits that HEAD gained and the notes that changed. Deleted, it comes back.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from kagura_git import atomic
from kagura_git.git.log import Commit, commits
from kagura_git.git.notes import REF
from kagura_git.git.run import Git
from kagura_git.model.entries import typed
from kagura_git.model.ids import is_id

_VERSION: Final = 1
_KEPT: Final = ("head", "notes", "order", "records", "changes")


@dataclass(slots=True)
class Links:
    """What the commits reachable from HEAD say about records.

    Attributes:
        records: per commit, the record ids linked to it, with how (``linked``,
            ``recorded``, ``changed``, ``solved`` ...).
        changes: per commit, its note's change entries that carry a reason.
    """

    head: str | None = None
    notes: str | None = None
    order: list[str] = field(default_factory=list)
    records: dict[str, dict[str, str]] = field(default_factory=dict)
    changes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _commits: dict[str, list[str]] | None = field(default=None, repr=False, compare=False)

    def commits_of(self, record_id: str) -> list[str]:
        """Return the commits linked to a record, or whose note holds a change; newest first."""
        if self._commits is None:
            self._commits = self._inverted()
        return self._commits.get(record_id, [])

    def _inverted(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for sha in self.order:
            changed = (str(entry.get("id")) for entry in self.changes.get(sha, ()))
            for identifier in dict.fromkeys([*self.records.get(sha, ()), *changed]):
                found.setdefault(identifier, []).append(sha)
        return found

    def solved_by(self, record_id: str) -> str | None:
        """Return the newest commit that carried an error's solution."""
        for sha in self.order:
            if self.records.get(sha, {}).get(record_id) == "solved":
                return sha
        return None


def load(git: Git, cache: str, known: Links | None = None) -> Links:
    """Return the links as of now, updating the cache file where it is behind.

    Args:
        known: what an earlier call in this process returned.
    """
    head, notes = _tips(git)
    links = known or _read(cache)
    if links is not None and (links.head, links.notes) == (head, notes):
        return links
    if head is None:
        return Links(head=None, notes=notes)
    links = _advance(git, links, head, notes) if links else None
    if links is None:
        found = commits(git, [head])
        links = Links(head=head, notes=notes, order=[c.sha for c in found])
        for commit in found:
            _take(links, commit)
    with contextlib.suppress(OSError):  # a disk that takes nothing only costs time
        atomic.make_folder(os.path.dirname(cache))
        atomic.write(cache, _dump(links), durable=False)
    return links


def _tips(git: Git) -> tuple[str | None, str | None]:
    asked = f"HEAD\n{REF}\n".encode()
    lines = git.text("cat-file", "--batch-check=%(objectname)", stdin=asked).split("\n")
    head, notes = (None if line.endswith("missing") else line for line in lines)
    return head, notes


def _advance(git: Git, links: Links, head: str, notes: str | None) -> Links | None:
    """Return the links moved on to new tips, or None where only a full walk is right."""
    if links.head is None:
        return None
    ahead = git.run("rev-list", "--parents", f"{links.head}..{head}", ok=(0, 128))
    lost = git.run("rev-list", "--max-count=1", f"{head}..{links.head}", ok=(0, 128))
    if ahead.returncode or lost.returncode or lost.stdout.strip():
        return None
    gained = [line.split() for line in ahead.stdout.decode().splitlines()]
    fresh = [sha for sha, *_ in gained]
    again = _renoted(git, links.notes, notes)
    if again is None:
        return None
    if [parents for _, *parents in gained] == [[sha] for sha in [*fresh[1:], links.head] if fresh]:
        order = [*fresh, *links.order]
    else:  # a merge: git sorts what both sides did by date
        order = git.text("rev-list", head).split("\n")
    stale = (set(order) - set(fresh)).intersection(again)
    # A new object: what was handed out earlier stays as it was.
    links = Links(
        head,
        notes,
        order,
        {sha: linked for sha, linked in links.records.items() if sha not in stale},
        {sha: entries for sha, entries in links.changes.items() if sha not in stale},
    )
    for commit in commits(git, [*fresh, *sorted(stale)], walk=False):
        _take(links, commit)
    return links


def _renoted(git: Git, old: str | None, new: str | None) -> list[str] | None:
    if old == new:
        return []
    if old is None or new is None:
        return None
    done = git.run("diff-tree", "-r", "-z", "--name-only", old, new, ok=(0, 128))
    if done.returncode:
        return None
    return [
        path.replace("/", "") for path in done.stdout.decode("ascii", "replace").split("\0") if path
    ]


def _take(links: Links, commit: Commit) -> None:
    linked = dict.fromkeys((*commit.trailers, *commit.ids("session")), "linked")
    for entry in commit.entries:
        identifier, relation = entry.get("id"), entry.get("relation", "linked")
        if entry["kind"] not in ("decision", "error"):
            continue
        if not isinstance(identifier, str) or not is_id(identifier):
            continue
        if linked.get(identifier) != "solved":  # recorded and solved in one commit
            linked[identifier] = relation if isinstance(relation, str) else "linked"
    if linked:
        links.records[commit.sha] = linked
    reasoned = [entry for entry in commit.changes() if entry.get("reason")]
    if reasoned:
        links.changes[commit.sha] = [{"at": commit.date, **entry} for entry in reasoned]


def _dump(links: Links) -> bytes:
    state = {"version": _VERSION, **{name: getattr(links, name) for name in _KEPT}}
    return json.dumps(state).encode()


def _read(cache: str) -> Links | None:
    try:
        with open(cache, encoding="utf-8") as file:
            state = msgspec.convert(json.load(file), _State)
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None  # derived: absent, torn and foreign are all the same
    if state.version != _VERSION:
        return None
    changes = {sha: [typed(entry) for entry in found] for sha, found in state.changes.items()}
    return Links(state.head, state.notes, state.order, state.records, changes)


class _State(msgspec.Struct):
    version: int
    head: str | None
    notes: str | None
    order: list[str]
    records: dict[str, dict[str, str]]
    changes: dict[str, list[dict[str, Any]]]
