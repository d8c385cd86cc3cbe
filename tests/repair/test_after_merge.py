"""The post-merge hook, in real merges and pulls: what a merge lost or broke is mended at once."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from git_repo import ROOT, Sandbox, new
from msgspec.structs import replace
from team import GONE, ID, Team, opened

from kagura_git.services import setup


@pytest.fixture
def hooked(tmp_path: Path, env: dict[str, str]) -> Team:
    """A team in whose repository the hooks are installed, but git knows no driver."""
    return Team(new(tmp_path / "hooked", env), hooks=True)


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("kagura: ")]


def test_a_merge_that_kept_ours_is_mended_and_says_one_line(hooked: Team) -> None:
    hooked.edit_on("side", impact="Fewer servers")
    hooked.edit(tags=["storage"])
    hooked.driver("true")
    done = hooked.box.run("merge", "--no-edit", "side")
    (line,) = said(done)
    assert hooked.path in line
    assert (hooked.now().impact, hooked.now().tags) == ("Fewer servers", ["storage"])
    assert hooked.status() == f"M  {hooked.path}"


def test_a_pull_that_brings_a_lost_side_is_mended(team: Team, tmp_path: Path) -> None:
    mine = team.clone(tmp_path / "mine")
    setup.init(mine.repo)
    mine.commit("set up here")
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    done = mine.run("pull", "--no-rebase", "--no-edit")
    assert len(said(done)) == 1
    record = opened(mine).files.read(team.path)
    assert (record.impact, record.tags) == ("Fewer servers", ["storage"])
    mine.run("commit", "-q", "-m", "repaired")
    assert said(mine.run("pull", "--no-rebase", "--no-edit")) == []


def test_a_pull_that_brings_markers_without_a_merge_is_mended(team: Team, tmp_path: Path) -> None:
    mine = team.clone(tmp_path / "mine")
    setup.init(mine.repo)
    mine.commit("set up here")
    team.ws.save(replace(team.now(), impact="Stashed"), team.path)
    team.box.run("stash", "-q")
    team.edit(impact="Committed")
    team.box.run("stash", "pop", "-q", ok=False)
    team.box.run("commit", "-q", "-a", "-m", "oops")
    done = mine.run("pull", "--no-rebase", "--no-edit")
    assert len(said(done)) == 1
    kept = opened(mine).files.read(team.path).conflicts["impact"]
    assert sorted(kept) == ["Committed", "Stashed"]


def test_a_conflict_that_was_committed_with_ours_is_mended(hooked: Team) -> None:
    """git runs post-commit then, and no post-merge."""
    hooked.driver(GONE)
    hooked.edit_on("side", impact="Fewer servers")
    hooked.edit(tags=["storage"])
    hooked.merge(ok=False)
    done = hooked.box.run("commit", "-a", "-m", "merged")
    assert len(said(done)) == 1
    assert hooked.now().impact == "Fewer servers"


def test_files_of_others_are_never_touched(hooked: Team) -> None:
    hooked.edit_on("side", impact="Fewer servers")
    hooked.edit(tags=["storage"])
    hooked.box.write("code", "not committed\n")
    hooked.box.write("new", "not tracked\n")
    hooked.driver("true")
    hooked.merge()
    assert hooked.status().splitlines() == [f"M  {hooked.path}", " M code", "?? new"]


def test_a_merge_without_damage_says_nothing_and_loads_no_package(hooked: Team) -> None:
    hooked.on("side")
    hooked.record("D-00000002", decision="Use JSON")
    hooked.box.commit("record")
    hooked.edit(impact="One side alone")
    hooked.on("main")
    hooked.box.commit("work", code="2\n")
    assert said(hooked.box.run("merge", "--no-edit", "side")) == []
    code = (
        "import sys; sys.path.append(sys.argv[1]); from kagura_git.hook import main;"
        "main(['post-merge']); print([m for m in ('msgspec', 'yaml', 'site') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)],
        cwd=hooked.box.top, env=hooked.box.env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_another_writer_is_waited_for_two_seconds_and_left(hooked: Team) -> None:
    hooked.edit_on("side", impact="Fewer servers")
    hooked.edit(tags=["storage"])
    hooked.driver("true")
    with hooked.ws.lock():
        before = time.monotonic()
        done = hooked.box.run("merge", "--no-edit", "side")
        took = time.monotonic() - before
    (line,) = said(done)
    assert "another process" in line
    assert took > 2.0
    assert hooked.status() == ""
    assert len(hooked.repair()) == 1


def test_a_damaged_record_that_cannot_be_merged_fails_no_pull(team: Team, tmp_path: Path) -> None:
    mine = team.clone(tmp_path / "mine")
    setup.init(mine.repo)
    mine.commit("set up here")
    team.box.write(team.path, "<<<<<<< ours\nnot yaml: [\n=======\n>>>>>>> theirs\n")
    team.box.commit("nonsense")
    done = mine.run("pull", "--no-rebase", "--no-edit")
    assert len(said(done)) <= 1
    assert mine.out("status", "--porcelain") == ""


@pytest.mark.parametrize("off", ["environment", "settings"])
def test_hooks_that_are_turned_off_mend_nothing(hooked: Team, off: str) -> None:
    hooked.edit_on("side", impact="Fewer servers")
    hooked.edit(tags=["storage"])
    hooked.driver("true")
    env = {"KAGURA_DISABLE": "1"} if off == "environment" else {}
    if off == "settings":
        hooked.box.write("kagura.toml", "[hooks]\nenabled = false\n")
        hooked.box.commit("no hooks")
    assert said(hooked.box.run("merge", "--no-edit", "side", **env)) == []
    assert hooked.now().impact is None


def test_in_a_linked_worktree(hooked: Team, tmp_path: Path) -> None:
    hooked.edit_on("side", impact="Fewer servers")
    hooked.edit(tags=["storage"])
    hooked.driver("true")
    hooked.box.run("worktree", "add", "-q", "-b", "linked", str(tmp_path / "linked"))
    linked = Sandbox(tmp_path / "linked", hooked.box.env)
    assert len(said(linked.run("merge", "--no-edit", "side"))) == 1
    assert opened(linked).files.read(hooked.path).impact == "Fewer servers"
    assert hooked.status() == ""


def test_the_mended_record_rides_in_the_next_commit_and_its_note(hooked: Team) -> None:
    hooked.edit_on("side", impact="Fewer servers")
    hooked.edit(tags=["storage"])
    hooked.driver("true")
    hooked.merge()
    done = hooked.box.run("commit", "-m", "repaired")
    assert "Fewer servers" in hooked.box.out("show", "HEAD", "--", hooked.path)
    assert ID in hooked.box.out("notes", "--ref=kagura", "show", "HEAD")
    assert said(done) == []
