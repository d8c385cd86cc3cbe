"""Fixtures: one bare repository and clones of it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "hooks"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clones import Clone, Hub
from git_repo import box, env


@pytest.fixture
def hub(tmp_path: Path, env: dict[str, str]) -> Hub:
    """A bare repository with three commits and no notes."""
    return Hub(tmp_path, env)


@pytest.fixture
def ada(hub: Hub) -> Clone:
    return hub.clone("ada")


@pytest.fixture
def bob(hub: Hub) -> Clone:
    return hub.clone("bob")


__all__ = ["box", "env"]
