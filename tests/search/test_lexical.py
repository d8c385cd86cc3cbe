from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kagura_git.search import arrays, lexical
from kagura_git.search.lexical import K1, K3, B

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
    return lexical.updated(lexical.empty(), [], dict(enumerate(documents)))


@given(TEXTS, WORDS)
def test_scores_are_those_of_the_formula(documents: list[list[str]], query: list[str]) -> None:
    scores, most = build(documents).scores(query)
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
    after = lexical.updated(build(before), numbers, new)
    whole = build([before[i] if i >= 0 else fresh[-1 - i] for i in order])
    query = list("abcdefgh")
    assert after.scores(query)[0] == pytest.approx(whole.scores(query)[0], abs=1e-6)
    assert sorted(after.terms.tolist()) == sorted(whole.terms.tolist())


def test_a_term_that_the_query_repeats_counts_more_but_never_three_times() -> None:
    built = build([["a", "b"], ["c"]])
    once = built.scores(["a"])[0][0]
    twice, often = built.scores(["a"] * 2)[0][0], built.scores(["a"] * 500)[0][0]
    assert once < twice < often < 3 * once


def test_a_rarer_term_tells_more_and_an_unknown_one_most() -> None:
    rarity = build([["a", "b"], ["a"]]).rarity(["a", "b", "z"])
    assert rarity["a"] < rarity["b"] < rarity["z"]
    assert build([]).rarity(["a"]).keys() == {"a"}


def test_a_lexicon_comes_back_from_its_file(tmp_path: Path) -> None:
    built = build([["a", "b"], ["b", "c"], []])
    (tmp_path / "words").write_bytes(b"".join(arrays.pack(built.arrays())))
    back = lexical.from_arrays(arrays.unpack(tmp_path / "words"))
    assert np.array_equal(back.scores(["b", "c"])[0], built.scores(["b", "c"])[0])


def test_arrays_of_another_lexicon_are_refused() -> None:
    mixed = {**build([["a"]]).arrays(), "documents": build([["a", "b"], ["c"]]).documents}
    with pytest.raises(ValueError, match="fit"):
        lexical.from_arrays(mixed)
    with pytest.raises(ValueError, match="terms"):
        lexical.from_arrays({})
