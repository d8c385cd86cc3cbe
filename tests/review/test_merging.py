"""What a review says of values that no merge can choose between."""

from __future__ import annotations

from tests.review.conftest import Desk


def say(desk: Desk, name: str, text: str) -> None:
    memory = desk.memory
    record = memory.recall(name)
    record.rationale = text
    memory.store(name, record)
    desk.box.commit(text)


def test_a_merge_that_will_keep_both_texts_is_foretold_and_then_told(desk: Desk) -> None:
    name = desk.decide()
    desk.branch()
    say(desk, name, "ours")
    desk.box.run("switch", "-q", "main")
    say(desk, name, "theirs")
    (coming,) = desk.report().conflicts
    assert coming.on_merge
    assert coming.id == name
    assert {*coming.fields["rationale"]} == {"ours", "theirs"}
    assert desk.rules() == ["merge-conflict"]
    desk.box.run("switch", "-q", "topic")
    desk.box.run("merge", "-q", "--no-edit", "main")
    (held,) = desk.report().conflicts
    assert not held.on_merge
    assert held.fields == coming.fields
    assert desk.rules() == ["conflict"]


def test_a_settled_conflict_is_no_longer_told(desk: Desk) -> None:
    name = desk.decide()
    desk.branch()
    say(desk, name, "ours")
    desk.box.run("switch", "-q", "main")
    say(desk, name, "theirs")
    desk.box.run("switch", "-q", "topic")
    desk.box.run("merge", "-q", "--no-edit", "main")
    memory = desk.memory
    record = memory.recall(name)
    record.rationale, record.conflicts = "both", {}
    memory.store(name, record)
    desk.box.commit("settle")
    assert desk.report().conflicts == []


def test_edits_of_different_fields_are_no_conflict(desk: Desk) -> None:
    name = desk.decide()
    desk.branch()
    say(desk, name, "ours")
    desk.box.run("switch", "-q", "main")
    memory = desk.memory
    record = memory.recall(name)
    record.impact = "large"
    memory.store(name, record)
    desk.box.commit("theirs")
    assert desk.report().conflicts == []
