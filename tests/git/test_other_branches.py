"""Recording works on a branch that has neither records nor settings, with those of the project."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from kagura_git.errors import Conflict
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup
from tests.git_repo import Sandbox, new

PATH = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
NAMED = '[store]\nproject_id = "Shop"\n'


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    """A repository whose branch ``old`` is from before init, and whose project is called Shop."""
    made = new(tmp_path / "work", {**os.environ, "PATH": PATH})
    made.commit("start", a="1\n")
    made.run("branch", "old")
    setup.init(made.repo)
    made.commit("set up", **{"kagura.toml": NAMED})
    return made


def branch(box: Sandbox, kind: str) -> Sandbox:
    """Go to a branch without records; returns the worktree it is checked out in."""
    match kind:
        case "orphan":
            box.run("switch", "-q", "--orphan", "new")
        case "old":
            box.run("checkout", "-q", "old")
        case "worktree":
            side = box.top.parent / "side"
            box.run("worktree", "add", "-q", str(side), "old")
            return Sandbox(side, box.env)
        case "detached":
            box.run("checkout", "-q", "--detach", "old")
    return box


@pytest.mark.parametrize("kind", ["orphan", "old", "worktree", "detached"])
def test_what_is_recorded_there_belongs_to_the_same_project(box: Sandbox, kind: str) -> None:
    there = branch(box, kind)
    for number in range(2):  # the second time the branch has a folder of records
        memory = SyncCodingMemory(there.top)
        memory.record_decision(f"Use X{number}", "Because it is there.")
        assert memory.ws.project_id == "Shop"
    there.run("commit", "-m", "Decide")
    assert there.message().count("Kagura-Decision: ") == 2
    names = there.out("ls-tree", "-r", "--name-only", "HEAD").split("\n")
    assert len([name for name in names if name.startswith(".kagura/decisions/")]) == 2
    assert "kagura.toml" not in names
    assert there.out("notes", "--ref=kagura", "show")


@pytest.mark.parametrize("kind", ["orphan", "worktree"])
def test_the_hooks_follow_the_settings_too(box: Sandbox, kind: str) -> None:
    box.commit("no trailers", **{"kagura.toml": f"{NAMED}[hooks]\ntrailers = false\n"})
    there = branch(box, kind)
    SyncCodingMemory(there.top).record_decision("Use X", "Because it is there.")
    there.run("commit", "-m", "Decide")
    assert "Kagura-" not in there.message()


def test_a_setting_of_the_branch_itself_holds(box: Sandbox) -> None:
    branch(box, "orphan")
    box.write("kagura.toml", '[store]\nproject_id = "Other"\n')
    assert SyncCodingMemory(box.top).ws.project_id == "Other"


def test_recording_that_is_turned_off_stays_off_on_every_branch(box: Sandbox) -> None:
    box.commit("off", **{"kagura.toml": "[coding_memory]\nenabled = false\n"})
    branch(box, "old")
    with pytest.raises(Conflict, match="turned off"):
        SyncCodingMemory(box.top).record_decision("Use X", "Because it is there.")


def test_the_copy_of_another_branchs_settings_goes_with_them(box: Sandbox) -> None:
    branch(box, "orphan")
    assert SyncCodingMemory(box.top).ws.project_id == "Shop"
    copy = Path(box.repo.private, "kagura.toml")
    assert copy.read_text() == NAMED
    box.run("branch", "-D", "main")
    assert SyncCodingMemory(box.top).ws.project_id == "work"
    assert not copy.exists()


def test_a_repository_that_was_never_set_up_is_not_written_to(tmp_path: Path) -> None:
    box = new(tmp_path / "work", os.environ)
    box.commit("start", a="1\n")
    with pytest.raises(Conflict, match="not set up"):
        SyncCodingMemory(box.top).record_decision("Use X", "Because it is there.")
    assert not os.path.lexists(box.repo.shared)
