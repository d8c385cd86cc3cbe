"""A record that one side edited and the other deleted."""

from __future__ import annotations

import pytest
from team import Team


@pytest.mark.parametrize("deleted_on", ["side", "main"])
def test_a_merge_that_deleted_what_was_edited_is_undone(team: Team, deleted_on: str) -> None:
    edited_on = "main" if deleted_on == "side" else "side"
    team.edit_on(edited_on, impact="Kept")
    team.delete_on(deleted_on)
    team.merge(ok=False)
    team.box.run("rm", "-q", "--force", team.path)
    team.box.run("commit", "-q", "--no-edit", "--allow-empty")
    (done,) = team.repair()
    assert team.now().impact == "Kept"
    assert "deleted" in done.wrong
    assert "restored" in done.done
    assert team.status() == f"A  {team.path}"
    assert team.repair() == []


def test_a_deletion_in_a_commit_of_its_own_stands(team: Team) -> None:
    team.edit_on("side", impact="Kept")
    team.delete_on("main")
    team.merge(ok=False)
    team.box.run("add", team.path)
    team.box.run("commit", "-q", "--no-edit")
    team.box.run("rm", "-q", team.path)
    team.box.commit("no longer true")
    assert team.repair() == []
    assert not (team.box.top / team.path).exists()


def test_a_restored_record_can_be_deleted_for_good(team: Team) -> None:
    team.edit_on("side", impact="Kept")
    team.delete_on("main")
    team.merge(ok=False)
    team.box.run("rm", "-q", "--force", team.path)
    team.box.run("commit", "-q", "--no-edit", "--allow-empty")
    assert len(team.repair()) == 1
    team.box.run("commit", "-q", "-m", "restored")
    team.box.run("rm", "-q", team.path)
    team.box.run("commit", "-q", "-m", "deleted")
    assert team.repair() == []


def test_a_record_that_nobody_edited_stays_deleted(team: Team) -> None:
    team.delete_on("side")
    team.edit_on("main")  # a commit without an edit
    team.merge()
    assert team.repair() == []
    assert not (team.box.top / team.path).exists()
