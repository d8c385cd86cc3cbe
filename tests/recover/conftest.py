"""Fixtures: a desk at which records get lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recover.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A repository with kagura and one commit."""
    return Desk.at(tmp_path / "work")
