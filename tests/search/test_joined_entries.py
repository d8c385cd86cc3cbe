"""Documents of several segments, numbered through as one list would number them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.search.generation import Entries


@given(st.lists(st.lists(st.integers(), max_size=4), max_size=5), st.data())
def test_entries_answer_as_one_list_would(parts, data):
    one = [entry for part in parts for entry in part]
    entries = Entries(parts)
    assert len(entries) == len(one)
    assert list(entries) == one
    assert [entries[number] for number in range(-len(one), len(one))] == [*one, *one]
    cut = slice(*data.draw(st.tuples(*[st.none() | st.integers(-9, 9)] * 2)))
    assert entries[cut] == one[cut]


@pytest.mark.parametrize("number", [3, -4])
def test_a_number_beyond_the_last_is_refused(number):
    with pytest.raises(IndexError):
        Entries([[1, 2], [], [3]])[number]
