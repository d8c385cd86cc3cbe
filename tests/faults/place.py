"""The repositories that are played in: one template, copied for every round."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup
from tests.faults.ledger import Ledger
from tests.faults.worker import SOURCES, Worker
from tests.git_repo import Sandbox, isolated, new

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = (sys.executable, "-m", "kagura_git")
WORKER: Final = (sys.executable, "-m", "tests.faults.worker")


@dataclass
class Place:
    """One repository with what has been acknowledged in it."""

    box: Sandbox
    ledger: Ledger
    said: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def top(self) -> Path:
        """The top of the work tree."""
        return self.box.top

    @property
    def git_dir(self) -> Path:
        """The git directory."""
        return self.box.top / ".git"

    @property
    def kagura(self) -> Path:
        """The folder of the working memory, the journal and the index."""
        return self.git_dir / "kagura"

    def memory(self) -> SyncCodingMemory:
        """Open the memory anew, as the next process would."""
        return SyncCodingMemory(self.top, environ=self.box.env)

    def worker(self, seed: int) -> Worker:
        """Return a worker in this process, whose words go into the ledger."""
        return Worker(self.memory(), seed, lambda line: self.take(f"{line}\n".encode()))

    def take(self, line: bytes) -> None:
        """Take in one line of a worker."""
        self.ledger.read([line])

    def copy(self, folder: Path) -> Place:
        """Return a copy of the repository, and of the bare one beside it."""
        shutil.copytree(self.top.parent, folder, symlinks=True)
        box = Sandbox(folder / "work", self.box.env)
        box.run("remote", "set-url", "origin", str(folder / "bare.git"))
        box.run("update-index", "-q", "--refresh")  # a copy's files are others to git
        return Place(box, self.ledger.copy())


def environment(home: Path) -> dict[str, str]:
    """Return an environment for git and kagura that is cut off from the machine's."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        **isolated(home),
        "KAGURA_SEARCH_MODEL": "test:hash",
        "KAGURA_CACHE_DIR": str(home / "cache"),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def template(folder: Path, env: Mapping[str, str]) -> Place:
    """Make a repository with a history, records of every kind, notes, an index and a remote."""
    box = new(folder / "work", dict(env))
    for number, path in enumerate(SOURCES):
        box.write(path, f"number = {number}\n" * 20)
    box.commit("begin")
    bare = folder / "bare.git"
    box.run("init", "-q", "--bare", "-b", "main", str(bare))
    box.run("remote", "add", "origin", str(bare))
    setup.init(box.repo)
    box.commit("set up")
    place = Place(box, Ledger())
    worker = place.worker(1)
    worker.play(10, ["decide", "fail"])
    commit_all(place, "records")
    _side_branch(place)
    worker.play(10, ["fail_again", "solve", "supersede", "session", "change"])
    commit_all(place, "more records")
    box.run("push", "-q", "origin", "main", "side")
    _colleague(folder, env)
    box.run("fetch", "-q", "origin")
    place.memory().recaller.refresh()
    return place


def _colleague(folder: Path, env: Mapping[str, str]) -> None:
    """Push a branch and its notes from another clone: both sides have notes of their own."""
    box = Sandbox(folder / "colleague", env)
    new(box.top, dict(env))
    box.run("remote", "add", "origin", str(folder / "bare.git"))
    box.run("fetch", "-q", "origin")
    box.run("switch", "-q", "-c", "other", "origin/main")
    setup.init(box.repo)
    SyncCodingMemory(box.top, environ=env).track_file_change(SOURCES[0], "edit", "", "theirs")
    box.commit("a colleague's work", **{SOURCES[0]: "theirs\n"})
    box.run("push", "-q", "origin", "other", "refs/notes/kagura")
    shutil.rmtree(box.top)


def _side_branch(place: Place) -> None:
    """Make a branch on which the same records go another way."""
    place.box.run("switch", "-q", "-c", "side")
    other = Place(place.box, place.ledger.copy())
    other.worker(2).play(8, ["fail_again", "solve", "decide", "fail"])
    commit_all(other, "the side's records")
    place.box.run("switch", "-q", "main")


def commit_all(place: Place, message: str) -> str:
    """Edit a source file and commit everything."""
    edit(place, message)
    place.box.run("add", "-A")
    place.box.run("commit", "-q", "-m", message)
    return place.box.head


def edit(place: Place, text: str) -> None:
    """Edit every source file, as someone at work would."""
    for path in SOURCES:
        with open(place.top / path, "a", encoding="utf-8") as file:
            file.write(f"# {text} {os.urandom(4).hex()}\n")
