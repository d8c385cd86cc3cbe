from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kagura_git.search.snippet import LIMIT, _at_most, snippet
from kagura_git.search.tokens import tokens


def test_the_line_that_shares_most_with_the_query_is_shown() -> None:
    body = "ValueError: bad\nThe pool was exhausted under load\nsomething else"
    assert snippet(body, tokens("pool exhausted")) == "The pool was exhausted under load"


def test_without_a_shared_word_the_first_line_is_shown() -> None:
    assert snippet("\n  first line\nsecond", tokens("zebra")) == "first line"


def test_a_long_line_is_cut_around_the_match() -> None:
    body = " ".join(["filler"] * 100 + ["deadlock", "here"] + ["filler"] * 100)
    found = snippet(body, tokens("deadlock"))
    assert "deadlock" in found
    assert found.startswith("…")
    assert found.endswith("…")


@given(st.text(), st.text())
def test_a_snippet_is_one_short_line(body: str, query: str) -> None:
    found = snippet(body, tokens(query))
    assert len(found) <= LIMIT
    assert "\n" not in found


WORD = st.from_regex(
    r"[a-z]{1,6}(ies|es|s|ing|ed|y)?([/\\\\._-][a-z]{2,4}[A-Z][a-z]+s?)?", fullmatch=True
)


@given(st.lists(WORD), st.lists(WORD))
def test_no_line_is_passed_over_that_shares_more(line: list[str], query: list[str]) -> None:
    terms = set(tokens(" ".join(query + line[:2])))
    roots = [term.removesuffix("y") for term in terms]
    text = " ".join(line)
    assert _at_most(text, roots) >= len(terms.intersection(tokens(text)))
