"""Merging unknown fields whose values look alike but are of different types."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.model.editing import edited_on
from kagura_git.model.merge import merge
from kagura_git.model.records import Decision
from kagura_git.store import codec
from kagura_git.store.merging import merge_bytes
from tests.record_strategies import any_text, decision, path_for

ALIKE: list[Any] = [
    "1", 1, 1.0, "1.0", True, "true", "True", "", None, "null", "~", 0, "0", 0.0, -0.0, "-0.0",
    False, "false", 1000.0, "1e3", "1000.0", 10**400, "1" + "0" * 400, "NaN", ".inf", "Infinity",
    [], "[]", {}, "{}", [1], [1.0], [True], ["1"], [None], {"a": 1}, {"a": "1"}, {"a": True},
    {"a": 1, "b": 2}, {"b": 2, "a": 1}, '{"a": 1}', "2026-01-31", "2026-01-31T00:00:00Z", "12:30",
    "1\n", "1\n2", "2\n1", "\u00e9", "e\u0301",
]  # fmt: skip
SCALARS = st.one_of(
    st.sampled_from(ALIKE),
    st.integers(-3, 3),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(ALIKE).map(str),
    any_text,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)
SIDES = st.builds(
    lambda extra, conflicts: decision(extra=extra, conflicts=conflicts),
    st.dictionaries(st.sampled_from(["new", "more", "extra"]), VALUES, max_size=3),
    st.dictionaries(
        st.sampled_from(["new", "gone", "rationale"]), st.lists(VALUES, max_size=3), max_size=1
    ),
)


@given(st.none() | SIDES, SIDES, SIDES)
def test_the_order_of_the_sides_never_changes_the_bytes(
    base: Decision | None, ours: Decision, theirs: Decision
) -> None:
    merged = merge(base, ours, theirs)
    data = codec.dumps(merged)
    assert codec.dumps(merge(base, theirs, ours)) == data
    for side in (ours, theirs):
        assert codec.dumps(merge(base, side, side)) == codec.dumps(side)
        assert codec.dumps(merge(side, merged, side)) == data
    assert codec.dumps(merge(base, merged, merged)) == data
    start = None if base is None else codec.dumps(base)
    mine, yours = codec.dumps(ours), codec.dumps(theirs)
    path = path_for(ours)
    assert merge_bytes(start, mine, yours, path).data == merge_bytes(start, yours, mine, path).data


def test_values_that_are_written_alike_stay_apart_and_both_are_kept() -> None:
    for one, other in combinations(ALIKE, 2):
        ours, theirs = (decision(extra={"extra": value}) for value in (one, other))
        merged = merge(None, ours, theirs)
        assert codec.dumps(merged) == codec.dumps(merge(None, theirs, ours))
        if not (isinstance(one, dict) and isinstance(other, dict)):
            assert len(merged.conflicts["extra"]) == 2, (one, other)


@pytest.mark.parametrize(
    ("was", "said"), [(1, "1"), (1, 1.0), (1, True), (0.0, -0.0), ([1], [True])]
)
def test_a_change_of_type_alone_is_a_change(was: Any, said: Any) -> None:
    base, version = (decision(extra={"new": value}) for value in (was, said))
    assert not edited_on(base, version, base)
    assert edited_on(base, version, version)
