"""git merges records by their meaning, whatever command merges them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from branches import DECISION, ERROR, HOUR, SESSION, Branches
from git_repo import Sandbox, new
from msgspec.structs import replace

from kagura_git.model.records import Decision, Error, Occurrence, Session
from kagura_git.services import setup
from kagura_git.services.repair import repair
from kagura_git.workspace import open_workspace
from tests.record_strategies import MOMENT, path_for

SEEN = [Occurrence(at=MOMENT + n * HOUR) for n in range(3)]


def decision_of(branches: Branches) -> Decision:
    found: Decision = branches.now(DECISION)
    return found


# merge


def test_edits_of_neighbouring_fields_both_arrive(branches: Branches) -> None:
    branches.edit_on("side", DECISION, confidence=0.9)
    branches.edit(DECISION, tags=["auth", "web"])
    done = branches.merge()
    assert (decision_of(branches).confidence, decision_of(branches).tags) == (0.9, ["auth", "web"])
    assert "kagura" not in done.stderr


def test_an_error_met_and_solved_on_two_branches(branches: Branches) -> None:
    branches.edit_on(
        "side", ERROR, seen=[SEEN[0], SEEN[2]], occurrences=2, last_seen=SEEN[2].at,
        resolved=True, solution="Quote it", resolved_at=SEEN[2].at,
    )  # fmt: skip
    branches.edit(ERROR, seen=SEEN[:2], occurrences=2, last_seen=SEEN[1].at)
    branches.merge()
    found: Error = branches.now(ERROR)
    assert (found.occurrences, found.seen, found.last_seen) == (3, SEEN, SEEN[2].at)
    assert (found.resolved, found.solution) == (True, "Quote it")


def test_a_session_ended_on_one_branch_and_tagged_on_another(branches: Branches) -> None:
    branches.edit_on("side", SESSION, ended_at=MOMENT + HOUR, success=True, summary="Done")
    branches.edit(SESSION, tags=["auth"])
    branches.merge()
    found: Session = branches.now(SESSION)
    assert (found.summary, found.success, found.tags) == ("Done", True, ["auth"])


def test_a_clash_is_kept_in_the_record_and_said_in_one_line(branches: Branches) -> None:
    branches.edit_on("side", DECISION, impact="More memory")
    branches.edit(DECISION, impact="Less memory")
    done = branches.merge()
    assert [line for line in done.stderr.splitlines() if "kagura" in line] == [
        f"kagura: {DECISION.id}: both sides changed impact; both are kept"
    ]
    assert decision_of(branches).conflicts == {"impact": ["Less memory", "More memory"]}
    assert branches.box.out("status", "--porcelain") == ""


EDITS: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    (DECISION, {"impact": "one", "tags": ["b", "a"]}, {"impact": "two", "tags": ["auth", "c"]}),
    (DECISION, {"status": "accepted", "reviewed_by": "Ada"}, {"status": "rejected"}),
    (DECISION, {"rationale": "Fast"}, {"rationale": "Small", "alternatives": ["x", "y"]}),
    (ERROR, {"resolved": True, "solution": "A"}, {"resolved": True, "solution": "B"}),
    (ERROR, {"seen": SEEN[:2], "occurrences": 2}, {"seen": [SEEN[0], SEEN[2]], "occurrences": 2}),
    (SESSION, {"summary": "A", "ended_at": MOMENT}, {"summary": "B", "ended_at": MOMENT + HOUR}),
]


@pytest.mark.parametrize(("record", "mine", "yours"), EDITS)
def test_two_clones_that_merge_in_opposite_directions_agree(
    branches: Branches, tmp_path: Path, record: Any, mine: dict[str, Any], yours: dict[str, Any]
) -> None:
    branches.edit_on("side", record, **yours)
    branches.edit(record, **mine)
    branches.box.run("branch", "main-before")
    branches.merge()
    branches.box.run("checkout", "-q", "side")
    branches.merge("main-before")
    path = path_for(record)
    blobs = branches.box.out("rev-parse", f"main:{path}", f"side:{path}").split()
    assert blobs[0] == blobs[1]
    branches.box.run("checkout", "-q", "main")
    branches.merge("side")  # now there is nothing left to decide
    assert branches.box.out("rev-parse", f"HEAD:{path}") == blobs[0]


def test_a_criss_cross_does_not_ask_again_what_was_settled(branches: Branches) -> None:
    box = branches.box
    branches.edit_on("side", DECISION, impact="More memory")
    branches.edit(DECISION, impact="Less memory")
    box.run("branch", "main-before")
    branches.merge("side")
    branches.edit(DECISION, impact="Half the memory", conflicts={})
    box.run("checkout", "-q", "side")
    branches.merge("main-before")
    branches.edit(DECISION, tags=["web"])
    assert len(box.out("merge-base", "--all", "main", "side").split()) == 2
    done = branches.merge("main")
    found = decision_of(branches)
    assert (found.impact, found.conflicts, found.tags) == ("Half the memory", {}, ["web"])
    assert "kagura" not in done.stderr


def test_a_criss_cross_settled_in_two_ways_is_a_conflict_again(branches: Branches) -> None:
    box = branches.box
    branches.edit_on("side", DECISION, impact="More memory")
    branches.edit(DECISION, impact="Less memory")
    box.run("branch", "main-before")
    branches.merge("side")
    branches.edit(DECISION, impact="Less memory", conflicts={})
    box.run("checkout", "-q", "side")
    branches.merge("main-before")
    branches.edit(DECISION, impact="More memory", conflicts={})
    branches.merge("main")
    assert decision_of(branches).conflicts == {"impact": ["Less memory", "More memory"]}


def test_an_octopus_joins_what_different_branches_did(branches: Branches) -> None:
    """git merges an octopus line by line, without any driver."""
    box = branches.box
    branches.edit_on("side", DECISION, decision="Use JWT for all")
    box.run("branch", "other", "main")
    branches.edit_on("other", DECISION, project_id="web")
    branches.edit(ERROR, tags=["web"])
    branches.merge("side", "other")
    found = decision_of(branches)
    assert (found.decision, found.project_id) == ("Use JWT for all", "web")
    assert branches.now(ERROR).tags == ["web"]


def test_one_record_added_on_both_branches(branches: Branches) -> None:
    mine = replace(DECISION, id="D-00000009", tags=["a"], impact="one")
    branches.box.run("checkout", "-q", "side")
    branches.write(replace(mine, tags=["b"], impact="two"))
    branches.box.commit("add on side")
    branches.box.run("checkout", "-q", "main")
    branches.write(mine)
    branches.box.commit("add on main")
    branches.merge()
    found = branches.now(mine)
    assert (found.tags, found.conflicts) == (["a", "b"], {"impact": ["one", "two"]})


def test_a_file_renamed_on_one_branch_takes_the_edit_of_the_other(branches: Branches) -> None:
    box, renamed = branches.box, path_for(DECISION).replace("-x.yaml", "-use-jwt.yaml")
    branches.edit_on("side", DECISION, impact="More memory")
    box.run("mv", path_for(DECISION), renamed)
    branches.write(replace(DECISION, tags=["web"]), renamed)
    box.commit("rename")
    branches.merge()
    text = (box.top / renamed).read_text()
    assert "impact: More memory" in text
    assert "- web" in text
    assert not (box.top / path_for(DECISION)).exists()


def test_a_new_record_that_git_takes_for_a_renamed_one_hides_nothing(branches: Branches) -> None:
    box = branches.box
    stranger = replace(DECISION, id="D-00000009")
    box.run("checkout", "-q", "side")
    box.run("rm", "-q", path_for(DECISION))
    branches.write(stranger)
    box.commit("another one")
    box.run("checkout", "-q", "main")
    branches.edit(DECISION, impact="Only here")
    branches.merge()
    assert branches.now(stranger) == stranger
    repaired = repair(open_workspace(str(box.top), box.env))
    assert [item.path for item in repaired] == [path_for(DECISION)]
    assert branches.now().impact == "Only here"


@pytest.fixture
def hooked(branches: Branches) -> Branches:
    """The edit of a record on main; on the side it is deleted beside one that resembles it."""
    box = branches.box
    stranger = replace(DECISION, id="D-00000009")
    box.run("checkout", "-q", "side")
    box.run("rm", "-q", path_for(DECISION))
    branches.write(stranger)
    box.commit("another one")
    box.run("checkout", "-q", "main")
    box.write("code", "2\n")
    branches.edit(DECISION, impact="Only here")
    setup.init(box.repo)
    return branches


@pytest.mark.parametrize(
    "commands",
    [
        ["merge --no-edit side"],
        ["merge --squash side", "commit -q -m squashed"],
        ["rebase -q side"],
        ["checkout -q -b other side", "cherry-pick main"],
    ],
    ids=["merge", "squash", "rebase", "cherry-pick"],
)
def test_an_edit_is_brought_back_that_git_took_for_a_rename(
    hooked: Branches, commands: list[str]
) -> None:
    for command in commands:
        hooked.box.run(*command.split())
    assert hooked.now().impact == "Only here"
    assert hooked.now(replace(DECISION, id="D-00000009")).conflicts == {}
    staged = hooked.box.out("diff", "--cached", "--name-only")
    assert staged == path_for(DECISION)


@pytest.mark.parametrize("branch", ["main", "side"])
def test_an_edit_is_brought_back_though_both_sides_have_the_other_record(
    branches: Branches, branch: str
) -> None:
    """git then names the path before the rename, and puts the result into the other one."""
    box, stranger = branches.box, replace(DECISION, id="D-00000009")
    for name in ("main", "side"):
        box.run("checkout", "-q", name)
        branches.write(stranger)
        if name == branch:
            branches.edit(DECISION, impact="Only here")
        else:
            box.run("rm", "-q", path_for(DECISION))
        box.commit("another one")
    box.run("checkout", "-q", "main")
    setup.init(box.repo)
    branches.merge()
    assert branches.now(stranger) == stranger
    assert branches.now().impact == "Only here"


def test_what_both_sides_deleted_beside_others_alike_is_settled(branches: Branches) -> None:
    box = branches.box
    for branch, number in (("side", 8), ("main", 9)):
        box.run("checkout", "-q", branch)
        box.run("rm", "-q", path_for(DECISION))
        branches.write(replace(DECISION, id=f"D-0000000{number}"))
        box.commit("another one")
    branches.merge(ok=False)
    assert path_for(DECISION) in branches.unmerged()
    repair(open_workspace(str(box.top), box.env))
    assert branches.unmerged() == []
    assert not (box.top / path_for(DECISION)).exists()
    for number in (8, 9):
        record = replace(DECISION, id=f"D-0000000{number}")
        assert branches.now(record) == record


# what else merges


def test_a_rebase_merges_by_meaning(branches: Branches) -> None:
    branches.edit_on("side", DECISION, tags=["auth", "web"])
    branches.edit_on("side", DECISION, impact="More memory")
    branches.edit(DECISION, tags=["auth", "jwt"], confidence=0.9)
    branches.box.run("checkout", "-q", "side")
    branches.box.run("rebase", "-q", "main")
    found = decision_of(branches)
    assert (found.tags, found.impact, found.confidence) == (
        ["auth", "jwt", "web"], "More memory", 0.9,
    )  # fmt: skip


def test_a_cherry_pick_merges_by_meaning(branches: Branches) -> None:
    branches.edit_on("side", DECISION, impact="More memory")
    branches.edit_on("side", DECISION, tags=["auth", "web"])
    branches.edit(DECISION, tags=["auth", "jwt"])
    branches.box.run("cherry-pick", "side")
    found = decision_of(branches)
    assert (found.tags, found.impact) == (["auth", "jwt", "web"], None)


def test_a_stash_comes_back_by_meaning(branches: Branches) -> None:
    branches.write(replace(DECISION, tags=["auth", "web"]))
    branches.box.run("stash", "-q")
    branches.edit(DECISION, tags=["auth", "jwt"])
    branches.box.run("stash", "pop", "-q")
    assert decision_of(branches).tags == ["auth", "jwt", "web"]


def test_a_revert_takes_back_that_commit_alone(branches: Branches) -> None:
    branches.edit(DECISION, tags=["auth", "web"])
    branches.edit(DECISION, tags=["auth", "web", "jwt"])
    branches.box.run("revert", "--no-edit", "HEAD~1")
    assert decision_of(branches).tags == ["auth", "jwt"]


# where the repository is


def merges(box: Sandbox) -> None:
    """Check that a repository that was just made merges with the driver."""
    branches = Branches(box)
    branches.edit_on("side", DECISION, tags=["auth", "web"])
    branches.edit(DECISION, tags=["auth", "jwt"])
    branches.merge()
    assert decision_of(branches).tags == ["auth", "jwt", "web"]


@pytest.mark.parametrize("name", ["with a space", "it's", 'a "quote"', "100%A $HOME", "ümlaut"])
def test_whatever_the_repository_is_called(tmp_path: Path, env: dict[str, str], name: str) -> None:
    merges(new(tmp_path / name / "repo", env))


def test_a_repository_with_sha256(tmp_path: Path, env: dict[str, str]) -> None:
    merges(new(tmp_path / "repo", env, "--object-format=sha256"))


def test_a_repository_that_was_moved(branches: Branches, tmp_path: Path) -> None:
    branches.edit_on("side", DECISION, tags=["auth", "web"])
    branches.edit(DECISION, tags=["auth", "jwt"])
    branches.box.top = branches.box.top.rename(tmp_path / "elsewhere")
    branches.merge()
    assert decision_of(branches).tags == ["auth", "jwt", "web"]


def test_a_linked_worktree_and_a_folder_below_the_top(branches: Branches, tmp_path: Path) -> None:
    branches.edit_on("side", DECISION, tags=["auth", "web"])
    branches.edit(DECISION, tags=["auth", "jwt"])
    branches.box.run("worktree", "add", "-q", "-b", "third", str(tmp_path / "tree"))
    branches.box.top = tmp_path / "tree"
    below = Sandbox(tmp_path / "tree" / ".kagura", branches.box.env)
    below.run("merge", "-q", "--no-edit", "side")
    assert decision_of(branches).tags == ["auth", "jwt", "web"]


def test_git_told_by_the_environment_where_the_repository_is(branches: Branches) -> None:
    branches.edit_on("side", DECISION, tags=["auth", "web"])
    branches.edit(DECISION, tags=["auth", "jwt"])
    branches.box.run("merge", "-q", "--no-edit", "side", GIT_DIR=".git", GIT_WORK_TREE=".")
    assert decision_of(branches).tags == ["auth", "jwt", "web"]
