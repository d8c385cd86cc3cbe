"""The bytes of a record: canonical, lossless, stable."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.errors import InvalidRecord
from kagura_git.store import codec
from tests.record_strategies import (
    MOMENT,
    TROUBLE,
    decision,
    error,
    extras,
    path_for,
    records,
    session,
)


def again(record: Any) -> Any:
    return codec.loads(codec.dumps(record), path_for(record))


@given(records)
def test_any_record_comes_back_as_it_was_and_gives_the_same_bytes(record: Any) -> None:
    data = codec.dumps(record)
    loaded = codec.loads(data, path_for(record))
    assert loaded == record
    assert codec.dumps(loaded) == data


@pytest.mark.parametrize("text", TROUBLE)
def test_a_text_stays_that_text_in_every_place(text: str) -> None:
    said = text or "-"
    record = decision(
        decision=said,
        rationale=said,
        impact=said,
        alternatives=[text, text],
        tags=[text],
        extra={"later": text, "deep": {"list": [text, {text: text}]}, f"k{text}": 1},
    )
    assert again(record) == record


@given(records)
def test_plain_yaml_readers_see_the_same_texts(record: Any) -> None:
    """Another tool's YAML parser reads what ours wrote, or YAML would be the wrong name for it."""
    loaded = yaml.load(codec.dumps(record), Loader=yaml.CSafeLoader)
    assert loaded["id"] == record.id
    text_field = {
        "D": "rationale",
        "E": "error_type",
        "S": "description",
        "P": "description",
    }[record.id[0]]
    assert loaded[text_field] == getattr(record, text_field)


@given(records)
def test_the_file_is_lf_utf8_with_one_newline_at_the_end_and_names_its_schema(record: Any) -> None:
    data = codec.dumps(record)
    first, second, third, *_ = data.decode("utf-8").split("\n")
    schema = f"$schema=../../schemas/{record.kind}.schema.json"
    assert first == f"# yaml-language-server: {schema}"
    assert second == f"schema: kagura/{record.kind}/1"
    assert third.startswith("id: ")
    assert data.endswith(b"\n")
    assert b"\r" not in data


def test_texts_of_several_lines_are_block_literals_that_diff_line_by_line() -> None:
    record = decision(rationale="First.\n\n  - indented: yes\n# not a comment\nLast.\n")
    text = codec.dumps(record).decode()
    body = "  First.\n\n    - indented: yes\n  # not a comment\n  Last.\n"
    assert f"rationale: |\n{body}" in text


def test_a_long_line_is_not_folded() -> None:
    line = "word " * 3000 + "end"
    assert f"rationale: {line}\n" in codec.dumps(decision(rationale=line)).decode()


def test_fields_stand_in_the_order_of_the_struct_and_unknown_ones_after_them() -> None:
    record = decision(tags=["a"], impact="i", session="S-7k3f9q2m", extra={"zeta": 1, "alpha": 2})
    names = [
        line.split(":")[0]
        for line in codec.dumps(record).decode().splitlines()[1:]
        if not line.startswith(("-", " "))
    ]
    assert names == [
        "schema", "id", "decision", "status", "rationale", "impact", "tags", "confidence",
        "session", "author", "created_at", "zeta", "alpha",
    ]  # fmt: skip


def test_what_a_reader_should_see_is_written_even_at_its_default() -> None:
    assert b"status: proposed\n" in codec.dumps(decision())
    assert b"confidence: 0.8\n" in codec.dumps(decision())
    assert b"resolved: false\n" in codec.dumps(error())
    assert b"impact" not in codec.dumps(decision())


def test_the_bytes_do_not_depend_on_the_process() -> None:
    program = (
        "import sys; from tests.record_strategies import decision;"
        "from kagura_git.store import codec;"
        "sys.stdout.buffer.write(codec.dumps(decision(tags=['b', 'a'], extra={'z': {'q': 1}})))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert runs == {codec.dumps(decision(tags=["b", "a"], extra={"z": {"q": 1}}))}


@given(extras)
def test_unknown_fields_survive_a_change_of_a_known_one(extra: dict[str, Any]) -> None:
    loaded = again(decision(extra=extra))
    loaded.status = "accepted"
    changed = codec.dumps(loaded)
    before = codec.dumps(decision(extra=extra))
    assert changed == before.replace(b"status: proposed\n", b"status: accepted\n", 1)
    assert json.dumps(codec.loads(changed, path_for(loaded)).extra) == json.dumps(extra)


def test_unknown_fields_of_a_newer_program_are_kept_exactly() -> None:
    data = codec.dumps(decision()) + (
        b"votes: 12345678901234567890\nratio: 1e999\nold: 0123\nwhen: 12:30\nok: no\n"
        b"none: null\nlist: []\nmap: {}\nextra: 7\n"
    )
    record = codec.loads(data, path_for(decision()))
    assert record.extra == {
        "votes": 12345678901234567890,
        "ratio": "1e999",
        "old": "0123",
        "when": "12:30",
        "ok": "no",
        "none": None,
        "list": [],
        "map": {},
        "extra": 7,
    }
    assert again(record) == record


@pytest.mark.parametrize(
    "extra", [{"id": "D-00000000"}, {"schema": "kagura/error/1"}, {"impact": "x"}, {"status": "y"}]
)
def test_an_unknown_field_cannot_pass_for_a_known_one(extra: dict[str, Any]) -> None:
    assert codec.dumps(decision(extra=extra)) == codec.dumps(decision())


@given(st.integers(-14 * 60, 14 * 60))
def test_moments_are_written_in_utc(minutes: int) -> None:
    local = MOMENT.astimezone(timezone(timedelta(minutes=minutes)))
    assert codec.dumps(decision(created_at=local)) == codec.dumps(decision())
    assert b"created_at: '2026-03-01T12:30:15.250Z'\n" in codec.dumps(decision())


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_record_from_the_end_of_the_calendar_can_be_read_and_written(moment: str) -> None:
    data = codec.dumps(session()).replace(b"2026-03-01T12:30:15.250Z", moment.encode())
    assert again(codec.loads(data, path_for(session()))).id == session().id


def test_a_record_over_one_mebibyte_is_refused_before_it_is_written() -> None:
    with pytest.raises(InvalidRecord, match="1,048,576") as caught:
        codec.dumps(error(stack_trace="x" * 1024 * 1024))
    assert caught.value.where == "E-7k3f9q2m"


@pytest.mark.parametrize("text", ["a\udcffb.py", "\ud800", "line\nof \udfff text"])
def test_half_a_surrogate_pair_is_an_error_that_names_the_record(text: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        codec.dumps(decision(related_files=[text]))
    assert caught.value.where == "D-7k3f9q2m"
    assert caught.value.hint
