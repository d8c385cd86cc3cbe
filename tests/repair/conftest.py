"""Fixtures: a team whose git knows nothing of our merge driver."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from git_repo import Sandbox, box, env
from team import Team


@pytest.fixture
def team(box: Sandbox) -> Team:
    """One repository with one decision, and branches ``main`` and ``side``."""
    return Team(box)


__all__ = ["box", "env", "team"]
