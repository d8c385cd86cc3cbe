"""A repository set up by init, with helpers that record as the services do."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from typing import Any

from git_repo import Sandbox

from kagura_git.git import notes, staging
from kagura_git.model.records import Decision
from kagura_git.services import setup
from kagura_git.store import codec
from kagura_git.store.files import RecordFiles
from kagura_git.store.journal import Journal

SESSION = "S-00000001"
NOW = datetime(2025, 11, 2, 12, tzinfo=UTC)


def set_up(box: Sandbox) -> Sandbox:
    """Run init and commit what it wrote."""
    setup.init(box.repo)
    box.run("add", "-A")
    box.run("commit", "-q", "-m", "set up")
    return box


def begin(box: Sandbox, session: str = SESSION) -> None:
    assert box.working.begin_session(session) is None


def entries(box: Sandbox, rev: str = "HEAD") -> list[dict[str, Any]]:
    sha = box.out("rev-parse", rev)
    return notes.read(box.repo.git, [sha]).get(sha, [])


def track(box: Sandbox, number: int, path: str, reason: str, **more: Any) -> str:
    """Keep a reason for a path, as `change add` does."""
    identifier = f"C-{number:08}"
    fact = {
        "kind": "change", "id": identifier, "path": path, "action": "edit", "reason": reason,
        "at": f"2025-11-02T12:00:{number:02}Z", "head": box.repo.head(), **more,
    }  # fmt: skip
    box.working.add_pending(identifier, fact)
    return identifier


def decision(number: int = 1, **more: Any) -> Decision:
    fields = {"decision": "Use X", "rationale": "because", "author": "Ada <a@b.c>"}
    return Decision(id=f"D-{number:08}", created_at=NOW, **{**fields, **more})


def record(box: Sandbox, number: int = 1, *, journal: bool = True, **more: Any) -> str:
    """Record a decision: journal, file, staging area, pending fact; returns its path."""
    made = decision(number, **more)
    files = RecordFiles(str(box.top))
    path, data = files.place(made), codec.dumps(made)
    if journal:
        Journal(os.path.join(box.repo.shared, "journal")).keep(made.id, data, NOW)
    files.write(path, data)
    assert staging.stage(box.repo, [path]) == []
    fact = {"kind": "decision", "id": made.id, "relation": "recorded", "path": path}
    box.working.add_pending(made.id, {**fact, "at": "2025-11-02T12:00:00Z"})
    return path


def snapshot(folder: str) -> dict[str, tuple[int, bytes]]:
    """Return mode and bytes (or link target) of everything below a folder, empty folders too."""
    found: dict[str, tuple[int, bytes]] = {}
    for path, folders, files in os.walk(folder):
        for name in folders + files:
            full = os.path.join(path, name)
            info = os.lstat(full)
            data = b""
            if stat.S_ISLNK(info.st_mode):
                data = os.readlink(full).encode()
            elif stat.S_ISREG(info.st_mode):
                with open(full, "rb") as file:
                    data = file.read()
            found[os.path.relpath(full, folder)] = (info.st_mode, data)
    return found
