"""Records changed on branches, and merged by git as a user merges them."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

from git_repo import Sandbox
from msgspec.structs import replace

from kagura_git.model.records import Occurrence, Record
from kagura_git.services import setup
from kagura_git.store import codec
from tests.record_strategies import MOMENT, decision, error, path_for, session

HOUR = timedelta(hours=1)
DECISION = decision(rationale="Stateless\nSmall\nKnown to all", tags=["auth"])
ERROR = error(seen=[Occurrence(at=MOMENT)], last_seen=MOMENT)
SESSION = session()


class Branches:
    """A repository set up by init, without hooks: the driver alone is at work."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        setup.init(box.repo, with_hooks=False)
        box.commit("set up", code="1\n")
        for record in (DECISION, ERROR, SESSION):
            self.write(record)
        box.commit("record")
        box.run("branch", "side")

    def write(self, record: Record, path: str | None = None) -> str:
        place = path or path_for(record)
        self.box.write(place, codec.dumps(record))
        return place

    def edit(self, record: Record, **fields: Any) -> Record:
        """Change a record, as it is in the work tree, and commit it."""
        edited = replace(self.now(record), **fields)
        self.write(edited)
        self.box.commit(f"edit {', '.join(fields)}")
        return edited

    def edit_on(self, branch: str, record: Record, **fields: Any) -> Record:
        """Change a record on another branch, and come back."""
        here = self.box.out("rev-parse", "--abbrev-ref", "HEAD")
        self.box.run("checkout", "-q", branch)
        edited = self.edit(record, **fields)
        self.box.run("checkout", "-q", here)
        return edited

    def merge(self, *args: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        return self.box.run("merge", "--no-edit", *(args or ("side",)), ok=ok)

    def text(self, record: Record = DECISION) -> str:
        return (self.box.top / path_for(record)).read_text(encoding="utf-8")

    def now(self, record: Record = DECISION) -> Any:
        """Return a record as it is in the work tree."""
        return codec.loads((self.box.top / path_for(record)).read_bytes(), path_for(record))

    def unmerged(self) -> list[str]:
        return self.box.out("diff", "--name-only", "--diff-filter=U").splitlines()

    @property
    def script(self) -> Path:
        """The driver's script."""
        return Path(self.box.repo.shared) / "merge-driver"

    def without_program(self) -> None:
        """Take the program away that the script starts, as a removed virtual environment does."""
        text = self.script.read_text()
        lines = [
            "kagura_python='/nonexistent/python'" if line.startswith("kagura_python=") else line
            for line in text.split("\n")
        ]
        self.script.write_text("\n".join(lines))
