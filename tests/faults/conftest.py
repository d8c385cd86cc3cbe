"""Fixtures: one template repository for every process that runs tests, and copies of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults import place as places
from tests.faults.place import Place


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A repository with records, notes, an index, a side branch and a remote."""
    root = tmp_path_factory.mktemp("faults")
    return places.template(root / "template", places.environment(root / "home"))


@pytest.fixture
def place(template: Place, tmp_path: Path) -> Place:
    """A copy of the template, for one test alone."""
    return template.copy(tmp_path / "copy")


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """Take the permission to write away from folders, and give it back at the end."""
    changed: list[tuple[Path, int]] = []

    def lock(folder: Path) -> None:
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                changed.append((path, path.stat().st_mode))
                path.chmod(0o555)

    yield lock
    for path, mode in changed:
        if path.exists():
            path.chmod(mode)
