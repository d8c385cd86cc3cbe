"""Two sides of one history, merged as git, a hosting site or a careless colleague merges."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from git_repo import Sandbox, new
from msgspec.structs import replace

from kagura_git.model.records import Decision, Record
from kagura_git.services import setup
from kagura_git.services.repair import Repaired, repair
from kagura_git.store import codec
from kagura_git.workspace import Workspace, open_workspace

ID = "D-00000001"
NOW = datetime(2025, 11, 2, 12, tzinfo=UTC)
GONE = "/nonexistent/git-kagura merge-driver %O %A %B %P"


def opened(box: Sandbox) -> Workspace:
    return open_workspace(str(box.top), box.env)


class Team:
    """A repository in which records are changed on branches.

    git merges records line by line here, as on a hosting site: .gitattributes
    names the driver, and no configuration does.
    """

    def __init__(self, box: Sandbox, *, hooks: bool = False) -> None:
        self.box = box
        # What the hooks start in the background needs no real model here.
        box.env["KAGURA_SEARCH_MODEL"] = "test:hash"
        setup.init(box.repo, with_hooks=hooks)
        self.own_driver = box.run("config", "merge.kagura.driver", ok=False).stdout.strip()
        box.run("config", "--remove-section", "merge.kagura", ok=False)
        box.commit("set up", code="1\n")
        self.path = self.record(ID)
        box.commit("decide")
        box.run("branch", "side")

    @property
    def ws(self) -> Workspace:
        return opened(self.box)

    def record(self, identifier: str, **fields: Any) -> str:
        """Write a new decision and stage it."""
        given = {"decision": "Use SQLite", "rationale": "One file\nMany readers", **fields}
        made = Decision(id=identifier, author="Ada <a@b.c>", created_at=NOW, **given)
        return self.ws.save(made)

    def now(self, path: str | None = None) -> Record:
        """Return the record as the work tree has it."""
        return self.ws.files.read(path or self.path)

    def at(self, revision: str, path: str | None = None) -> Record:
        """Return the record as a commit or the staging area (``:``) has it."""
        name = f"{revision}:{path or self.path}" if revision else f":{path or self.path}"
        return codec.loads(self.box.out("show", name).encode() + b"\n", path or self.path)

    def edit(self, **fields: Any) -> None:
        """Change the record and commit it, as a person with kagura does."""
        ws = self.ws
        path, record = ws.files.get(ID)
        ws.save(replace(record, **fields), path)
        self.box.commit(f"edit {', '.join(fields)}")

    def on(self, branch: str) -> None:
        self.box.run("checkout", "-q", branch)

    def edit_on(self, branch: str, **fields: Any) -> None:
        """Change the record on a branch, and come back to main."""
        self.on(branch)
        self.edit(**fields)
        self.on("main")

    def delete_on(self, branch: str) -> None:
        self.on(branch)
        self.box.run("rm", "-q", self.path)
        self.box.commit("delete")
        self.on("main")

    def driver(self, command: str) -> None:
        self.box.run("config", "merge.kagura.driver", command)

    def merge(self, *args: str, ok: bool = True) -> None:
        self.box.run("merge", "-q", "--no-edit", *(args or ("side",)), ok=ok)

    def merge_keeping_ours(self, branch: str = "side") -> None:
        """Merge with a driver that does nothing: git takes that for a clean merge."""
        self.driver("true")
        self.merge(branch)
        self.box.run("config", "--remove-section", "merge.kagura")

    def repair(self, **more: Any) -> list[Repaired]:
        return repair(self.ws, **more)

    def clone(self, folder: Path, *args: str) -> Sandbox:
        self.box.run("clone", "-q", *args, f"file://{self.box.top}", str(folder))
        return Sandbox(folder, self.box.env)

    def status(self) -> str:
        return self.box.out("status", "--porcelain")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


__all__ = ["GONE", "ID", "NOW", "Team", "new", "opened", "text_of"]
