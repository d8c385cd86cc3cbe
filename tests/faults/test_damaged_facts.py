"""What waits for the next commit, damaged: it holds nothing up, and doctor names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kagura_git.git import notes
from tests.faults import checks
from tests.faults.place import Place, edit

_DAMAGE: dict[str, Callable[[Path], object]] = {
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 8),
    "nested": lambda path: path.write_bytes(b"[" * 100_000),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


def commit(place: Place) -> set[str]:
    """Commit every edit; returns the reasons that its note tells."""
    edit(place, "more")
    done = place.box.run("commit", "-q", "-a", "-m", "go on")
    assert done.stderr == ""
    head = place.box.head
    return reasons(place, head)


def reasons(place: Place, sha: str) -> set[str]:
    found = notes.read(place.box.repo.git, [sha]).get(sha, [])
    return {entry["reason"] for entry in found if entry.get("reason")}


def named(place: Place) -> str:
    """Return what doctor says about what waits."""
    found = checks.command(place, "doctor", "--json", ok=(0, 1))["findings"]
    return " ".join(f["message"] for f in found if f["check"] == "waiting")


@pytest.mark.parametrize("damage", _DAMAGE)
def test_a_damaged_reason_hides_no_other_and_is_named(place: Place, damage: str) -> None:
    memory = place.memory()
    lost = memory.track_file_change("src/part0.py", "edit", "", "destroyed")
    memory.track_file_change("src/part1.py", "edit", "", "whole")
    _DAMAGE[damage](place.kagura / "pending" / f"{lost.id}.json")
    assert commit(place) == {"whole"}
    assert lost.id in named(place)


def kept(place: Place) -> Path:
    """Keep a note that waits, as a hook leaves it that found the notes locked."""
    folder = place.kagura / "unwritten"
    folder.mkdir(exist_ok=True)
    head = place.box.head
    path = folder / f"{head}.json"
    entry = {"kind": "change", "id": "C-00000001", "path": "src/part0.py", "reason": "late"}
    note = {"commit": head, "entries": [entry], "identity": "Ada <ada@example.org>", "facts": []}
    path.write_text(json.dumps(note))
    return path


@pytest.mark.parametrize("damage", _DAMAGE)
def test_a_damaged_note_that_waited_holds_up_no_other_and_is_named(
    place: Place, damage: str
) -> None:
    path = kept(place)
    _DAMAGE[damage](path)
    place.memory().track_file_change("src/part1.py", "edit", "", "whole")
    assert commit(place) == {"whole"}
    assert path.name in named(place)


@pytest.mark.parametrize(
    "wrong", [{"entries": [1]}, {"identity": 7}, {"facts": [["a"]]}, {"more": 1}]
)
def test_a_note_that_waited_with_wrong_fields_holds_up_no_other(
    place: Place, wrong: dict[str, object]
) -> None:
    path = kept(place)
    path.write_text(json.dumps(json.loads(path.read_text()) | wrong))
    place.memory().track_file_change("src/part1.py", "edit", "", "whole")
    assert commit(place) == {"whole"}
    assert path.name in named(place)


def test_a_whole_note_that_waited_is_written_and_not_named(place: Place) -> None:
    before, path = place.box.head, kept(place)
    assert named(place) == ""
    place.memory().track_file_change("src/part1.py", "edit", "", "whole")
    commit(place)
    assert "late" in reasons(place, before)
    assert not path.exists()


@pytest.mark.parametrize("name", ["pending", "unwritten", "unstaged", "strays"])
def test_a_file_in_the_place_of_a_folder_is_named_and_recording_goes_on(
    place: Place, name: str
) -> None:
    folder = place.kagura / name
    if folder.exists():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    folder.write_bytes(b"garbage")
    done = checks.command(place, "decision", "add", "Go on", "--rationale", "so", "--json")
    edit(place, "more")
    said = place.box.run("commit", "-q", "-a", "-m", "go on").stderr
    assert "please report" not in said
    assert done["path"] in place.box.out("ls-tree", "-r", "--name-only", "HEAD").split("\n")
    head = place.box.head
    assert done["id"] in {e.get("id") for e in notes.read(place.box.repo.git, [head])[head]}
    assert name in named(place)
