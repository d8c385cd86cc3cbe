"""Merging record files: bytes in, bytes out."""

from __future__ import annotations

import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kagura_git.model.records import Decision, Occurrence
from kagura_git.store import codec
from kagura_git.store.merging import Merged, merge_bytes, salvage, sides
from tests.record_strategies import MOMENT, decision, error, path_for, records

BASE = decision(rationale="one\ntwo\nthree", tags=["web"])
OURS = replace(BASE, rationale="ONE\ntwo\nthree")
THEIRS = replace(BASE, rationale="one\ntwo\nTHREE", tags=["web", "jwt"])
PATH = path_for(BASE)
BROKEN = b"decision: [never closed\nsecond: \xff line\n"


def dumped(record: Any) -> bytes:
    return codec.dumps(record)


def merged(base: Any, ours: Any, theirs: Any) -> Merged:
    """Merge versions given as records, as bytes, or as None; both ways must agree."""
    raw = [v if v is None or isinstance(v, bytes) else dumped(v) for v in (base, ours, theirs)]
    done = merge_bytes(*raw, PATH)
    other = merge_bytes(raw[0], raw[2], raw[1], PATH)
    if done.record is not None:
        assert done.data == other.data
        assert codec.loads(done.data, PATH) == done.record
    return done


def read(done: Merged) -> Decision:
    assert isinstance(done.record, Decision)
    return done.record


def test_both_sides_edits_are_in_the_file() -> None:
    done = merged(BASE, OURS, THEIRS)
    assert read(done).rationale == "ONE\ntwo\nTHREE"
    assert read(done).tags == ["web", "jwt"]
    assert done.said == []


def test_a_conflict_is_said_with_the_record_and_the_field() -> None:
    done = merged(BASE, replace(BASE, impact="more"), replace(BASE, impact="less"))
    assert done.said == [f"{BASE.id}: both sides changed impact; both are kept"]
    assert read(done).conflicts == {"impact": ["less", "more"]}


def test_a_conflict_that_a_side_had_already_is_not_said_again() -> None:
    held = replace(BASE, conflicts={"impact": ["less", "more"]})
    assert merged(BASE, held, THEIRS).said == []


def test_a_side_that_says_it_all_keeps_its_own_spelling() -> None:
    by_hand = dumped(THEIRS) + b"# looked at by Ada\n"
    assert merged(BASE, dumped(BASE) + b"\n", by_hand).data == by_hand


# a record deleted on one side


def test_an_edit_wins_over_a_deletion_and_says_so() -> None:
    done = merged(BASE, None, THEIRS)
    assert done.data == dumped(THEIRS)
    assert done.said == [f"{BASE.id}: deleted on one side, edited on the other: kept"]


def test_a_deletion_of_what_nobody_edited_stands() -> None:
    for theirs in (BASE, dumped(BASE) + b"# only a comment\n"):
        done = merged(BASE, None, theirs)
        assert (done.data, done.said, done.record) == (b"", [], None)
    assert merged(BASE, None, None).data == b""


def test_a_record_that_only_one_side_has_is_taken() -> None:
    assert merged(None, OURS, None).data == dumped(OURS)


def test_an_edit_that_broke_the_record_wins_over_a_deletion_too() -> None:
    assert merged(BASE, None, BROKEN).data == BROKEN


# a side that cannot be read


def test_a_broken_side_is_kept_as_text_beside_the_valid_one() -> None:
    done = merged(BASE, OURS, BROKEN)
    assert read(done).rationale == OURS.rationale
    (text,) = read(done).conflicts["file"]
    assert text == "decision: [never closed\nsecond: \\xff line\n"
    assert "its text is kept" in done.said[0]


@pytest.mark.parametrize("turned", [False, True])
def test_another_record_in_the_place_of_one_is_no_side_of_it(turned: bool) -> None:
    """git may take a new record that resembles a deleted one for that one, renamed."""
    stranger = replace(THEIRS, id="D-00000002")
    done = merged(BASE, stranger, OURS) if turned else merged(BASE, OURS, stranger)
    assert read(done) == OURS
    assert done.stray == ("D-00000002", dumped(stranger))


def test_a_broken_base_is_no_base() -> None:
    done = merged(BROKEN, OURS, THEIRS)
    assert set(read(done).conflicts["rationale"]) == {OURS.rationale, THEIRS.rationale}


