from __future__ import annotations

import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from search_records import Shelf, an_error

from kagura_git.search.adjacent import beside, pairs
from kagura_git.search.index import SearchIndex

Make = Callable[..., SearchIndex]


def test_pairs_are_neighbours_with_stop_words_left_out() -> None:
    assert pairs("The lock of the Index") == {("lock", "index")}
    assert pairs("read_only: true") == {("read", "only"), ("only", "true")}
    assert pairs("alone") == pairs("") == set()


WORDS = st.sampled_from(["lock", "locks", "a", "an", "the", "file", "anfile", "i", "é", "x1"])
BETWEEN = st.sampled_from([" ", "_", ", ", "", "\n", "-"])


ASKED = st.sampled_from(["lock", "file", "x1", "é"])  # never a stop word


@given(st.lists(st.tuples(WORDS, BETWEEN)), ASKED, ASKED)
def test_looking_for_a_pair_is_the_same_as_taking_the_text_apart(
    parts: list[tuple[str, str]], first: str, second: str
) -> None:
    text = "".join(word + between for word, between in parts)
    assert beside(text, first, second) == ((first, second) in pairs(text))


def test_of_two_records_with_the_same_words_the_one_with_the_phrase_comes_first(
    make_index: Make,
) -> None:
    index = make_index(model="./no/such/folder")
    shelf = Shelf(["lock waits, file table, log", "table waits, log file lock", "another thing"])
    shelf.refresh(index)
    assert [hit.entry.key for hit in index.search("log file lock").hits[:2]] == ["k001", "k000"]
    assert [hit.entry.key for hit in index.search("file table").hits[:2]] == ["k000", "k001"]


def test_among_the_same_errors_the_closest_comes_first(make_index: Make) -> None:
    index = make_index()
    shelf = Shelf(["nothing of the kind"])
    shelf.put("a", an_error(1, "disk quota of ada exceeded", fingerprint="2-" + "f" * 32))
    shelf.put("b", an_error(2, "socket closed by peer", fingerprint="2-" + "f" * 32))
    shelf.refresh(index)
    hits = index.search("socket closed by peer", fingerprint="2-" + "f" * 32).hits
    assert [(hit.entry.key, hit.score) for hit in hits[:2]] == [("b", 1.0), ("a", 1.0)]


def test_scores_stay_in_their_range_when_phrases_are_shared(make_index: Make) -> None:
    index = make_index()
    text = "connection refused by the database on port 5432"
    Shelf([text, text, "something else"]).refresh(index)
    assert all(0 <= hit.score <= 1 for hit in index.search(text).hits)


def test_a_megabyte_is_read_in_part() -> None:
    started = time.process_time()
    assert len(pairs("word other third " * 100_000)) <= 4
    assert time.process_time() - started < 3
