"""Counting what survived: records, links, and links that should not be there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from kagura_git.git.diff import commit_changes
from kagura_git.git.versions import tree
from kagura_git.services import history
from kagura_git.workspace import Workspace
from tests.survival.world import Item, Outcome, World


@dataclass
class Count:
    """How many of how many; ``wrong`` holds what should not be there, in words."""

    records: int = 0
    records_of: int = 0
    on_branch: int = 0
    links: int = 0
    links_of: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, other: Count) -> None:
        """Add another trial's figures."""
        self.records += other.records
        self.records_of += other.records_of
        self.on_branch += other.on_branch
        self.links += other.links
        self.links_of += other.links_of
        self.wrong += other.wrong
        self.missing += other.missing


def judge(world: World, outcome: Outcome) -> Count:
    """Count what a repository still knows."""
    ws = world.open()
    count = Count()
    _records(world, ws, count)
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


def _records(world: World, ws: Workspace, count: Count) -> None:
    """Count the records that are in HEAD as they were acknowledged, or in the journal."""
    here = {record: version.blob for record, version in tree(ws.repo.git, "HEAD").items()}
    journal = {path.name for path in Path(ws.repo.shared, "journal").glob("*/*.yaml")}
    for record, blob in world.kept.items():
        count.records_of += 1
        on_branch = here.get(record) == blob
        count.on_branch += on_branch
        count.records += on_branch or f"{record}.{blob}.yaml" in journal


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