def test_two_broken_sides_are_merged_as_text_with_markers() -> None:
    done = merged(BROKEN, BROKEN + b"ours: 1\n", BROKEN + b"theirs: 1\n")
    assert done.record is None
    assert "merged as text" in done.said[0]
    assert sides(done.data) == (BROKEN, BROKEN + b"ours: 1\n", BROKEN + b"theirs: 1\n")


def test_sides_too_long_for_one_record_are_merged_as_text() -> None:
    long = "x" * 600_000
    done = merged(BASE, replace(BASE, rationale=f"a{long}"), replace(BASE, rationale=f"b{long}"))
    assert done.record is None
    assert "a record may have" in done.said[0]
    found = sides(done.data)
    assert found is not None
    assert found[1] == dumped(replace(BASE, rationale=f"a{long}"))


def test_a_side_with_committed_conflict_markers_is_mended_on_the_way(tmp_path: Path) -> None:
    sides = (replace(OURS, tags=["web", "a"]), replace(OURS, tags=["web", "b"]))
    torn = conflicted(tmp_path, "merge", *map(dumped, (BASE, *sides)))
    done = merged(BASE, torn, replace(BASE, impact="Less work"))
    assert (read(done).impact, read(done).rationale) == ("Less work", OURS.rationale)
    assert read(done).tags == ["web", "a", "b"]
    assert done.said[0].endswith("the two sides between conflict markers were merged")


# conflict markers


