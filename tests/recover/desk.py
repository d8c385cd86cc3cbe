"""One person's repository in which records get lost, and what is asked about them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from kagura_git.memory import SyncCodingMemory
from kagura_git.model.records import Decision, Record
from kagura_git.services import recover, setup
from kagura_git.services.lost import Lost
from kagura_git.services.recover import Restored
from kagura_git.workspace import Workspace
from tests.git_repo import Sandbox, new


class Desk(Sandbox):
    """A work tree set up with kagura, without hooks: what they do is another test's subject."""

    @classmethod
    def at(cls, top: Path, *args: str) -> Desk:
        """Make a repository with kagura, and a first commit."""
        made = new(top, dict(os.environ), *args)
        desk = cls(made.top, made.env)
        setup.init(desk.repo, with_hooks=False)
        desk.commit("set up", **{"code.py": "1\n"})
        return desk

    def beside(self, name: str, *args: str) -> Desk:
        """Add a worktree beside this one, on a branch of its own unless ``args`` say otherwise."""
        top = self.top.parent / name
        self.run("worktree", "add", "-q", *(args or ("-b", name)), str(top))
        return Desk(top, self.env)

    @property
    def memory(self) -> SyncCodingMemory:
        """The memory as a new process opens it."""
        return SyncCodingMemory(self.top)

    @property
    def ws(self) -> Workspace:
        """The repository as a new process opens it."""
        return self.memory.ws

    @property
    def shared(self) -> Path:
        """kagura's folder in the common git directory."""
        return Path(self.repo.shared)

    def decide(self, text: str = "Use SQLite", rationale: str = "One file, many readers") -> str:
        """Record a decision; returns its id."""
        return str(self.memory.record_decision(text, rationale))

    def edit(self, record_id: str, **fields: Any) -> None:
        """Change a record that is here, as any of kagura's verbs does."""
        memory = self.memory
        memory.store(record_id, replace(memory.recall(record_id), **fields))  # type: ignore[arg-type]

    def accept(self, record_id: str, note: str = "fine") -> None:
        """Accept a decision."""
        self.edit(record_id, status="accepted", review_note=note)

    def record(self, record_id: str) -> Record:
        """Return the record as this work tree has it."""
        return self.ws.files.get(record_id)[1]

    def decision(self, record_id: str) -> Decision:
        """Return the decision as this work tree has it."""
        found = self.record(record_id)
        assert isinstance(found, Decision)
        return found

    def path(self, record_id: str) -> Path:
        """Return the record's file."""
        path = self.ws.files.path_of(record_id)
        assert path is not None
        return self.top / path

    def has(self, record_id: str) -> bool:
        """Tell whether the record is in this work tree."""
        return self.ws.files.path_of(record_id) is not None

    def by_hand(self, record_id: str, old: str, new: str) -> None:
        """Change a record's text in an editor."""
        path = self.path(record_id)
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def lost(self) -> list[Lost]:
        """Return what is lost."""
        return recover.lost(self.ws)

    def lost_ids(self) -> list[str]:
        """Return the ids of what is lost."""
        return [item.id for item in self.lost()]

    def restore(self, *ids: str) -> list[Restored]:
        """Restore these records; all that are lost if none is named."""
        return recover.restore(self.ws, ids or None)

    def forget_everything(self) -> None:
        """Let git throw away whatever no ref holds."""
        self.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        self.run("gc", "-q", "--prune=now")

    def delete_records(self) -> None:
        """Delete ``.kagura`` by hand."""
        shutil.rmtree(self.top / ".kagura")

    def staged(self) -> Sequence[str]:
        """Return the staged paths below ``.kagura``."""
        return self.out("diff", "--cached", "--name-only", "--", ".kagura").splitlines()
