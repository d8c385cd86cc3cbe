from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.search.tokens import tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HttpClient", {"httpclient", "http", "client"}),
        ("HTTPServer", {"httpserver", "http", "server"}),
        ("max_pool_size", {"max_pool_size", "max", "pool", "size"}),
        (
            "nova/virt/driver.py",
            {"nova/virt/driver.py", "driver.py", "nova", "virt", "driver", "py"},
        ),
        ("a\\b\\Cart.cs", {"a/b/cart.cs", "cart.cs", "cart", "b"}),
        ("std::vec::Vec", {"std::vec::vec", "std", "vec"}),
        ("error[E0502]: TS2345", {"error", "e0502", "ts2345"}),
        ("EADDRINUSE_2", {"eaddrinuse_2", "eaddrinus"}),
        ("user@example.com", {"user@example.com", "exampl", "com"}),
    ],
)
def test_code_gives_the_whole_and_its_parts(text: str, expected: set[str]) -> None:
    assert expected <= set(tokens(text))


def test_stop_words_are_left_out_and_plurals_meet_their_singular() -> None:
    assert tokens("the errors of a query") == ["error", "query"]
    assert tokens("queries") == tokens("query")
    assert tokens("class status") == ["class", "status"]


@pytest.mark.parametrize(
    "forms", [("cache", "caches", "cached", "caching"), ("stop", "stopped", "stopping"), ("retry",)]
)
def test_the_forms_of_a_verb_meet(forms: tuple[str, ...]) -> None:
    assert len({tuple(tokens(form)) for form in forms}) == 1


def test_words_that_only_end_like_a_verb_stay_whole() -> None:
    assert tokens("string bring need speed red") == ["string", "bring", "need", "speed", "red"]


def test_text_without_spaces_gives_character_pairs() -> None:
    assert tokens("接続が拒否") == ["接続", "続が", "が拒", "拒否"]
    assert "拒否" in tokens("エラー:拒否された(retry)")
    assert tokens("木") == ["木"]


def test_code_beside_text_without_spaces_is_still_found() -> None:
    assert {"useeffect", "use", "effect"} <= set(tokens("useEffectが無限ループ"))


def test_full_width_letters_are_the_same_letters() -> None:
    assert tokens("Ｅｒｒｏｒ") == ["error"]


@given(st.text())
def test_any_text_gives_lower_case_terms_and_no_exception(text: str) -> None:
    for term in tokens(text):
        assert term
        assert term == term.lower()
