"""What callers hand in: one form of it or one clear error that names the parameter."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.errors import InvalidRecord, NotFound, UsageError
from kagura_git.model import inputs
from kagura_git.store import codec
from tests.record_strategies import decision, error, path_for

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def refused(function: Callable[..., Any], *args: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        function(*args)
    return caught.value


@pytest.mark.parametrize(
    ("given_", "stored"),
    [
        (None, ""),
        ("", ""),
        ("plain", "plain"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x1b[31mred\x1b[0m and \x1b[1;4;38;5;12mmore\x1b[m", "red and more"),
        ("\x1b]8;;https://x.test\x07link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title never ends", " title never ends".lstrip()[:0] + "0;title never ends"),
        ("a\x00b\x07c\x7fd\x9be", "a b c d e"),
        ("a\x85b\u2028c\u2029d\ufeffe", "a b c d e"),
        ("trailing  \t\nblanks \n\n", "trailing\nblanks"),
        ("\n\n  indented stays\n", "  indented stays"),
        ("tab\tstays", "tab\tstays"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("a byte \udcff", "a byte \ufffd"),
        ("halves \ud83d\ude00 joined", "halves \U0001f600 joined"),
        ("日本語 😀 é", "日本語 😀 é"),
    ],
)
def test_a_text_is_cleaned(given_: str | None, stored: str) -> None:
    assert inputs.text(given_) == stored


@given(
    st.text() | st.text(st.sampled_from("\x1b[]0m;\x07\\ \t\n\r\x00\x85\u2028\ud800x"), max_size=30)
)
def test_cleaning_twice_is_cleaning_once_and_the_result_can_be_stored(value: str) -> None:
    clean = inputs.text(value)
    assert inputs.text(clean) == clean
    record = decision(rationale=clean or "x")
    assert codec.loads(codec.dumps(record), path_for(record)) == record


@pytest.mark.parametrize("size", [inputs.MAX_TEXT + 1, 2 * inputs.MAX_TEXT + 1, 3_000_000])
def test_a_huge_text_keeps_its_head_and_its_tail(size: int) -> None:
    lines = "".join(f"line {n} \n" for n in range(size // 8))
    clean = inputs.text(f"HEAD\n{lines}TAIL")
    assert clean.startswith("HEAD\nline 0\nline 1\n")
    assert clean.endswith("\nTAIL")
    assert "characters left out" in clean
    assert len(clean) <= inputs.MAX_TEXT
    assert inputs.text(clean) == clean


def test_a_text_at_the_limit_is_kept_whole() -> None:
    whole = "x" * inputs.MAX_TEXT
    assert inputs.text(whole) == whole


@pytest.mark.parametrize("unit", [" ", "\t", "a ", "\x1b[", "\x1b]", "\x1b]0", "\n", " \n", "\x00"])
def test_cleaning_takes_linear_time(unit: str) -> None:
    start = time.process_time()
    inputs.text("a" + unit * (130_000 // len(unit)) + "b")
    assert time.process_time() - start < 10


@pytest.mark.parametrize("value", [None, "", "  \n\t ", "\x00", "\x1b[0m"])
def test_a_required_text_must_say_something(value: str | None) -> None:
    problem = refused(inputs.required, value, "rationale")
    assert problem.where == "rationale"
    assert "rationale" in problem.message


def test_an_optional_text_is_none_where_nothing_is_said() -> None:
    assert inputs.optional(None) is None
    assert inputs.optional(" \n") is None
    assert inputs.optional("x") == "x"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("", []),
        ("  ", []),
        ("auth", ["auth"]),
        ("auth, jwt", ["auth, jwt"]),
        ('["auth", "jwt"]', ["auth", "jwt"]),
        (' ["auth"]', ["auth"]),
        ("[]", []),
        ("[src/a.py]", ["[src/a.py]"]),
        ("[draft] a title", ["[draft] a title"]),
        (["b", "a", "b", " a ", ""], ["b", "a"]),
        (("x",), ["x"]),
        (["\x1b[1mbold\x1b[0m"], ["bold"]),
    ],
)
def test_a_list_is_taken_as_a_list_as_json_or_as_one_text(value: Any, expected: list[str]) -> None:
    assert inputs.texts(value, "tags") == expected


@pytest.mark.parametrize("value", ["[1, 2]", '[["a"]]', "[null]", [1], [None], ["a", {}]])
def test_a_list_of_anything_but_texts_is_refused(value: Any) -> None:
    assert refused(inputs.texts, value, "related_files").where == "related_files"


@pytest.mark.parametrize("value", ["[" * 100_000, "[" + "1" * 5000 + "]", "[\x00", "[NaN"])
def test_what_only_looks_like_json_is_a_text(value: str) -> None:
    with contextlib.suppress(UsageError):
        assert len(inputs.texts(value, "tags")) == 1


@given(st.lists(st.text()))
def test_a_json_list_and_a_list_are_the_same(items: list[str]) -> None:
    assert inputs.texts(json.dumps(items), "tags") == inputs.texts(items, "tags")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None), ("", None), ("42,57", [42, 57]), ("42-57", [42, 57]), ("42:57", [42, 57]),
        ("[42, 57]", [42, 57]), ("(42,57)", [42, 57]), ("7", [7, 7]), ([42, 57], [42, 57]),
        ((1, 1), [1, 1]), ([7], [7, 7]), (["4", "5"], [4, 5]), ([4.0, 5.0], [4, 5]),
    ],
)  # fmt: skip
def test_a_line_range_is_two_numbers(value: Any, expected: list[int] | None) -> None:
    assert inputs.line_range(value) == expected


@pytest.mark.parametrize(
    "value",
    ["57,42", "0,5", "-3", "a,b", "1,2,3", [], [1, 2, 3], [1.5, 2], ["x"], [None, 1], ",", "1,",
     [float("inf"), 1], [float("nan")], "9" * 5000, [1, 10**30], 5],
)  # fmt: skip
def test_a_line_range_that_is_none_is_refused(value: Any) -> None:
    assert refused(inputs.line_range, value).where == "line_range"


@pytest.mark.parametrize(
    ("value", "expected"), [(None, None), ("", None), (0, 0), ("12", 12), (" 7 ", 7), (3.0, 3)]
)
def test_a_number_is_taken_as_number_or_text(value: Any, expected: int | None) -> None:
    assert inputs.number(value, "line_number") == expected


@pytest.mark.parametrize(
    "value",
    [-1, "-1", "x", 1.5, "1.5", float("inf"), float("nan"), "9" * 5000, 10**30, str(2**63), [], {}],
)
def test_a_number_that_is_none_is_refused_by_name(value: Any) -> None:
    assert refused(inputs.number, value, "line_number").where == "line_number"


@given(st.integers(0, 2**53 - 1))
def test_every_number_that_is_taken_comes_back_from_a_file(value: int) -> None:
    record = error(line_number=inputs.number(str(value), "line_number"))
    assert codec.loads(codec.dumps(record), path_for(record)) == record


@pytest.mark.parametrize("value", [0, 1, 0.5, "0.25", "1e-3", True])
def test_a_fraction_is_taken_as_number_or_text(value: Any) -> None:
    assert inputs.fraction(value, "confidence") == float(value)


@pytest.mark.parametrize("value", [-0.1, 1.1, "x", "", "nan", float("nan"), float("inf"), None, []])
def test_a_fraction_outside_0_to_1_is_refused_by_name(value: Any) -> None:
    assert refused(inputs.fraction, value, "confidence").where == "confidence"


def test_an_action_is_known_by_several_words() -> None:
    assert [inputs.action(word) for word in ("create", " ADD ", "new", "modify", "move")] == [
        "create", "create", "create", "edit", "rename",
    ]  # fmt: skip
    assert refused(inputs.action, "explode").where == "action"
    assert "refactor" in refused(inputs.action, "").hint


@pytest.mark.parametrize(
    ("value", "days"),
    [
        ("30d", 30),
        ("1 day", 1),
        ("2 weeks", 14),
        ("3w ago", 21),
        ("1 month", 30),
        ("2y", 730),
        ("0d", 0),
    ],
)
def test_an_age_counts_back_from_now(value: str, days: int) -> None:
    assert inputs.since(value, NOW) == NOW - timedelta(days=days)


def test_a_date_or_moment_is_aware() -> None:
    assert inputs.since("2026-01-31", NOW) == datetime(2026, 1, 31, tzinfo=UTC)
    assert inputs.since(" 2026-01-31T10:00:00+09:00 ", NOW) == datetime(2026, 1, 31, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", ["99999y", "2100 years", "99999 weeks ago"])
def test_an_age_from_before_the_calendar_means_everything(value: str) -> None:
    assert inputs.since(value, NOW) <= NOW - timedelta(days=99999 * 7)


@pytest.mark.parametrize("value", ["", "yesterday", "30", "d", "-3d", "2026-13-01", "3 fortnights"])
def test_what_is_no_date_is_refused(value: str) -> None:
    assert refused(inputs.since, value, NOW).where == "since"


@given(st.text())
def test_any_text_as_a_date_is_a_moment_or_a_usage_error(value: str) -> None:
    with contextlib.suppress(UsageError):
        assert inputs.since(value, NOW).tzinfo is not None


@pytest.mark.parametrize(
    "value", ["", "D-7k3f9q2", "D-7k3f9q2m\n", "E-7k3f9q2m", "d-7k3f9q2m", "D-7k3f9q2u", "../x"]
)
def test_an_id_of_another_kind_or_form_is_not_found(value: str) -> None:
    with pytest.raises(NotFound) as caught:
        inputs.record_id(value, "decision")
    assert "D-7k3f9q2m" in caught.value.hint


def test_an_id_of_the_kind_is_returned() -> None:
    assert inputs.record_id("E-7k3f9q2m", "error") == "E-7k3f9q2m"


def test_a_checked_record_is_redacted_and_valid() -> None:
    token = "gh" + "p_" + "aB3dE5fG7h" * 4
    clean, kinds = inputs.checked(decision(rationale=f"with {token}"))
    assert (clean.rationale, kinds) == ("with [redacted:github-token]", ["github-token"])


@pytest.mark.parametrize(
    "fields",
    [
        {"confidence": 7.0},
        {"confidence": float("nan")},
        {"decision": ""},
        {"status": "maybe"},
        {"session": "S-x"},
        {"tags": [1]},
        {"created_at": datetime(2026, 1, 1)},
        {"supersedes": ["D-7k3f9q2m\n"]},
    ],
)
def test_a_record_that_breaks_a_rule_is_refused_by_field(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRecord, match=next(iter(fields))):
        inputs.checked(decision(**fields))
