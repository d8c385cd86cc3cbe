"""Fixtures: repositories that init has set up."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from git_repo import Sandbox, box, env
from kagura_box import set_up


@pytest.fixture
def kagura(box: Sandbox) -> Sandbox:
    return set_up(box)


__all__ = ["box", "env", "kagura"]
