"""Merging two versions of a record by meaning."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kagura_git.errors import Conflict
from kagura_git.model.mapping import to_mapping
from kagura_git.model.merge import merge
from kagura_git.model.merge_values import canonical
from kagura_git.model.records import STATUSES, Decision, Error, Occurrence, Record
from kagura_git.store import codec
from tests.record_strategies import (
    MOMENT,
    decision,
    error,
    path_for,
    records,
    session,
)

HOUR = timedelta(hours=1)
GROUPS = (
    {"status", "superseded_by", "reviewed_by", "reviewed_at", "review_note"},
    {"resolved", "solution", "resolved_at", "resolved_commit"},
    {"ended_at", "success", "summary"},
    {"occurrences", "seen"},
)
SETS = ("alternatives", "tags", "related_files", "supersedes")
# Of two moments one is the later, of two states one is further on: the other one goes.
OUTDONE = {"reviewed_at", "resolved_at", "ended_at", "last_seen", "created_at", "started_at",
           "status", "occurrences", "resolved"}  # fmt: skip


# Few values, so that sides meet: the same edit, a clash, one edit that takes another back.
TEXTS = st.sampled_from(["one", "two", "one\ntwo", "one\ntwo\nthree", "ONE\ntwo\nthree", "~\n\n"])
FLAGS = st.sampled_from([None, True, False])
TIMES = st.integers(0, 4).map(lambda hours: MOMENT + hours * HOUR)
SOME_TIMES = st.none() | TIMES
LISTS = st.lists(st.sampled_from(["a", "b", "c", "d", "no"]), max_size=4)
IDS = st.sampled_from(["D-00000001", "D-00000002", "D-00000003"])
SEEN = st.lists(
    st.builds(Occurrence, at=TIMES, session=st.sampled_from([None, "S-00000001"])), max_size=3
)
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 1, 1.0, "1", "x\ny\nz", "X\ny\nz", [1], {"a": 1}, {"a": {"b": 2}, "c": 0}, {}]
)
COMMON: dict[str, st.SearchStrategy[Any]] = {
    "tags": LISTS,
    "author": TEXTS,
    "created_at": TIMES,
    "project_id": st.none() | TEXTS,
    "extra": st.dictionaries(st.sampled_from(["new", "more", "extra"]), VALUES),
    "conflicts": st.dictionaries(
        st.sampled_from(["rationale", "status", "solution", "tags", "new", "gone"]),
        st.lists(VALUES | TEXTS, max_size=3),
        max_size=2,
    ),
}
DECISION: dict[str, st.SearchStrategy[Any]] = {
    "decision": TEXTS,
    "status": st.sampled_from(STATUSES),
    "rationale": TEXTS,
    "alternatives": LISTS,
    "impact": st.none() | TEXTS,
    "related_files": LISTS,
    "confidence": st.sampled_from([0.0, 0.5, 0.8, 1.0]),
    "supersedes": st.lists(IDS, max_size=2),
    "superseded_by": st.none() | IDS,
    "reviewed_by": st.none() | TEXTS,
    "reviewed_at": SOME_TIMES,
    "review_note": st.none() | TEXTS,
}
ERROR: dict[str, st.SearchStrategy[Any]] = {
    "message": TEXTS,
    "stack_trace": st.just("") | TEXTS,
    "line_number": st.sampled_from([None, 0, 1]),
    "resolved": st.booleans(),
    "solution": st.none() | TEXTS,
    "resolved_at": SOME_TIMES,
    "resolved_commit": st.sampled_from([None, "a" * 40, "b" * 40]),
    "occurrences": st.integers(1, 5),
    "last_seen": SOME_TIMES,
    "seen": SEEN,
}
SESSION: dict[str, st.SearchStrategy[Any]] = {
    "description": TEXTS,
    "started_at": TIMES,
    "ended_at": SOME_TIMES,
    "success": FLAGS,
    "summary": st.none() | TEXTS,
}


def edits(kind: Any, fields: dict[str, st.SearchStrategy[Any]], count: int) -> Any:
    """Return a strategy for a record and as many versions of it, each with some fields changed."""
    changes = st.fixed_dictionaries({}, optional={**COMMON, **fields})
    return st.tuples(st.builds(lambda more: kind(**more), changes), *[changes] * count).map(
        lambda drawn: [drawn[0], *(replace(drawn[0], **more) for more in drawn[1:])]
    )


def versions(count: int) -> st.SearchStrategy[list[Any]]:
    """Return a strategy for a record of any kind and this many versions edited from it."""
    kinds = ((decision, DECISION), (error, ERROR), (session, SESSION))
    return st.one_of([edits(kind, fields, count) for kind, fields in kinds])


def dumped(record: Record) -> bytes:
    return codec.dumps(record)


# what holds for any record


@given(versions(1))
def test_what_only_one_side_changed_is_the_result(trio: list[Any]) -> None:
    base, edited = trio
    assert dumped(merge(base, base, edited)) == dumped(edited)
    assert dumped(merge(base, edited, base)) == dumped(edited)


@given(versions(1))
def test_the_same_change_on_both_sides_counts_once(trio: list[Any]) -> None:
    base, edited = trio
    assert dumped(merge(base, edited, edited)) == dumped(edited)
    assert dumped(merge(None, edited, edited)) == dumped(edited)


@given(versions(2), st.booleans())
def test_both_directions_give_the_same_bytes(trio: list[Any], with_base: bool) -> None:
    base, ours, theirs = trio
    start = base if with_base else None
    assert dumped(merge(start, ours, theirs)) == dumped(merge(start, theirs, ours))


@settings(max_examples=50)
@given(records, records)
def test_any_two_records_give_a_record_whatever_they_hold(one: Any, other: Any) -> None:
    if type(one) is not type(other):
        other = replace(one, tags=other.tags, author=other.author, conflicts=other.conflicts)
    other = replace(other, id=one.id)
    merged = merge(None, one, other)
    assert dumped(merged) == dumped(merge(None, other, one))
    assert codec.loads(dumped(merged), path_for(merged)) == merged


@given(versions(2), st.booleans())
def test_the_result_is_valid_and_comes_back_from_its_file(trio: list[Any], has_base: bool) -> None:
    base, ours, theirs = trio
    merged = merge(base if has_base else None, ours, theirs)
    assert codec.loads(dumped(merged), path_for(merged)) == merged


@given(versions(2))
def test_merging_a_side_once_more_changes_nothing(trio: list[Any]) -> None:
    base, ours, theirs = trio
    merged = merge(base, ours, theirs)
    assert dumped(merge(ours, merged, ours)) == dumped(merged)
    assert dumped(merge(theirs, theirs, merged)) == dumped(merged)


def units(record: Any) -> list[set[str]]:
    """Return the fields of a record, those together that belong together."""
    names = {name for name in record.__struct_fields__ if name not in ("id", "extra", "conflicts")}
    groups = [group & names for group in GROUPS if group & names]
    return [*groups, *({name} for name in sorted(names - set().union(*groups)))]


@given(versions(2), st.data())
def test_edits_of_different_fields_both_arrive(trio: list[Any], data: st.DataObject) -> None:
    base, ours, theirs = (replace(record, conflicts={}, extra={}) for record in trio)
    mine = data.draw(st.lists(st.sampled_from(units(base)), max_size=4))
    mine_fields = set().union(*mine)
    ours = replace(base, **{name: getattr(ours, name) for name in mine_fields})
    rest = {name for unit in units(base) for name in unit} - mine_fields
    theirs = replace(base, **{name: getattr(theirs, name) for name in rest})
    merged = merge(base, ours, theirs)
    assert merged.conflicts == {}
    for name in mine_fields:
        assert getattr(merged, name) == getattr(ours, name)
    for name in rest:
        assert getattr(merged, name) == getattr(theirs, name)


def said(record: Record) -> set[tuple[str, str]]:
    """Return every value a record holds, by field: in the field itself and in its conflicts."""
    found: set[tuple[str, str]] = set()
    for name, value in to_mapping(record).items():
        for item in value if isinstance(value, list) else [value]:
            found.add((name, canonical(item)))
    for name, values in record.conflicts.items():
        for value in values:
            found.add((name, canonical(value)))
            fields = value if isinstance(value, dict) else {}
            found |= {(field, canonical(item)) for field, item in fields.items()}
    return found


def lines(values: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the lines of the texts among some values, by field."""
    texts = ((name, json.loads(value)) for name, value in values)
    return {
        (name, line) for name, text in texts if isinstance(text, str) for line in text.splitlines()
    }


