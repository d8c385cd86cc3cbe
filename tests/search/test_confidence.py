"""A score is the probability that a record is what was meant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_records import Shelf, a_decision, an_error

from kagura_git.search.confidence import confidence
from kagura_git.search.fuse import Candidates, fused
from kagura_git.search.index import SearchIndex

UNITS = st.floats(0, 1, allow_nan=False, width=32)


def found(cosines: list[float] | None, cover: list[float], terms: int = 5) -> Candidates:
    return Candidates(
        np.arange(len(cover)),
        np.array(cover),
        None if cosines is None else np.array(cosines),
        terms,
        10.0,
    )


def sure(cosines: list[float] | None, cover: list[float]) -> list[float]:
    some = found(cosines, cover)
    scores = fused(some)
    return confidence(some, scores, np.argsort(-scores, kind="stable")).tolist()


@given(st.lists(st.tuples(UNITS, UNITS), min_size=1, max_size=30), st.booleans())
def test_it_lies_between_0_and_1_and_never_rises(pairs: list, lexical: bool) -> None:
    values = sure(None if lexical else [a for a, _ in pairs], [b for _, b in pairs])
    assert all(0 <= value <= 1 for value in values)
    assert values == sorted(values, reverse=True)


def test_one_that_stands_out_is_likely_and_the_nearest_of_a_crowd_is_not() -> None:
    assert sure([0.8, *[0.3] * 30], [0.7, *[0.1] * 30])[0] > 0.95
    crowd = np.linspace(0, 1, 31)[::-1]
    assert sure((0.2 + 0.2 * crowd).tolist(), (0.05 + 0.1 * crowd).tolist())[0] < 0.2


def test_what_follows_a_clear_answer_is_unlikely() -> None:
    first, second, *_ = sure([0.8, *[0.3] * 30], [0.7, *[0.1] * 30])
    assert second < first / 5


@pytest.mark.parametrize("others", [0, 1, 2, 5, 40])
def test_it_holds_in_memories_of_any_size(others: int) -> None:
    assert sure([0.75, *[0.2] * others], [0.6, *[0.05] * others])[0] > 0.9
    assert sure([0.12, *[0.11] * others], [0.02, *[0.01] * others])[0] < 0.3


def test_by_words_alone_too() -> None:
    assert sure(None, [0.8, *[0.1] * 20])[0] > 0.9
    assert sure(None, [0.1, *[0.1] * 20])[0] < 0.1


def test_a_phrase_outweighs_no_likeness_where_all_hold_the_same_words(index: SearchIndex) -> None:
    from dataclasses import replace

    some = replace(found([0.9, 0.2], [0.5, 0.5]), pairs=np.array([0.0, 0.05]))
    scores = fused(some)
    assert scores[0] > scores[1]


def test_the_score_of_a_hit_tells_an_answer_from_none(index: SearchIndex) -> None:
    shelf = Shelf(f"connection {n} refused by host{n} while syncing" for n in range(30))
    shelf.put("zebra", an_error(77, "zebra migration left the paddock table locked"))
    shelf.put("d", a_decision(3, "Keep sessions in Redis with a cookie"))
    shelf.refresh(index)
    clear = index.search("zebra migration paddock").hits[0]
    assert (clear.entry.key, clear.score > 0.9) == ("zebra", True)
    vague = index.search("while").hits
    assert all(hit.score < 0.5 for hit in vague)
