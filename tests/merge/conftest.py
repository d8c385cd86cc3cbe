"""Fixtures: a repository in which git merges records with our driver."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from branches import Branches
from git_repo import env, isolated, new


@pytest.fixture
def branches(tmp_path: Path, env: dict[str, str]) -> Branches:
    """A decision, an error and a session on ``main``, and a branch ``side`` beside it."""
    return Branches(new(tmp_path / "repo", env))


__all__ = ["branches", "env", "isolated", "new"]
