"""A merge that kept one side alone: the other side comes back, once, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_repo import Sandbox
from team import GONE, ID, NOW, Team, opened

from kagura_git.services.repair import repair


def test_a_driver_that_did_nothing_kept_our_side_silently(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    assert team.now().impact is None
    (done,) = team.repair()
    assert (team.now().impact, team.now().tags) == ("Fewer servers", ["storage"])
    assert done.path == team.path
    assert "kept one side" in done.wrong
    assert "staged" in done.done


def test_a_missing_driver_leaves_ours_unmerged_and_commit_a_seals_it(team: Team) -> None:
    team.driver(GONE)
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge(ok=False)
    team.box.run("commit", "-q", "-a", "-m", "merged")
    assert (team.now().impact, team.now().tags) == (None, ["storage"])
    assert len(team.repair()) == 1
    assert (team.now().impact, team.now().tags) == ("Fewer servers", ["storage"])


@pytest.mark.parametrize("option", ["ours", "theirs"])
def test_a_strategy_option_that_took_one_side_of_a_conflict(team: Team, option: str) -> None:
    team.edit_on("side", impact="Theirs", tags=["a"])
    team.edit(impact="Ours", tags=["b"])
    team.merge("-X", option, "side")
    assert len(team.repair()) == 1
    record = team.now()
    assert sorted(record.tags) == ["a", "b"]
    assert record.impact in ("Ours", "Theirs")
    assert sorted(record.conflicts["impact"]) == ["Ours", "Theirs"]


def test_a_merge_that_was_told_to_give_up_the_other_branch_is_respected(team: Team) -> None:
    team.on("side")
    team.edit(impact="Fewer servers")
    team.box.commit("more work", code="side\n")
    team.on("main")
    team.edit(tags=["storage"])
    team.merge("-s", "ours", "side")
    assert team.repair() == []


def test_a_later_edit_is_respected(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    team.edit(tags=["storage", "sql"])
    assert team.repair() == []
    assert team.now().impact is None


def test_an_edit_that_is_not_staged_is_respected(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    team.box.write(team.path, codec_text(team, tags=["mine"]))
    assert team.repair() == []
    assert team.now().tags == ["mine"]


def test_an_edit_that_is_staged_alone_is_respected(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    as_merged = (team.box.top / team.path).read_bytes()
    team.box.write(team.path, codec_text(team, tags=["mine"]))
    team.box.run("add", team.path)
    team.box.write(team.path, as_merged)
    assert team.repair() == []
    assert team.at("").tags == ["mine"]


def test_an_edit_that_was_taken_back_is_respected(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    team.edit(impact="Fewer servers")
    team.edit(impact=None)
    assert team.repair() == []


def test_a_later_deletion_is_respected(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    team.box.run("rm", "-q", team.path)
    team.box.commit("not worth keeping")
    assert team.repair() == []
    assert not (team.box.top / team.path).exists()


def test_what_a_person_made_of_both_sides_is_respected(team: Team) -> None:
    team.edit_on("side", impact="Theirs")
    team.edit(impact="Ours")
    team.merge(ok=False)
    text = codec_text(team, impact="Both, and more")
    team.box.write(team.path, text)
    team.box.commit("merged by hand")
    assert team.repair() == []
    assert team.now().impact == "Both, and more"


def test_repairing_again_changes_nothing_before_and_after_the_commit(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    assert len(team.repair()) == 1
    before = team.status()
    assert team.repair() == []
    assert team.status() == before
    team.box.run("commit", "-q", "-m", "repaired")
    assert team.repair() == []
    assert team.at("HEAD").impact == "Fewer servers"


def test_looking_without_applying_changes_nothing(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    (found,) = team.repair(apply=False)
    assert (found.done, found.mend) == ("", "Run `git kagura doctor --fix`.")
    assert team.status() == ""


def test_sides_lost_in_several_merges_come_back_in_order(team: Team) -> None:
    team.edit_on("side", impact="One")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    team.edit_on("side", impact="Two")
    team.merge_keeping_ours()
    team.edit_on("side", confidence=0.5)
    team.merge_keeping_ours()
    assert len(team.repair()) == 1
    record = team.now()
    assert (record.impact, record.confidence, record.tags) == ("Two", 0.5, ["storage"])
    assert record.conflicts == {}


def test_a_pull_brings_merges_that_lost_sides_elsewhere(team: Team, tmp_path: Path) -> None:
    other = team.record("D-00000002", decision="Use JSON")
    team.box.commit("decide again")
    team.box.run("branch", "-f", "side")
    mine = team.clone(tmp_path / "mine")
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    team.on("side")
    team.ws.save(_replaced(team.now(other), impact="Readable"), other)
    team.box.commit("edit the other")
    team.on("main")
    team.ws.save(_replaced(team.now(other), tags=["format"]), other)
    team.box.commit("edit the other here")
    team.merge_keeping_ours()
    mine.run("pull", "-q", "--ff-only")
    assert len(repair(opened(mine))) == 2
    assert opened(mine).files.read(team.path).impact == "Fewer servers"
    assert opened(mine).files.read(other).impact == "Readable"


def test_two_clones_repair_to_the_same_bytes(team: Team, tmp_path: Path) -> None:
    team.edit_on("side", impact="Theirs")
    team.edit(impact="Ours")
    team.merge_keeping_ours()
    clones = [team.clone(tmp_path / name) for name in ("one", "two")]
    for clone in clones:
        assert len(repair(opened(clone))) == 1
    one, two = (clone.out("ls-files", "-s", team.path) for clone in clones)
    assert one == two


def test_a_criss_cross_is_judged_by_the_merge_of_its_bases(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.box.run("branch", "main-before")
    team.driver(team.own_driver)
    team.merge()
    team.on("side")
    team.merge("main-before")
    team.edit(confidence=0.5)
    team.on("main")
    team.edit(status="accepted")
    assert len(team.box.out("merge-base", "--all", "main", "side").split()) == 2
    team.merge_keeping_ours()
    assert len(team.repair()) == 1
    record = team.now()
    assert (record.impact, record.tags) == ("Fewer servers", ["storage"])
    assert (record.confidence, record.status, record.conflicts) == (0.5, "accepted", {})


def test_a_merge_that_our_driver_made_needs_nothing(team: Team) -> None:
    team.driver(team.own_driver)
    team.edit_on("side", impact="Theirs", tags=["a"])
    team.edit(impact="Ours", tags=["b"])
    team.merge()
    assert team.repair() == []


def test_a_side_that_says_the_same_in_other_words_is_not_lost(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers", tags=["storage"])
    team.edit(impact="Fewer servers", tags=["storage", "sql"])
    team.merge_keeping_ours()
    assert team.repair() == []


def test_in_a_sha256_repository(tmp_path: Path, env: dict[str, str]) -> None:
    from team import new

    team = Team(new(tmp_path / "sha256", env, "--object-format=sha256"))
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    assert len(team.repair()) == 1
    assert team.now().impact == "Fewer servers"


def test_outside_a_sparse_checkout_it_is_named_and_left(team: Team) -> None:
    team.box.commit("source", **{"src/x": "1\n"})
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    team.box.run("sparse-checkout", "set", "--no-cone", "/src/", "/.kagura/README.md")
    (found,) = team.repair()
    assert found.done == ""
    assert "sparse" in found.wrong
    assert not (team.box.top / team.path).exists()


def test_a_shallow_clone_says_that_the_merge_base_is_missing(team: Team, tmp_path: Path) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    shallow = team.clone(tmp_path / "shallow", "--depth=2")
    (found,) = repair(opened(shallow))
    assert found.done == ""
    assert "shallow" in found.wrong
    assert "git fetch" in found.mend
    assert shallow.out("status", "--porcelain") == ""
    shallow.run("fetch", "-q", "--unshallow")
    assert len(repair(opened(shallow))) == 1
    assert opened(shallow).files.read(team.path).impact == "Fewer servers"


def test_a_partial_clone_is_not_filled_from_the_network(team: Team, tmp_path: Path) -> None:
    team.box.run("config", "uploadpack.allowFilter", "true")
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    partial = team.clone(tmp_path / "partial", "--filter=blob:none")
    (found,) = repair(opened(partial))
    assert found.done == ""
    assert "partial clone" in found.wrong


def test_the_fact_for_the_next_commit_names_the_record(team: Team) -> None:
    team.edit_on("side", impact="Fewer servers")
    team.edit(tags=["storage"])
    team.merge_keeping_ours()
    team.ws.working.drop_pending(ID)
    team.repair()
    assert team.ws.working.pending()[ID]["relation"] == "changed"


def _replaced(record: object, **fields: object) -> object:
    import msgspec

    return msgspec.structs.replace(record, **fields)  # type: ignore[arg-type]


def codec_text(team: Team, **fields: object) -> bytes:
    from kagura_git.store import codec

    return codec.dumps(_replaced(team.at("HEAD"), **fields))  # type: ignore[arg-type]


__all__ = ["Sandbox"]


def test_an_error_seen_on_both_sides_counts_every_time(team: Team) -> None:
    from datetime import timedelta

    from kagura_git.model.records import Error
    from kagura_git.model.transitions import seen_again

    path = team.ws.save(
        Error(id="E-00000001", error_type="KeyError", message="x", author="Ada", created_at=NOW)
    )
    team.box.commit("an error")
    team.box.run("branch", "-f", "side")
    for branch, hours in (("side", 1), ("main", 2)):
        team.on(branch)
        seen = seen_again(team.now(path), NOW + timedelta(hours=hours), None)  # type: ignore[arg-type]
        team.ws.save(seen, path)
        team.box.commit("seen again")
    team.merge_keeping_ours()
    assert len(team.repair()) == 1
    assert len(team.now(path).seen) == 2
    assert team.now(path).last_seen == NOW + timedelta(hours=2)


def test_a_record_too_long_to_be_one_is_not_read_and_stops_nothing(team: Team) -> None:
    other = team.path.replace(ID, "D-00000002")
    for branch, text in (("side", "b"), ("main", "c")):
        team.on(branch)
        team.box.write(other, text * 3_000_000)
        team.box.commit("huge")
        team.edit(**{"impact" if branch == "side" else "tags": "Huge" if text == "b" else ["huge"]})
    team.merge_keeping_ours()
    found = team.repair()
    assert [item.path for item in found if item.done] == [team.path]
    assert [item.path for item in found if not item.done] == [other]
