"""Random work with git and kagura: whatever was acknowledged is in git, in a work tree, or listed.

Each edit adds a tag of its own to a record, so that what a version says is the
set of its tags, and what became of it can be told without any of our code.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from kagura_git.errors import InvalidRecord
from kagura_git.memory import SyncCodingMemory
from kagura_git.model.records import Decision
from kagura_git.services import recover
from kagura_git.store import codec
from tests.recover.desk import Desk

STEPS = 45
Said = dict[str, set[frozenset[str]]]


class Player:
    """Some worktrees of one repository, and what was acknowledged in them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.main = Desk.at(folder / "main")
        self.desks = [self.main]
        self.folder = folder
        self.memories: dict[Path, SyncCodingMemory] = {}
        self.acknowledged: Said = {}
        self.read: dict[str, tuple[str, frozenset[str]] | None] = {}
        self.number = 0
        self.moves: list[Callable[[Desk], object]] = [
            self.record, self.record, self.edit, self.edit, self.edit, self.edit, self.commit,
            self.commit, self.amend, self.switch, self.branch, self.reset, self.clean, self.stash,
            self.unstash, self.drop_stash, self.delete_branch, self.merge, self.rebase,
            self.pick, self.squash, self.discard, self.remove, self.tag, self.add_worktree,
            self.remove_worktree, self.collect, self.restore_some,
        ]  # fmt: skip

    def memory(self, desk: Desk) -> SyncCodingMemory:
        return self.memories.setdefault(desk.top, SyncCodingMemory(desk.top))

    def token(self) -> str:
        self.number += 1
        return f"t{self.number:04}"

    def step(self) -> str:
        desk = self.rng.choice(self.desks)
        move = self.rng.choice(self.moves)
        move(desk)
        return f"{move.__name__} in {desk.top.name}"

    # Moves

    def record(self, desk: Desk) -> None:
        made = self.memory(desk).record_decision(self.token(), "because", tags=[self.token()])
        self.acknowledge(str(made), made.record)

    def edit(self, desk: Desk) -> None:
        memory = self.memory(desk)
        found = [s.record for s in memory.ws.files.read_all() if isinstance(s.record, Decision)]
        if found:
            record = self.rng.choice(found)
            record = replace(record, tags=[*record.tags, self.token()])
            memory.store(record.id, record)
            self.acknowledge(record.id, record)

    def acknowledge(self, record_id: str, record: object) -> None:
        assert isinstance(record, Decision)
        self.acknowledged.setdefault(record_id, set()).add(frozenset(record.tags))

    def commit(self, desk: Desk) -> None:
        if self.rng.random() < 0.3:
            desk.write("code.py", self.token())
        if self.rng.random() < 0.7:
            desk.run("add", "-A")
        desk.run("commit", "-q", "-m", self.token(), ok=False)

    def amend(self, desk: Desk) -> None:
        desk.run("commit", "-q", "--amend", "--no-edit", "--allow-empty", ok=False)

    def others(self, desk: Desk) -> list[str]:
        here = desk.out("branch", "--show-current")
        names = desk.out("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        return [name for name in names if name != here]

    def switch(self, desk: Desk) -> None:
        how = self.rng.choice([[], [], ["-f"], ["--detach"]])
        if names := self.others(desk):
            desk.run("checkout", "-q", *how, self.rng.choice(names), ok=False)

    def branch(self, desk: Desk) -> None:
        desk.run("checkout", "-q", "-b", f"b{self.token()}", ok=False)

    def reset(self, desk: Desk) -> None:
        how = self.rng.choice(["--hard", "--hard", "--mixed", "--soft"])
        desk.run("reset", "-q", how, self.rng.choice(["HEAD", "HEAD~1", "HEAD@{1}"]), ok=False)

    def clean(self, desk: Desk) -> None:
        desk.run("clean", "-q", "-fd")

    def stash(self, desk: Desk) -> None:
        desk.run("stash", "-q", *self.rng.choice([[], ["-u"]]), ok=False)

    def unstash(self, desk: Desk) -> None:
        if desk.run("stash", "pop", "-q", ok=False).returncode:
            desk.run("reset", "-q", "--hard")

    def drop_stash(self, desk: Desk) -> None:
        desk.run("stash", "drop", "-q", ok=False)

    def delete_branch(self, desk: Desk) -> None:
        if names := [name for name in self.others(desk) if name != "main"]:
            desk.run("branch", "-q", "-D", self.rng.choice(names), ok=False)

    def merge(self, desk: Desk) -> None:
        if names := self.others(desk):
            side = self.rng.choice(["ours", "theirs"])
            args = ("-q", "--no-edit", "-X", side, self.rng.choice(names))
            if desk.run("merge", *args, ok=False).returncode:
                desk.run("merge", "--abort", ok=False)

    def rebase(self, desk: Desk) -> None:
        if names := self.others(desk):
            side = self.rng.choice(["ours", "theirs"])
            if desk.run("rebase", "-q", "-X", side, self.rng.choice(names), ok=False).returncode:
                desk.run("rebase", "--abort", ok=False)

    def pick(self, desk: Desk) -> None:
        if names := self.others(desk):
            args = ("-X", "theirs", self.rng.choice(names))
            if desk.run("cherry-pick", *args, ok=False).returncode:
                desk.run("cherry-pick", "--abort", ok=False)

    def squash(self, desk: Desk) -> None:
        if names := self.others(desk):
            args = ("-q", "--squash", "-X", "theirs", self.rng.choice(names))
            if desk.run("merge", *args, ok=False).returncode:
                desk.run("reset", "-q", "--hard")

    def discard(self, desk: Desk) -> None:
        desk.run("restore", "--worktree", "--", ".", ok=False)

    def remove(self, desk: Desk) -> None:
        if found := [path for path, _ in self.memory(desk).ws.files.entries()]:
            force = self.rng.choice([[], ["-f"]])
            desk.run("rm", "-q", *force, self.rng.choice(found), ok=False)

    def tag(self, desk: Desk) -> None:
        desk.run("tag", self.token())

    def add_worktree(self, desk: Desk) -> None:
        if len(self.desks) < 3:
            name = f"w{self.token()}"
            self.desks.append(
                self.main.beside(name, *self.rng.choice([["-b", name], ["--detach"]]))
            )

    def remove_worktree(self, desk: Desk) -> None:
        if desk is not self.main:
            self.main.run("worktree", "remove", "--force", str(desk.top))
            self.desks.remove(desk)

    def collect(self, desk: Desk) -> None:
        desk.forget_everything()

    def restore_some(self, desk: Desk) -> None:
        found = recover.lost(self.memory(desk).ws)
        some = self.rng.sample(found, min(len(found), 2))
        for done in recover.restore(self.memory(desk).ws, [item.id for item in some]):
            assert not done.problem, done

    # What is there, asked of git alone

    def present(self) -> Said:
        stashes = self.main.run("reflog", "--format=%H", "stash", ok=False).stdout.split()
        tips = [*stashes, *(desk.head for desk in self.desks)]
        lines = self.main.out("rev-list", "--objects", "--all", *tips).splitlines()
        blobs = {line[:40] for line in lines if line.endswith(".yaml")}
        for desk in self.desks:
            staged = desk.out("ls-files", "-s", "--", ".kagura").splitlines()
            blobs |= {line.split()[1] for line in staged if line.endswith(".yaml")}
        found: Said = {}
        for blob in blobs:
            if blob not in self.read:
                data = self.main.run("cat-file", "blob", blob).stdout.encode()
                self.read[blob] = said(data)
            add(found, self.read[blob])
        for desk in self.desks:
            for path in desk.top.glob(".kagura/*s/*/*.yaml"):
                add(found, said(path.read_bytes()))
        return found

    def compare(self, done: str) -> None:
        """Hold what was acknowledged against what is there and what is listed as lost."""
        present = self.present()
        listed = recover.lost(self.memory(self.rng.choice(self.desks)).ws)
        lost: Said = {}
        for item in listed:
            for blob in item.versions:
                (path,) = (self.main.shared / "journal").glob(f"*/{item.id}.{blob}.yaml")
                add(lost, said(path.read_bytes()))
        for record_id, versions in self.acknowledged.items():
            here, gone = present.get(record_id, set()), lost.get(record_id, set())
            for version in versions:
                assert any(version <= other for other in here | gone), f"{record_id} after {done}"
            for version in gone:
                assert not any(version <= other for other in here), f"{record_id} after {done}"


def said(data: bytes) -> tuple[str, frozenset[str]] | None:
    for record_id in (line[4:] for line in data.decode().split("\n") if line.startswith("id: ")):
        try:
            record = codec.loads(data, f"{record_id}.yaml")
        except InvalidRecord:
            return None
        return (record.id, frozenset(record.tags)) if isinstance(record, Decision) else None
    return None


def add(found: Said, version: tuple[str, frozenset[str]] | None) -> None:
    if version is not None:
        found.setdefault(version[0], set()).add(version[1])


@pytest.mark.parametrize("seed", range(5))
def test_what_was_acknowledged_is_held_or_listed(tmp_path: Path, seed: int) -> None:
    player = Player(tmp_path, seed)
    log = []
    for number in range(STEPS):
        log.append(player.step())
        player.compare(f"seed {seed}, step {number}: {log}")
    desk = player.main
    desk.run("reset", "-q", "--hard")
    player.compare("a last reset")
    for done in recover.restore(player.memory(desk).ws, None):
        assert not done.problem, done
    assert recover.lost(player.memory(desk).ws) == []
    player.compare("restoring everything")
