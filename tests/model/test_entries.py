"""Entries of a commit's note: lines that git merges as a set, and that nobody can break."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.model.entries import format_entries, is_inside, parse_entries

# Half of a surrogate pair is what a file name that is not UTF-8 becomes in Python.
texts = st.text(st.characters()) | st.sampled_from(
    [
        "",
        "\n",
        "a\nb",
        "\r\n",
        "\x85",
        "\u2028x",
        "\u2029",
        "\x1c",
        "\x0b",
        "\udcff.py",
        "- {",
        '"',
        "\\",
    ]
)
values = st.recursive(
    st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
known = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["id", "reason", "at", "relation"], texts),
        "path": texts.filter(is_inside),
        "lines": st.lists(st.integers(), min_size=2, max_size=2),
    },
)
entries = st.builds(
    lambda rest, fields: {**rest, **fields, "kind": "change"},
    st.dictionaries(texts.filter(lambda name: not name.islower()), values, max_size=4),
    known,
)


@given(st.lists(entries, max_size=4))
def test_what_is_written_is_read(given_: list[dict[str, Any]]) -> None:
    text = format_entries(given_)
    found = parse_entries(text)
    assert [entry for entry in given_ if entry not in found] == []
    assert len(found) <= len(given_)
    assert format_entries(found) == text


@given(st.lists(entries, max_size=4))
def test_every_entry_is_one_ascii_line(given_: list[dict[str, Any]]) -> None:
    text = format_entries(given_)
    assert text.isascii()
    assert text == "".join(f"{line}\n" for line in text.splitlines())
    assert all(line.startswith("- {") for line in text.splitlines())


@given(st.lists(entries, max_size=3), st.lists(entries, max_size=3), st.lists(entries, max_size=3))
def test_every_way_git_joins_notes_gives_the_same_set(
    base: list[dict[str, Any]], ours: list[dict[str, Any]], theirs: list[dict[str, Any]]
) -> None:
    first, second = format_entries([*base, *ours]), format_entries([*base, *theirs])
    wanted = {json.dumps(e, sort_keys=True) for e in [*base, *ours, *theirs]}
    union = "".join(
        f"{line}\n" for line in sorted({*first.split("\n"), *second.split("\n")} - {""})
    )
    for joined in (first + second, f"{first}\n{second}", union, union.rstrip("\n")):
        found = parse_entries(joined)
        assert {json.dumps(e, sort_keys=True) for e in found} == wanted
        assert len(found) == len({json.dumps(e, sort_keys=True) for e in found})


def test_a_note_is_a_yaml_list() -> None:
    made = [
        {"kind": "change", "path": "a\u2028b.py", "reason": "x: y # z"},
        {"kind": "error", "id": "E"},
    ]
    assert yaml.safe_load(format_entries(made)) == made


def test_the_keys_have_one_order_and_nothing_empty_is_written() -> None:
    entry = {
        "at": "now",
        "zeta": 1,
        "id": "E",
        "alpha": 2,
        "kind": "error",
        "path": None,
        "reason": "",
    }
    assert format_entries([entry]) == (
        '- {"kind": "error", "id": "E", "reason": "", "at": "now", "alpha": 2, "zeta": 1}\n'
    )
    assert format_entries([entry, dict(reversed(entry.items()))]) == format_entries([entry])


OURS = {"kind": "change", "path": "a.py"}


@pytest.mark.parametrize(
    "line",
    [
        "", "Reviewed-by: Kim", "- a plain list", "- {not json}", "- {", "- []", '- {"path": "x"}',
        '- {"kind": 5}', '- {"kind": null}', ' - {"kind": "change"}', '-{"kind": "change"}',
        '- {"kind": "change"} trailing', '- {"kind": "change", "n": ' + "1" * 5000 + "}",
        '- {"kind": ' + "[" * 100_000 + "}", "- {" * 1000, "\x00", '- {"kind": "change"',
    ],
)  # fmt: skip
def test_a_line_by_hand_is_passed_over_and_hides_no_other(line: str) -> None:
    text = format_entries([OURS])
    assert parse_entries(f"{text}{line}\n{text}") == [OURS]
    assert parse_entries(f"{line}\n\n{text}") == [OURS]


def test_a_line_separator_inside_anothers_entry_does_not_cut_it() -> None:
    assert parse_entries('- {"kind": "change", "path": "a\u2028b\x85c"}\n') == [
        {"kind": "change", "path": "a\u2028b\x85c"}
    ]


def test_windows_newlines_are_read() -> None:
    assert parse_entries(format_entries([OURS]).replace("\n", "\r\n")) == [OURS]


@given(st.text())
def test_any_note_is_read_without_complaint(text: str) -> None:
    for entry in parse_entries(text):
        assert isinstance(entry["kind"], str)
