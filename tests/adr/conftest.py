"""A repository with a folder of decisions, and the import from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kagura_git.memory import SyncCodingMemory
from kagura_git.model.records import Decision
from kagura_git.services import setup
from kagura_git.services.adr import importing
from kagura_git.services.adr.report import ImportReport
from tests.git_repo import Sandbox, box, env, new

__all__ = ["box", "env"]


class Shelf:
    """A repository that is set up, with decisions in ``docs/adr``."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        box.env["KAGURA_SEARCH_MODEL"] = "test:hash"
        setup.init(box.repo)

    @property
    def memory(self) -> SyncCodingMemory:
        """The memory, opened anew."""
        return SyncCodingMemory(self.box.top, environ=self.box.env)

    def put(self, name: str, text: str | bytes, folder: str = "docs/adr") -> str:
        """Write a document; returns its path below the top."""
        self.box.write(f"{folder}/{name}", text)
        return f"{folder}/{name}"

    def take(self, path: str = "docs/adr", **options: Any) -> ImportReport:
        """Import what is at a path."""
        return importing.run(self.memory.ws, path, str(self.box.top), **options)

    def all(self) -> dict[str, Decision]:
        """Return the decisions by the name of the file they came from."""
        found = self.memory.ws.files.read_all(("decision",))
        records = (stored.record for stored in found if isinstance(stored.record, Decision))
        return {(r.imported_from or r.id).rpartition("/")[2]: r for r in records}

    def one(self, text: str, name: str = "0001-x.md") -> Decision:
        """Import one document and return its decision."""
        self.put(name, text)
        report = self.take()
        assert [done.source for done in report.imported] == [f"docs/adr/{name}"], report
        return self.all()[name]


@pytest.fixture
def shelf(box: Sandbox) -> Shelf:
    return Shelf(box)


@pytest.fixture
def another(tmp_path: Path, env: dict[str, str]) -> Callable[[str], Shelf]:
    """Make further repositories."""
    return lambda name: Shelf(new(tmp_path / name, dict(env)))