@settings(max_examples=200)
@example([decision(author=text) for text in ("one\ntwo", "two", "one\ntwo\nthree")], True)
@given(versions(2), st.booleans())
def test_nothing_that_a_side_said_is_dropped(trio: list[Any], with_base: bool) -> None:
    # Texts of several lines are merged by their lines: whole texts may go, new lines may not.
    # What an earlier merge had left open, this one may settle.
    base, ours, theirs = (
        replace(record, conflicts={}, extra={n: str(v) for n, v in record.extra.items()})
        for record in trio
    )
    start = base if with_base else None
    merged = merge(start, ours, theirs)
    known = said(base) if with_base else {("confidence", "0.8")}  # what nobody has said
    wordy = {name for name, value in known | said(ours) | said(theirs) if "\\n" in value}
    for side in (ours, theirs):
        for name, value in said(side) - known - said(merged):
            assert name in OUTDONE or name in wordy, (name, value)
        for line in lines(said(side)) - lines(known) - lines(said(merged)):
            assert line[0] in OUTDONE, line


@given(versions(3))
def test_sets_join_in_any_order_of_merges(records: list[Any]) -> None:
    base, one, two, three = (replace(record, conflicts={}) for record in records)
    left = merge(base, merge(base, one, two), three)
    right = merge(base, one, merge(base, two, three))
    for name in SETS:
        if hasattr(base, name):
            assert set(getattr(left, name)) == set(getattr(right, name))


