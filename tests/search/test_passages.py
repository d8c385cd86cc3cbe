from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kagura_git.model.frames import frames
from kagura_git.search.passages import WORDS, essence, passages, places

TRACE = """Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/web/run.py", line 10, in serve
    handle()
  File "src/shop/cart.py", line 4, in add
    total += price
TypeError: unsupported operand"""


def test_a_short_text_is_one_passage_as_it_is() -> None:
    assert passages("one two three", "title") == ("one two three",)


def test_an_empty_text_has_no_passage() -> None:
    assert passages("  \n ") == ()


def test_passages_overlap_and_together_hold_every_word() -> None:
    words = [f"word{i}" for i in range(500)]
    found = passages(" ".join(words), "The title")
    assert len(found) > 2
    assert all(text.startswith("The title\n") for text in found[1:])
    assert {w for text in found for w in text.split()} >= set(words)
    assert set(found[0].split()) & set(found[1].split())


def test_a_text_of_code_is_cut_earlier_than_one_of_words() -> None:
    code = " ".join(f"self.pool_{i}.acquire_connection(timeout={i})" for i in range(100))
    assert len(passages(code)) > len(passages("plain words here " * 33))


def test_a_very_long_text_gives_a_bounded_number_of_passages() -> None:
    assert len(passages("word " * 100_000)) <= 12


@given(st.text(max_size=3_000), st.text(max_size=50))
def test_any_text_is_cut(text: str, title: str) -> None:
    for passage in passages(text, title):
        assert len(passage.split()) <= WORDS + 30


def test_the_essence_of_a_trace_is_its_message_and_own_frames() -> None:
    found = essence(TRACE)
    assert found.startswith("TypeError: unsupported operand")
    assert "src/shop/cart.py add" in found
    assert "site-packages" not in found


def test_a_text_without_a_trace_is_its_own_essence() -> None:
    assert essence("why do we retry?") == "why do we retry?"


def test_a_trace_of_libraries_only_still_has_places() -> None:
    assert "run.py serve" in places(frames("\n".join(TRACE.splitlines()[:3])))
