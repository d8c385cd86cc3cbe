"""Counting what survived: records, links, and links that should not be there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from kagura_git.git.diff import commit_changes
from kagura_git.git.versions import tree
from kagura_git.services import history, recover
from kagura_git.store.files import blob_id
from kagura_git.workspace import Workspace
from tests.survival.world import Item, Outcome, World


@dataclass
class Count:
    """How many of how many; ``wrong`` holds what should not be there, in words.

    Attributes:
        records: those that are there as they were acknowledged: on a branch, in the
            work tree, or after ``git kagura recover``, which ``recovered`` counts alone.
    """

    records: int = 0
    records_of: int = 0
    recovered: int = 0
    links: int = 0
    links_of: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, other: Count) -> None:
        """Add another trial's figures."""
        self.records += other.records
        self.records_of += other.records_of
        self.recovered += other.recovered
        self.links += other.links
        self.links_of += other.links_of
        self.wrong += other.wrong
        self.missing += other.missing


def judge(world: World, outcome: Outcome) -> Count:
    """Count what a repository still knows."""
    ws = world.open()
    count = Count()
    names = world.git("for-each-ref", "--format=%(refname)", "refs/heads").split()
    logs = [history.log(ws, limit=500, range_=name) for name in ["HEAD", *names]]
    seen = {item.commit.sha: item for log in logs for item in log}
    for sha, item in seen.items():
        changed = {file.path for file in commit_changes(ws.repo.git, sha).files}
        works = outcome.links.get(sha, [])
        wanted = set().union(*(work.links(changed, outcome.moved) for work in works))
        found = _linked(item)
        count.links += len(wanted & found)
        count.links_of += len(wanted)
        where = f"{item.commit.sha[:8]} {item.commit.subject!r}"
        count.missing += [f"{where} lacks {link}" for link in sorted(wanted - found)]
        wrong = found - wanted - outcome.also.get(sha, set())
        count.wrong += [f"{where} has {link}" for link in sorted(wrong)]
    for sha in outcome.links.keys() - seen.keys():
        raise AssertionError(f"the operation says that {sha} is on a branch; it is not")
    return count


def judge_records(world: World, count: Count) -> None:
    """Count the records, and bring back those that are gone; the repository is changed."""
    ws = world.open()
    names = world.git("for-each-ref", "--format=%(refname)", "refs/heads").split()
    tips = [tree(ws.repo.git, name) for name in names]
    gone = []
    for record, blob in world.kept.items():
        held = {tip[record].blob for tip in tips if record in tip}
        if blob not in held and blob != _blob(ws, record):
            gone.append(record)
    if gone:
        recover.restore(ws, gone)
    for record in gone:
        back = _blob(ws, record) == world.kept[record]
        count.recovered += back
        if not back:
            count.missing.append(f"record {record}")
    count.records_of += len(world.kept)
    count.records += len(world.kept) - len(gone) + count.recovered


def _blob(ws: Workspace, record: str) -> str | None:
    """Return git's name for a record's text, as it is in the work tree."""
    path = ws.files.path_of(record)
    return None if path is None else blob_id(ws.files.bytes_at(path))


def _linked(item: history.Remembered) -> set[Item]:
    """Return what ``git kagura log`` tells of a commit."""
    return {
        *(("session", name) for name in item.commit.ids("session")),
        *(("decision", name) for name in item.decisions),
        *(("error", name) for name in item.errors),
        *(("reason", c["path"], c["reason"]) for c in item.changes if c["reason"]),
    }


def reasons_by_why(world: World, path: str) -> set[str]:
    """Return what ``git kagura why PATH`` tells."""
    if not os.path.lexists(world.box.top / path):
        return set()
    return {entry["reason"] for entry in history.why(world.open(), path).reasons}
