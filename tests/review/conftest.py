"""A repository with a branch under review."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagura_git.memory import SyncCodingMemory
from kagura_git.services import decisions, setup, signatures
from kagura_git.services.review import Report, review
from kagura_git.services.review.report import Finding
from tests.git_repo import Sandbox, box, env

__all__ = ["box", "env"]


class Desk:
    """A repository set up by init, and the review of its branch ``topic``."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        box.env["KAGURA_SEARCH_MODEL"] = "test:hash"
        setup.init(box.repo)
        self.box.commit("set up", **{"src/app.py": "".join(f"{n}\n" for n in range(30))})

    @property
    def memory(self) -> SyncCodingMemory:
        """The memory, opened anew."""
        return SyncCodingMemory(self.box.top, environ=self.box.env)

    def decide(self, text: str = "Use SQLite", why: str = "one file", **more: Any) -> str:
        """Record a decision; returns its id."""
        return str(self.memory.record_decision(text, why, **more).id)

    def fail(self, message: str = "no such table", **more: Any) -> str:
        """Record an error; returns its id."""
        return str(self.memory.record_error("OperationalError", message, **more).id)

    def accept(self, name: str) -> None:
        """Accept a decision."""
        decisions.review(self.memory.ws, name, "accepted")

    def supersede(self, old: str, new: str) -> None:
        """Supersede a decision by another one."""
        decisions.supersede(self.memory.ws, old, new)

    def branch(self) -> None:
        """Begin the branch under review."""
        self.box.commit("before the branch")
        self.box.run("switch", "-q", "-c", "topic")

    def report(self, base: str = "main", head: str = "topic") -> Report:
        """Review the branch."""
        return review(self.box.repo.git, base, head)

    def rules(self, **options: Any) -> list[str]:
        """Return the rules that find something, but for missing reasons."""
        return [f.rule for f in self.report(**options).findings if f.rule != "unexplained"]

    def finding(self, rule: str) -> Finding:
        """Return the one finding of a rule."""
        (found,) = (item for item in self.report().findings if item.rule == rule)
        return found


@pytest.fixture(autouse=True)
def time_for_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine look at every signature."""
    monkeypatch.setattr(signatures, "SECONDS", 600.0)


@pytest.fixture
def desk(box: Sandbox) -> Desk:
    return Desk(box)


def plain(report: Report) -> Any:
    """Return a report as its JSON document."""
    return msgspec.to_builtins(report)