def conflicted(folder: Path, style: str, base: bytes, ours: bytes, theirs: bytes) -> bytes:
    """Return what git's own merge leaves of three texts."""
    for name, data in (("base", base), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_bytes(data)
    option = [] if style == "merge" else [f"--{style}"]
    return subprocess.run(
        ["git", "merge-file", "-p", "-q", *option, "ours", "base", "theirs"],
        cwd=folder,
        capture_output=True,
        check=False,
    ).stdout


TEXT = b"a\nb\nc\nd\ne\nf\ng\n"


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_the_sides_come_back_from_diff3_markers(tmp_path: Path, newline: bytes) -> None:
    ours = TEXT.replace(b"b", b"B").replace(b"f", b"")
    theirs = TEXT.replace(b"b", b"x\ny").replace(b"f", b"F")
    texts = [text.replace(b"\n", newline) for text in (TEXT, ours, theirs)]
    torn = conflicted(tmp_path, "diff3", *texts)
    assert torn.count(b"<<<<<<<") == 2
    assert sides(torn) == tuple(texts)


def test_markers_without_a_base_give_no_base(tmp_path: Path) -> None:
    ours, theirs = TEXT.replace(b"b", b"B"), TEXT.replace(b"b", b"x")
    torn = conflicted(tmp_path, "merge", TEXT, ours, theirs)
    assert sides(torn) == (None, ours, theirs)


def test_zealous_markers_give_sides_that_merge_to_the_same() -> None:
    head = b"<<<<<<< ours\n"
    torn = b"a\nnew\n" + head + b"B\n||||||| base\nb\n=======\nx\n>>>>>>> theirs\nc\n"
    assert sides(torn) == (b"a\nnew\nb\nc\n", b"a\nnew\nB\nc\n", b"a\nnew\nx\nc\n")


@pytest.mark.parametrize(
    "torn",
    [
        b"no conflict\n",
        b"Title\n=======\n",
        b"<<<<<<< a\none\n",
        b"<<<<<<< a\none\n=======\ntwo\n",
        b"<<<<<<< a\n<<<<<<< b\none\n=======\ntwo\n>>>>>>> b\n=======\nthree\n>>>>>>> a\n",
        b"<<<<<<< a\none\n=======\ntwo\n=======\nthree\n>>>>>>> b\n",
        b"<<<<<<< a\none\n=======\ntwo\n>>>>>>> b\n>>>>>>> c\n",
        b"<<<<<<< a\none\n=======\ntwo\n||||||| base\nthree\n>>>>>>> b\n",
        b"",
    ],
)
def test_markers_that_do_not_pair_up_are_refused(torn: bytes) -> None:
    assert sides(torn) is None


def test_markers_of_another_length_are_text() -> None:
    torn = b"<<<<<<<<< a\none\n<<<<<<< x\n=========\ntwo\n>>>>>>>>> b\n"
    assert sides(torn) == (None, b"one\n<<<<<<< x\n", b"two\n")


@given(st.binary(max_size=40) | st.lists(st.sampled_from(
    [b"<<<<<<< a\n", b"=======\n", b"||||||| b\n", b">>>>>>> c\n", b"text\n"])).map(b"".join)
)  # fmt: skip
def test_any_bytes_are_looked_at_without_harm(data: bytes) -> None:
    sides(data)
    assert salvage(data, PATH) is None


# a file that a text merge has damaged


def saved(data: bytes, path: str = PATH) -> Any:
    found = salvage(data, path)
    assert found is not None
    assert found.record is not None
    assert codec.loads(found.data, path) == found.record
    return found.record


def test_a_file_with_markers_is_merged_by_their_base(tmp_path: Path) -> None:
    ours = replace(BASE, tags=[], impact="more")
    theirs = replace(BASE, tags=["web", "jwt"], impact="less")
    torn = conflicted(tmp_path, "diff3", *map(dumped, (BASE, ours, theirs)))
    assert saved(torn).tags == ["jwt"]
    assert saved(torn).conflicts == {"impact": ["less", "more"]}


def test_without_the_base_nothing_is_taken_away(tmp_path: Path) -> None:
    ours, theirs = replace(BASE, tags=["a"]), replace(BASE, tags=["b"])
    torn = conflicted(tmp_path, "merge", *map(dumped, (BASE, ours, theirs)))
    assert saved(torn).tags == ["a", "b"]


def test_of_a_field_that_stands_twice_both_values_are_kept() -> None:
    data = dumped(replace(BASE, impact="one")) + b"impact: two\ntags:\n- jwt\n"
    assert saved(data).conflicts == {"impact": ["one", "two"]}
    assert saved(data).tags == ["jwt", "web"]


def test_of_a_field_that_stands_three_times_all_values_are_kept() -> None:
    data = dumped(replace(BASE, impact="one")) + b"impact: two\nimpact: |-\n  three\n  lines\n"
    assert saved(data).conflicts == {"impact": ["one", "three\nlines", "two"]}


def test_an_error_s_moments_that_stand_twice_are_counted_once_each() -> None:
    seen = [Occurrence(at=MOMENT + timedelta(hours=n)) for n in range(3)]
    base = error(seen=seen[:1])
    ours = codec.dumps(replace(base, seen=seen[:2], occurrences=2)).decode()
    theirs = codec.dumps(replace(base, seen=[seen[0], seen[2]], occurrences=2)).decode()
    block = theirs[theirs.index("seen:") : theirs.index("author:")]
    both = ours.replace("author:", f"occurrences: 2\n{block}author:")
    assert saved(both.encode(), path_for(base)).occurrences == 3


def test_markers_around_fields_that_stand_twice(tmp_path: Path) -> None:
    ours = dumped(replace(BASE, impact="one")) + b"impact: two\n"
    theirs = dumped(replace(BASE, impact="three"))
    torn = conflicted(tmp_path, "merge", dumped(BASE), ours, theirs)
    assert saved(torn).conflicts == {"impact": ["one", "three", "two"]}


@pytest.mark.parametrize("data", [BROKEN, b"", b"---\na: 1\n", dumped(BASE), b"- a\n- b\n"])
def test_what_holds_no_two_versions_is_left_alone(data: bytes) -> None:
    assert salvage(data, PATH) is None


@given(records, st.data())
def test_a_record_with_each_field_twice_is_that_record(record: Any, data: st.DataObject) -> None:
    text = codec.dumps(record)
    again = data.draw(st.integers(1, 2))
    body = text.split(b"\n", 1)[1]
    found = salvage(text + body * again, path_for(record))
    if found is not None:  # a field name of a newer version may be one that needs quotes
        assert _unordered(found.record) == _unordered(record)


def _unordered(record: Any) -> Any:
    """Return the record with the values in dispute in no order: a merge puts them in its own."""
    disputes = {name: sorted(values, key=repr) for name, values in record.conflicts.items()}
    return replace(record, conflicts=disputes)


@pytest.mark.parametrize(
    "data",
    [
        dumped(BASE) + b"impact: x\n" * 20_000,
        dumped(BASE)
        + b"".join(
            b"<" * n + b" a\nf: 1\n" + b"=" * n + b"\nf: 2\n" + b">" * n + b" b\n"
            for n in range(7, 200)
        ),
    ],
)
def test_a_file_made_to_hold_countless_versions_costs_nothing(data: bytes) -> None:
    begun = time.process_time()
    assert salvage(data, PATH) is None
    assert time.process_time() - begun < 5
