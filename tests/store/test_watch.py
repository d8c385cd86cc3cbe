"""Whatever happens to a record file between two listings, the second one tells it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kagura_git.store.files import RecordFiles

PATH = ".kagura/decisions/2026-01/D-00000001-a.yaml"


@pytest.fixture
def files(tmp_path: Path) -> RecordFiles:
    for name in ("D-00000001-a", "D-00000002-b"):
        path = tmp_path / f".kagura/decisions/2026-01/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    made = RecordFiles(str(tmp_path))
    for _ in range(3):  # looked, watched, and quiet
        assert len(made.listing()) == 2
    return made


def in_place(top: Path) -> None:
    with (top / PATH).open("r+") as file:
        file.write("X")


def replaced(top: Path) -> None:
    (top / "new").write_text("new")
    os.replace(top / "new", top / PATH)


def deleted(top: Path) -> None:
    (top / PATH).unlink()


def another(top: Path) -> None:
    (top / PATH).with_name("D-00000003-c.yaml").write_text("c")


def another_month(top: Path) -> None:
    (top / ".kagura/decisions/2026-02").mkdir()
    (top / ".kagura/decisions/2026-02/D-00000003-c.yaml").write_text("c")


def another_kind(top: Path) -> None:
    (top / ".kagura/errors/2026-02").mkdir(parents=True)
    (top / ".kagura/errors/2026-02/E-00000003-c.yaml").write_text("c")


def moved_away(top: Path) -> None:
    os.rename(top / ".kagura", top / "elsewhere")


def month_gone(top: Path) -> None:
    shutil.rmtree(top / ".kagura/decisions/2026-01")


@pytest.mark.parametrize(
    "happens",
    [in_place, replaced, deleted, another, another_month, another_kind, moved_away, month_gone],
)
def test_a_listing_is_never_behind(
    files: RecordFiles, tmp_path: Path, happens: Callable[[Path], None]
) -> None:
    before = files.listing()
    happens(tmp_path)
    now = files.listing()
    assert now != before
    assert now == RecordFiles(str(tmp_path)).listing()
    assert files.listing() == now


def test_a_second_change_after_a_first_is_told_too(files: RecordFiles, tmp_path: Path) -> None:
    seen = [files.listing()]
    for step in (in_place, another, another_month, deleted):
        step(tmp_path)
        seen.append(files.listing())
        assert files.listing() == seen[-1] == RecordFiles(str(tmp_path)).listing()
    assert len({tuple(sorted(found.items())) for found in seen}) == 5


def test_without_the_systems_help_it_looks_itself(
    files: RecordFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "plan9")
    plain = RecordFiles(str(tmp_path))
    for _ in range(3):
        plain.listing()
    in_place(tmp_path)
    assert plain.listing() == RecordFiles(str(tmp_path)).listing()


def test_a_store_that_comes_to_be_is_seen_at_once(tmp_path: Path) -> None:
    made = RecordFiles(str(tmp_path))
    for _ in range(3):
        assert made.listing() == {}
    another_kind(tmp_path)
    assert len(made.listing()) == 1


def test_a_listing_is_the_same_object_until_something_changes(files: RecordFiles) -> None:
    first = files.listing()
    assert files.listing() is first
    with pytest.raises(TypeError):
        first["x"] = "y"  # type: ignore[index]
    another_kind(Path(files.top))
    assert len(files.listing()) == 3
    assert len(first) == 2
