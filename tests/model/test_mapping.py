"""Records as plain values: the shape that YAML, JSON and schemas share."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given

from kagura_git.errors import InvalidRecord
from kagura_git.model.mapping import change_from_mapping, from_mapping, iso, to_mapping
from kagura_git.model.records import Change
from tests.record_strategies import MOMENT, decision, error, records, session, zoned_moments


@given(records)
def test_a_record_survives_json(record: Any) -> None:
    assert from_mapping(json.loads(json.dumps(to_mapping(record)))) == record


@given(zoned_moments)
def test_iso_is_utc_with_milliseconds_and_names_the_same_moment(moment: datetime) -> None:
    text = iso(moment)
    assert text.endswith("Z")
    assert len(text) == 24
    assert datetime.fromisoformat(text) == moment


def test_iso_sorts_like_time() -> None:
    later = MOMENT.astimezone(timezone(timedelta(hours=-10))) + timedelta(milliseconds=1)
    assert iso(MOMENT) < iso(later)
    assert iso(datetime(2026, 1, 2, 3, 4, 5, 678_999, tzinfo=UTC)) == "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize("offset", [14, -14])
def test_iso_knows_the_ends_of_the_calendar(offset: int) -> None:
    zone = timezone(timedelta(hours=offset))
    assert iso(datetime.min.replace(tzinfo=zone)).startswith("0001-01-01")
    assert iso(datetime.max.replace(tzinfo=zone)).startswith(("9999-12-31", "10000"))


def test_a_newer_version_says_upgrade_and_no_more() -> None:
    with pytest.raises(InvalidRecord, match="newer") as caught:
        from_mapping({"schema": "kagura/decision/2", "id": 5}, where="x.yaml")
    assert "Upgrade" in caught.value.hint
    assert caught.value.where == "x.yaml"


def test_the_field_stands_in_front_of_the_message() -> None:
    with pytest.raises(InvalidRecord) as caught:
        from_mapping({**to_mapping(decision()), "confidence": "high"})
    assert caught.value.message.startswith("confidence: ")


@pytest.mark.parametrize(
    "record", [decision(author=""), error(message="", author=""), session(author="")]
)
def test_a_required_field_is_written_even_when_it_is_empty(record: Any) -> None:
    assert from_mapping(to_mapping(record)) == record


def test_a_change_without_a_reason_comes_back() -> None:
    change = Change(
        id="C-7k3f9q2m", path="a.py", action="edit", reason="", author="", created_at=MOMENT,
        line_range=[1, 2], diff="-a\n+b\n",
    )  # fmt: skip
    mapping = to_mapping(change)
    assert "schema" not in mapping
    assert change_from_mapping(mapping) == change


def test_empty_optional_fields_are_left_out() -> None:
    mapping = to_mapping(error())
    assert set(mapping) == {
        "schema", "id", "error_type", "message", "resolved", "occurrences", "author", "created_at",
    }  # fmt: skip


def test_what_is_handed_out_is_a_copy() -> None:
    record = decision(tags=["a"])
    to_mapping(record)["tags"].append("b")
    assert record.tags == ["a"]
