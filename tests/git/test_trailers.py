"""Only well-formed ids in trailers count, wherever a squash has put them."""

from __future__ import annotations

from kagura_git.git.trailers import format_trailers, parse

SESSION, DECISION, OTHER = "S-00000001", "D-7k3f9q2m", "D-zzzzzzzz"


def test_ids_are_found_each_once_in_their_order() -> None:
    message = f"""A subject

Kagura-Session: {SESSION}
Kagura-Decision: {OTHER}
Kagura-Decision: {DECISION}
Kagura-Decision: {OTHER}
"""
    assert parse(message) == ((SESSION,), (OTHER, DECISION))


def test_indented_trailers_of_a_squash_and_windows_line_ends_count() -> None:
    message = (
        f"Squashed\n\n    one\n\n    Kagura-Session: {SESSION}\n\tKagura-Decision:{DECISION}\r\n"
    )
    assert parse(message) == ((SESSION,), (DECISION,))


def test_what_is_not_an_id_is_nothing() -> None:
    for value in ("S-short", "D-7k3f9q2m", "S-00000001x", "S-0000000l", "S-00000001 and", "../S"):
        assert parse(f"x\n\nKagura-Session: {value}\n").sessions == ()
    assert parse(f"x\n\nKagura-Decision: {SESSION}\nsee Kagura-Decision: {DECISION}\n") == ((), ())


def test_what_is_formatted_parses_back() -> None:
    lines = format_trailers(SESSION, [DECISION, OTHER, DECISION])
    assert lines == [
        f"Kagura-Session: {SESSION}", f"Kagura-Decision: {DECISION}", f"Kagura-Decision: {OTHER}",
    ]  # fmt: skip
    assert parse("x\n\n" + "\n".join(lines)) == ((SESSION,), (DECISION, OTHER))
    assert format_trailers(None, []) == []
