"""A merge, rebase or cherry-pick that has stopped: our records are settled, the rest waits."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from team import GONE, ID, Team

from kagura_git.store import codec


def unmerged(team: Team) -> set[str]:
    return {line[3:] for line in team.status().splitlines() if "U" in line[:2] or line[:2] == "AA"}


def test_markers_are_resolved_and_staged(team: Team) -> None:
    team.edit_on("side", impact="Theirs", tags=["a"])
    team.edit(impact="Ours", tags=["b"])
    team.merge(ok=False)
    assert unmerged(team) == {team.path}
    (done,) = team.repair()
    assert "staged" in done.done
    assert unmerged(team) == set()
    assert sorted(team.now().tags) == ["a", "b"]
    assert team.at("") == team.now()
    team.box.run("commit", "-q", "--no-edit")
    assert team.repair() == []


def test_other_conflicts_stay_as_they_are(team: Team) -> None:
    team.on("side")
    team.edit(impact="Theirs")
    team.box.commit("code", code="theirs\n")
    team.on("main")
    team.edit(impact="Ours")
    team.box.commit("code", code="ours\n")
    team.merge(ok=False)
    text = (team.box.top / "code").read_text()
    assert len(team.repair()) == 1
    assert unmerged(team) == {"code"}
    assert (team.box.top / "code").read_text() == text


@pytest.mark.parametrize("deleted_on", ["side", "main"])
def test_an_edit_wins_over_a_deletion_and_says_so(team: Team, deleted_on: str) -> None:
    edited_on = "main" if deleted_on == "side" else "side"
    team.edit_on(edited_on, impact="Kept")
    team.on(deleted_on)
    team.delete_on(deleted_on)
    team.merge(ok=False)
    (done,) = team.repair()
    assert unmerged(team) == set()
    assert team.now().impact == "Kept"
    assert done.said
    team.box.run("commit", "-q", "--no-edit", "--allow-empty")
    assert team.at("HEAD").impact == "Kept"
    assert team.repair() == []


def test_a_missing_driver_left_ours_without_markers(team: Team) -> None:
    team.driver(GONE)
    team.edit_on("side", impact="Theirs")
    team.edit(tags=["ours"])
    team.merge(ok=False)
    assert unmerged(team) == {team.path}
    assert len(team.repair()) == 1
    assert (team.now().impact, team.now().tags) == ("Theirs", ["ours"])
    assert unmerged(team) == set()


def test_ours_that_was_staged_while_the_merge_waits(team: Team) -> None:
    team.driver(GONE)
    team.edit_on("side", impact="Theirs")
    team.edit(tags=["ours"])
    team.merge(ok=False)
    team.box.run("add", team.path)
    assert len(team.repair()) == 1
    assert (team.now().impact, team.now().tags) == ("Theirs", ["ours"])


def test_what_a_person_has_resolved_is_left_to_them(team: Team) -> None:
    team.edit_on("side", impact="Theirs")
    team.edit(impact="Ours")
    team.merge(ok=False)
    by_hand = codec.dumps(replace(team.at("HEAD"), impact="Both"))
    team.box.write(team.path, by_hand)
    assert team.repair() == []
    assert unmerged(team) == {team.path}
    assert (team.box.top / team.path).read_bytes() == by_hand


def test_what_a_person_wrote_beside_the_markers_stays(team: Team) -> None:
    team.edit_on("side", impact="Theirs")
    team.edit(impact="Ours")
    team.merge(ok=False)
    file = team.box.top / team.path
    file.write_text(file.read_text().replace("Many readers", "Many readers, one writer"))
    assert len(team.repair()) == 1
    assert team.now().rationale == "One file\nMany readers, one writer"
    assert sorted(team.now().conflicts["impact"]) == ["Ours", "Theirs"]


def test_a_rebase_that_stopped_goes_on(team: Team) -> None:
    team.edit_on("side", impact="Theirs", tags=["a"])
    team.edit(impact="Ours", tags=["b"])
    team.on("side")
    team.box.run("rebase", "-q", "main", ok=False)
    team.ws.working.drop_pending(ID)
    assert len(team.repair()) == 1
    assert ID not in team.ws.working.pending()
    team.box.run("rebase", "--continue", GIT_EDITOR="true")
    assert sorted(team.at("HEAD").tags) == ["a", "b"]
    assert sorted(team.now().conflicts["impact"]) == ["Ours", "Theirs"]


def test_a_cherry_pick_that_stopped_goes_on(team: Team) -> None:
    team.edit_on("side", impact="Theirs")
    team.edit(impact="Ours")
    team.box.run("cherry-pick", "side", ok=False)
    assert len(team.repair()) == 1
    team.box.run("cherry-pick", "--continue", GIT_EDITOR="true")
    assert sorted(team.at("HEAD").conflicts["impact"]) == ["Ours", "Theirs"]


def test_both_sides_recorded_the_same_id(team: Team) -> None:
    """As a cherry-pick that both sides then went on with."""
    for branch, impact in (("side", "Theirs"), ("main", "Ours")):
        team.on(branch)
        team.record("D-00000002", decision="Use JSON", impact=impact)
        team.box.commit("record")
    path = team.path.replace("D-00000001-use-sqlite", "D-00000002-use-json")
    team.merge(ok=False)
    assert unmerged(team) == {path}
    assert len(team.repair()) == 1
    assert sorted(team.now(path).conflicts["impact"]) == ["Ours", "Theirs"]


def test_without_staging_the_file_is_merged_and_left_to_the_owner(team: Team) -> None:
    team.edit_on("side", impact="Theirs")
    team.edit(impact="Ours")
    team.box.write("kagura.toml", "[store]\nstage = false\n")
    team.box.run("commit", "-q", "-a", "-m", "no staging")
    team.merge(ok=False)
    (done,) = team.repair()
    assert "staged" not in done.done
    assert unmerged(team) == {team.path}
    assert sorted(team.now().conflicts["impact"]) == ["Ours", "Theirs"]
    assert team.repair() == []
