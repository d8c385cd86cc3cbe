"""What a review says of the decisions that a branch adds, edits and repeats."""

from __future__ import annotations

from kagura_git.services import decisions
from kagura_git.services.review.report import FieldChange
from tests.review.conftest import Desk


def test_a_new_decision_is_told_with_its_reason(desk: Desk) -> None:
    desk.branch()
    name = desk.decide(alternatives=["Redis"], related_files=["src/app.py"])
    desk.box.commit("decide")
    (change,) = desk.report().decisions
    assert (change.id, change.change, change.status) == (name, "added", "proposed")
    assert (change.title, change.rationale, change.alternatives) == (
        "Use SQLite", "one file", ["Redis"],
    )  # fmt: skip
    assert desk.rules() == []


def test_a_decision_without_alternatives_is_noted(desk: Desk) -> None:
    desk.branch()
    name = desk.decide()
    desk.box.commit("decide")
    found = desk.finding("no-alternatives")
    assert (found.severity, found.record) == ("note", name)


def test_an_edit_is_told_field_by_field(desk: Desk) -> None:
    name = desk.decide(impact="small")
    desk.branch()
    memory = desk.memory
    record = memory.recall(name)
    record.impact, record.rationale = "large", "it is there"
    memory.store(name, record)
    desk.box.commit("edit")
    (change,) = desk.report().decisions
    assert change.change == "changed"
    assert change.fields == [
        FieldChange("rationale", "one file", "it is there"),
        FieldChange("impact", "small", "large"),
    ]
    assert "edited-accepted" not in desk.rules()


def test_an_accepted_decision_edited_in_place_is_flagged(desk: Desk) -> None:
    name = desk.decide()
    desk.accept(name)
    desk.branch()
    memory = desk.memory
    record = memory.recall(name)
    record.decision = "Use SQLite, or not"
    memory.store(name, record)
    desk.box.commit("edit")
    found = desk.finding("edited-accepted")
    assert found.record == name
    assert "decision is edited in place" in found.message
    assert found.severity == "warning"


def test_accepting_superseding_and_tagging_are_no_edits(desk: Desk) -> None:
    first, second = desk.decide(alternatives=["a"]), desk.decide("Write Go", "speed")
    desk.accept(second)
    desk.branch()
    desk.accept(first)
    third = desk.decide("Write Rust", "more speed", alternatives=["Go"])
    desk.supersede(second, third)
    desk.box.commit("go on")
    told = {change.id: change.change for change in desk.report().decisions}
    assert told == {first: "accepted", second: "superseded", third: "added"}
    assert desk.rules() == []


def test_a_deleted_decision_is_told(desk: Desk) -> None:
    name = desk.decide()
    desk.branch()
    (desk.box.top / desk.memory.ws.files.path_of(name)).unlink()
    desk.box.commit("drop")
    assert [change.change for change in desk.report().decisions] == ["deleted"]
    assert name in desk.finding("deleted").message


def test_a_file_that_is_not_there_is_a_broken_link(desk: Desk) -> None:
    desk.branch()
    desk.decide(alternatives=["x"], related_files=["src/app.py", "src", "src/gone.py"])
    desk.box.commit("decide")
    assert desk.rules() == ["broken-link"]
    assert "src/gone.py" in desk.finding("broken-link").message


def test_a_decision_recorded_on_two_branches_is_one_to_join(desk: Desk) -> None:
    desk.branch()
    mine = desk.decide("Keep sessions in signed cookies", "no state on servers", alternatives=["x"])
    desk.box.commit("decide")
    desk.box.run("switch", "-q", "main")
    theirs = desk.decide("Keep sessions in signed cookies", "no state on the servers")
    desk.decide("Log as JSON", "searchable")
    desk.box.commit("decide too")
    (pair,) = desk.report().pairs
    assert (pair.id, pair.other) == (mine, theirs)
    assert f"git kagura decision merge {theirs} {mine}" in desk.finding("duplicate").mend
    # Joined after the merge, there is nothing left to say.
    desk.box.run("switch", "-q", "topic")
    desk.box.run("merge", "-q", "--no-edit", "main")
    decisions.merge(desk.memory.ws, theirs, mine)
    desk.box.commit("join")
    assert "duplicate" not in desk.rules()


def test_twins_that_were_there_before_are_not_this_branchs(desk: Desk) -> None:
    desk.decide("Keep sessions in signed cookies", "no server state")
    desk.decide("Keep sessions in signed cookies", "no server state")
    desk.branch()
    desk.box.commit("work", **{"src/app.py": "new\n"})
    assert desk.rules() == []
