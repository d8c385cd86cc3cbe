"""Fixtures: a repository that is set up, and the program in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kagura_git.services import setup
from tests.git_repo import Sandbox, box, env
from tests.hostile.program import Program, plant, record

__all__ = ["box", "env"]


@pytest.fixture(autouse=True)
def small_model(env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search by the tests' own model, and caches of its own."""
    for name, value in {
        "KAGURA_SEARCH_MODEL": "test:hash",
        "KAGURA_CACHE_DIR": str(tmp_path / "cache"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
        env[name] = value


@pytest.fixture
def kagura(box: Sandbox, env: dict[str, str]) -> Sandbox:
    """A repository that is set up, with hooks, one commit and one good decision."""
    box.env.update(env)
    setup.init(box.repo)
    plant(box, record(1, decision="The good needle", rationale="It must still be found"), 1)
    box.write("src/app.py", "a = 1\nb = 2\n")
    box.run("add", "-A")
    box.run("commit", "-q", "-m", "set up")
    return box


@pytest.fixture
def program(kagura: Sandbox, capsys: pytest.CaptureFixture[str]) -> Program:
    """The program in that repository."""
    return Program(kagura, capsys)
