from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kagura_git.search import arrays, bm25, lexical
from kagura_git.search.bm25 import K1, K3, B, Bm25

WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=12)
TEXTS = st.lists(WORDS, min_size=1, max_size=8)


def brute(documents: list[list[str]], query: list[str]) -> list[float]:
    size = len(documents)
    average = max(sum(map(len, documents)) / size, 1.0)
    out = []
    for words in documents:
        counts, score = Counter(words), 0.0
        for term, times in Counter(query).items():
            frequency = sum(term in other for other in documents)
            idf = math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))
            count = counts[term]
            longer = K1 * (1 - B + B * len(words) / average)
            idf *= times * (K3 + 1) / (times + K3)
            score += idf * count * (K1 + 1) / (count + longer) if count else 0.0
        out.append(score)
    return out


def build(documents: list[list[str]]) -> lexical.Lexicon:
    return lexical.merged([], dict(enumerate(documents)))


def asked(built: lexical.Lexicon, query: list[str]) -> tuple[np.ndarray, float]:
    found = Bm25([built], None).scores(query)
    return found.held, found.most


@given(TEXTS, WORDS)
def test_scores_are_those_of_the_formula(documents: list[list[str]], query: list[str]) -> None:
    scores, most = asked(build(documents), query)
    assert scores == pytest.approx(brute(documents, query), abs=1e-5)
    assert (scores <= most + 1e-6).all()


@settings(max_examples=60)
@given(st.data())
def test_an_update_by_part_equals_a_build_from_nothing(data: st.DataObject) -> None:
    before = data.draw(TEXTS)
    kept = data.draw(st.lists(st.sampled_from(range(len(before))), unique=True))
    fresh = data.draw(st.lists(WORDS, max_size=5))
    order = data.draw(st.permutations([*kept, *[-1 - i for i in range(len(fresh))]]))
    numbers = [order.index(i) if i in kept else -1 for i in range(len(before))]
    new = {order.index(-1 - i): words for i, words in enumerate(fresh)}
    after = lexical.merged([(build(before), numbers)], new)
    whole = build([before[i] if i >= 0 else fresh[-1 - i] for i in order])
    query = list("abcdefgh")
    assert asked(after, query)[0] == pytest.approx(asked(whole, query)[0], abs=1e-6)
    for name, array in whole.arrays().items():
        assert np.array_equal(after.arrays()[name], array), name


@settings(max_examples=100)
@given(st.lists(TEXTS, min_size=1, max_size=4), WORDS, st.data())
def test_segments_score_as_if_they_were_one(
    parts: list[list[list[str]]], query: list[str], data: st.DataObject
) -> None:
    together = [words for part in parts for words in part]
    gone = data.draw(st.sets(st.sampled_from(range(len(together)))))
    mask = np.array([number in gone for number in range(len(together))])
    words = Bm25([build(part) for part in parts], mask if gone else None)
    left = [number for number in range(len(together)) if number not in gone]
    found = words.scores(query)
    expected, most = asked(build([together[number] for number in left]), query)
    assert found.held[left] == pytest.approx(expected, abs=1e-5)
    assert found.held[sorted(gone)] == pytest.approx(0)
    assert found.most == pytest.approx(most)
    assert words.rarity(["a"]) == pytest.approx(
        Bm25([build([together[number] for number in left])], None).rarity(["a"])
    )


@given(st.lists(TEXTS, min_size=1, max_size=3), WORDS, st.integers(0, 20))
def test_words_beyond_the_budget_are_added_for_those_that_count(
    parts: list[list[list[str]]], query: list[str], budget: int
) -> None:
    words = Bm25([build(part) for part in parts], None)
    numbers = np.arange(sum(map(len, parts)))
    whole = words.scores(query).of(numbers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bm25, "BUDGET", budget)
        partial = words.scores(query)
    assert (partial.held <= whole + 1e-6).all()
    assert partial.of(numbers) == pytest.approx(whole, abs=1e-5)


def test_a_term_that_the_query_repeats_counts_more_but_never_three_times() -> None:
    built = build([["a", "b"], ["c"]])
    once = asked(built, ["a"])[0][0]
    twice, often = asked(built, ["a"] * 2)[0][0], asked(built, ["a"] * 500)[0][0]
    assert once < twice < often < 3 * once


def test_a_rarer_term_tells_more_and_an_unknown_one_most() -> None:
    rarity = Bm25([build([["a", "b"], ["a"]])], None).rarity(["a", "b", "z"])
    assert rarity["a"] < rarity["b"] < rarity["z"]
    assert Bm25([build([])], None).rarity(["a"]).keys() == {"a"}


def test_a_lexicon_comes_back_from_its_file(tmp_path: Path) -> None:
    built = build([["a", "b"], ["b", "c"], []])
    (tmp_path / "words").write_bytes(b"".join(arrays.pack(built.arrays())))
    back = lexical.from_arrays(arrays.unpack(tmp_path / "words"))
    assert np.array_equal(asked(back, ["b", "c"])[0], asked(built, ["b", "c"])[0])


def test_arrays_of_another_lexicon_are_refused() -> None:
    mixed = {**build([["a"]]).arrays(), "documents": build([["a", "b"], ["c"]]).documents}
    with pytest.raises(ValueError, match="fit"):
        lexical.from_arrays(mixed)
    with pytest.raises(ValueError, match="terms"):
        lexical.from_arrays({})
