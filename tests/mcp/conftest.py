"""Fixtures: a repository that is set up, and an assistant that talks to its server."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant import ERAS, Assistant, assistant
from git_repo import Sandbox, box, env


@pytest.fixture
def kagura(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A repository with a folder for records; search uses the tests' own tiny model."""
    for name, value in {
        "KAGURA_SEARCH_MODEL": "test:hash",
        "KAGURA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }.items():
        monkeypatch.setenv(name, value)
        box.env[name] = value
    (box.top / ".kagura").mkdir()
    return box


class Connect(Protocol):
    def __call__(self, folder: Path | str | None = None, **environ: str) -> Assistant: ...


@pytest.fixture(params=ERAS)
def connect(kagura: Sandbox, request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Connects assistants of one protocol era to servers of their own."""
    with ExitStack() as stack:

        def new(folder: Path | str | None = None, **environ: str) -> Assistant:
            opened: AbstractContextManager[Assistant] = assistant(
                str(folder or kagura.top), {**kagura.env, **environ}, request.param
            )
            return stack.enter_context(opened)

        yield new


@pytest.fixture
def ask(connect: Connect) -> Assistant:
    """An assistant connected to the repository's server."""
    return connect()


__all__ = ["box", "env"]