@given(SEEN, SEEN, SEEN, st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_no_occurrence_is_counted_twice_and_none_is_lost(
    held: list[Any], mine: list[Any], yours: list[Any], beyond: list[int]
) -> None:
    lists = (held, [*held, *mine], [*held, *yours])
    base, ours, theirs = (
        error(seen=seen, occurrences=max(1, len(seen) + more))
        for seen, more in zip(lists, beyond, strict=True)
    )
    merged = merge(base, ours, theirs)
    moments = {item.at for item in [*ours.seen, *theirs.seen]}
    assert {item.at for item in merged.seen} == moments
    assert merged.occurrences >= max(len(merged.seen), 1)
    assert len(merged.seen) <= len(held) + len(mine) + len(yours)
    uncounted = [max(0, item.occurrences - len(item.seen)) for item in (base, ours, theirs)]
    assert merged.occurrences <= max(1, len(merged.seen) + max(uncounted))


# texts


def test_edits_of_different_lines_of_one_text_join() -> None:
    base = decision(rationale="first\nsecond\nthird\nfourth")
    ours = replace(base, rationale="FIRST\nsecond\nthird\nfourth")
    theirs = replace(base, rationale="first\nsecond\nthird\nfourth\nfifth")
    merged = merge(base, ours, theirs)
    assert merged.rationale == "FIRST\nsecond\nthird\nfourth\nfifth"
    assert merged.conflicts == {}


def test_edits_of_one_line_keep_both_texts() -> None:
    base = decision(rationale="Stateless")
    merged = merge(base, replace(base, rationale="Fast"), replace(base, rationale="Simple"))
    assert merged.conflicts == {"rationale": ["Fast", "Simple"]}
    assert merged.rationale in ("Fast", "Simple")


def test_a_text_never_merges_to_nothing() -> None:
    base = decision(rationale="a\n\nb")
    merged = merge(base, replace(base, rationale="\nb"), replace(base, rationale="a\n"))
    assert set(merged.conflicts["rationale"]) == {"\nb", "a\n"}


def test_an_edit_wins_over_a_text_taken_away() -> None:
    base = decision(impact="Two servers")
    merged = merge(base, replace(base, impact=None), replace(base, impact="Three servers"))
    assert (merged.impact, merged.conflicts) == ("Three servers", {})


# sets


def test_what_one_side_removed_goes_and_what_one_side_added_comes() -> None:
    base = decision(tags=["auth", "jwt", "web"])
    ours = replace(base, tags=["auth", "web", "zeta"])
    theirs = replace(base, tags=["auth", "jwt", "web", "alpha"])
    assert merge(base, ours, theirs).tags == ["auth", "web", "alpha", "zeta"]


def test_the_last_tag_removed_stays_removed() -> None:
    base = decision(tags=["auth"])
    assert merge(base, replace(base, tags=[]), replace(base, tags=["auth", "jwt"])).tags == ["jwt"]


def test_a_new_order_of_one_side_is_kept() -> None:
    base = decision(alternatives=["a", "b", "c"])
    ours = replace(base, alternatives=["c", "a", "b"])
    theirs = replace(base, alternatives=["a", "b", "c", "d"])
    assert merge(base, ours, theirs).alternatives == ["c", "a", "b", "d"]


# the lifecycle of a decision


def reviewed(base: Decision, status: Any, hours: int, by: str = "Ada", note: str = "") -> Decision:
    at = MOMENT + hours * HOUR
    return replace(base, status=status, reviewed_by=by, reviewed_at=at, review_note=note or None)


def test_a_status_further_on_wins_and_the_review_stays() -> None:
    base = decision()
    ours = reviewed(base, "accepted", 1, note="good")
    theirs = replace(base, status="superseded", superseded_by="D-00000002")
    merged = merge(base, ours, theirs)
    assert (merged.status, merged.superseded_by) == ("superseded", "D-00000002")
    assert (merged.reviewed_by, merged.review_note) == ("Ada", "good")
    assert merged.conflicts == {}


def test_two_verdicts_are_both_kept_and_the_later_one_shows() -> None:
    base = decision()
    ours = reviewed(base, "accepted", 1, by="Ada", note="good")
    theirs = reviewed(base, "rejected", 2, by="Bob", note="too slow")
    merged = merge(base, ours, theirs)
    assert (merged.status, merged.reviewed_by, merged.review_note) == (
        "rejected", "Bob", "too slow",
    )  # fmt: skip
    kept = merged.conflicts["status"]
    assert sorted((entry["status"], entry["reviewed_by"]) for entry in kept) == [
        ("accepted", "Ada"),
        ("rejected", "Bob"),
    ]


def test_a_verdict_that_one_side_changed_is_no_conflict() -> None:
    base = reviewed(decision(), "accepted", 1)
    merged = merge(base, reviewed(base, "rejected", 2), replace(base, tags=["web"]))
    assert (merged.status, merged.tags, merged.conflicts) == ("rejected", ["web"], {})


def test_a_note_never_stands_beside_another_s_name() -> None:
    base = reviewed(decision(), "accepted", 1, by="Bob", note="fine")
    ours = reviewed(base, "accepted", 2, by="Ada", note="fine")
    theirs = replace(base, review_note="only for the web")
    merged = merge(base, ours, theirs)
    assert (merged.reviewed_by, merged.review_note) == ("Ada", "fine")
    assert len(merged.conflicts["status"]) == 2


# errors and their solutions


def solved(base: Error, text: str, hours: int) -> Error:
    return replace(base, resolved=True, solution=text, resolved_at=MOMENT + hours * HOUR)


def test_solved_beats_unsolved() -> None:
    base = error()
    again = replace(base, seen=[Occurrence(at=MOMENT + HOUR)], last_seen=MOMENT + HOUR)
    merged = merge(base, again, solved(base, "Quote it", 1))
    assert (merged.resolved, merged.solution, merged.last_seen) == (
        True, "Quote it", MOMENT + HOUR,
    )  # fmt: skip
    assert merge(None, base, solved(base, "Quote it", 1)).resolved


def test_an_error_reopened_on_one_side_is_open() -> None:
    base = solved(error(), "Quote it", 1)
    ours = replace(base, resolved=False, solution=None, resolved_at=None)
    assert not merge(base, ours, replace(base, tags=["web"])).resolved


def test_of_two_solutions_the_later_one_shows_with_its_commit() -> None:
    base = error()
    ours = replace(solved(base, "Quote it", 2), resolved_commit="a" * 40)
    theirs = solved(base, "Escape it", 1)
    merged = merge(base, ours, theirs)
    assert (merged.solution, merged.resolved_commit) == ("Quote it", "a" * 40)
    assert {entry["solution"] for entry in merged.conflicts["solution"]} == {
        "Quote it",
        "Escape it",
    }


def test_the_same_error_seen_on_both_sides_is_counted_on_both() -> None:
    first = Occurrence(at=MOMENT)
    base = error(seen=[first], occurrences=1)
    ours = replace(base, seen=[first, Occurrence(at=MOMENT + HOUR)], occurrences=2)
    theirs = replace(base, seen=[first, Occurrence(at=MOMENT + 2 * HOUR)], occurrences=2)
    assert merge(base, ours, theirs).occurrences == 3


def test_a_count_beyond_the_moments_is_kept_and_not_doubled() -> None:
    base = error(occurrences=40)
    ours = replace(base, seen=[Occurrence(at=MOMENT + HOUR)], occurrences=41)
    theirs = replace(base, seen=[Occurrence(at=MOMENT + 2 * HOUR)], occurrences=41)
    assert merge(base, ours, theirs).occurrences == 42


# sessions


def test_a_session_ended_on_both_sides_keeps_both_summaries() -> None:
    base = session()
    ours = replace(base, ended_at=MOMENT + HOUR, success=True, summary="All done")
    theirs = replace(base, ended_at=MOMENT + 2 * HOUR, success=False, summary="Half done")
    merged = merge(base, ours, theirs)
    assert (merged.summary, merged.success, merged.ended_at) == (
        "Half done", False, MOMENT + 2 * HOUR,
    )  # fmt: skip
    assert {entry["summary"] for entry in merged.conflicts["summary"]} == {"All done", "Half done"}


# conflicts that are there already


def disputed() -> tuple[Decision, Decision]:
    """Return a decision and what became of it when two sides changed its rationale."""
    base = decision(rationale="Stateless")
    sides = (replace(base, rationale="Fast"), replace(base, rationale="Simple"))
    return base, merge(base, *sides)


def test_a_settled_conflict_does_not_come_back() -> None:
    _, both = disputed()
    ours = replace(both, rationale="Fast and simple", conflicts={})
    theirs = replace(both, tags=["web"])
    merged = merge(both, ours, theirs)
    assert (merged.rationale, merged.conflicts, merged.tags) == ("Fast and simple", {}, ["web"])


def test_a_conflict_settled_in_two_ways_is_a_conflict_again() -> None:
    _, both = disputed()
    ours = replace(both, rationale="Fast", conflicts={})
    theirs = replace(both, rationale="Simple", conflicts={})
    assert merge(both, ours, theirs).conflicts == {"rationale": ["Fast", "Simple"]}
    theirs = replace(both, rationale="Cheap", conflicts={})
    assert merge(both, ours, theirs).conflicts == {"rationale": ["Cheap", "Fast"]}


def test_a_third_side_joins_a_conflict() -> None:
    base, both = disputed()
    merged = merge(base, both, replace(base, rationale="Cheap"))
    assert merged.conflicts == {"rationale": ["Cheap", "Fast", "Simple"]}


def test_a_side_that_says_one_of_both_adds_nothing() -> None:
    base, both = disputed()
    merged = merge(base, both, replace(base, rationale="Fast"))
    assert merged.conflicts == both.conflicts


def test_what_stands_in_an_entry_alone_never_becomes_the_field() -> None:
    base = decision(confidence=0.5, conflicts={"confidence": ["high", "low"]})
    ours = replace(base, confidence=0.6, conflicts={"confidence": ["high", "higher"]})
    theirs = replace(base, confidence=0.7, conflicts={"confidence": ["low", "lower"]})
    assert merge(base, ours, theirs).confidence in (0.6, 0.7)


# fields of newer versions


def test_unknown_fields_merge_by_their_own_fields() -> None:
    base = decision(extra={"cost": {"cpu": 1, "disk": 1}, "owner": "web"})
    ours = replace(base, extra={"cost": {"cpu": 2, "disk": 1}, "owner": "web", "new": [1]})
    theirs = replace(base, extra={"cost": {"cpu": 1, "disk": 3}})
    merged = merge(base, ours, theirs)
    assert merged.extra == {"cost": {"cpu": 2, "disk": 3}, "new": [1]}
    assert merged.conflicts == {}


def test_unknown_fields_that_clash_are_both_kept() -> None:
    base = decision(extra={"cost": {"cpu": 1}})
    ours = replace(base, extra={"cost": {"cpu": 2}})
    theirs = replace(base, extra={"cost": {"cpu": True}})
    merged = merge(base, ours, theirs)
    assert sorted(map(canonical, merged.conflicts["cost"])) == ['{"cpu": 2}', '{"cpu": true}']


def test_an_unknown_field_may_be_called_as_one_of_another_kind() -> None:
    base = decision(extra={"seen": 1, "last_seen": "x"})
    merged = merge(base, replace(base, extra={"seen": 2}), replace(base, extra={"seen": [3]}))
    assert merged.conflicts == {"seen": [2, [3]]}


# two records


def test_two_different_records_are_not_merged() -> None:
    with pytest.raises(Conflict, match="not the same record"):
        merge(None, decision(), decision(id="D-00000002"))
    with pytest.raises(Conflict, match="not the same record"):
        merge(None, decision(), error())


def test_a_base_that_is_another_record_is_no_base() -> None:
    ours, theirs = decision(tags=["a"]), decision(tags=["b"])
    stranger = decision(id="D-00000002", tags=["a"])
    assert merge(stranger, ours, theirs) == merge(None, ours, theirs)
