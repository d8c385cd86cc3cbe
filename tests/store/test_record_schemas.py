"""The JSON Schemas that editors and other programs hold records against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from kagura_git.model.ids import STORED_KINDS
from kagura_git.store import codec, strict_yaml
from kagura_git.store.schema import schema, schema_files
from tests.record_strategies import decision, error, path_for, records, session

FOLDER = Path(__file__).parents[2] / "schemas"
VALIDATORS = {kind: Draft202012Validator(schema(kind)) for kind in STORED_KINDS}


def test_the_schemas_in_the_repository_are_what_the_structs_say() -> None:
    """When a struct changes, write what ``schema_files()`` returns to ``schemas/``."""
    assert {
        name: (FOLDER / name).read_text(encoding="utf-8") for name in schema_files()
    } == schema_files()


@pytest.mark.parametrize("kind", STORED_KINDS)
def test_a_schema_is_a_schema(kind: Any) -> None:
    Draft202012Validator.check_schema(schema(kind))
    assert schema(kind)["$id"].endswith(f"{kind}/1")
    assert "extra" not in schema(kind)["properties"]


@given(records)
def test_every_record_that_is_written_is_valid(record: Any) -> None:
    mapping, _ = strict_yaml.load(codec.dumps(record), path_for(record))
    assert [error.message for error in VALIDATORS[record.kind].iter_errors(mapping)] == []


def test_the_first_line_of_a_file_leads_to_its_schema() -> None:
    for record in (decision(), error(), session()):
        first = codec.dumps(record).decode().split("\n")[0]
        name = first.rsplit("/", 1)[-1]
        assert name in schema_files()
        assert first.endswith(f"$schema=../../schemas/{name}")


BROKEN = [
    (decision(), {"status": "maybe"}),
    (decision(), {"confidence": 1.5}),
    (decision(), {"confidence": "0.8"}),
    (decision(), {"tags": "auth"}),
    (decision(), {"tags": [1]}),
    (decision(), {"id": "E-7k3f9q2m"}),
    (decision(), {"id": "D-7k3f9q2m\n"}),
    (decision(), {"decision": ""}),
    (decision(), {"schema": "kagura/error/1"}),
    (decision(), {"supersedes": ["x"]}),
    (decision(), {"rationale": None}),
    (error(), {"occurrences": 0}),
    (error(), {"line_number": -1}),
    (error(), {"resolved": "yes"}),
    (error(), {"seen": [{"session": "S-7k3f9q2m"}]}),
    (session(), {"success": "no"}),
    (session(), {"started_at": 5}),
]


@pytest.mark.parametrize(("record", "change"), BROKEN)
def test_what_the_loader_refuses_the_schema_refuses_too(
    record: Any, change: dict[str, Any]
) -> None:
    mapping, _ = strict_yaml.load(codec.dumps(record), path_for(record))
    assert VALIDATORS[record.kind].is_valid(mapping)
    assert not VALIDATORS[record.kind].is_valid({**mapping, **change})


@pytest.mark.parametrize("record", [decision(), error(), session()])
def test_every_required_field_is_required_and_unknown_ones_are_welcome(record: Any) -> None:
    mapping, _ = strict_yaml.load(codec.dumps(record), path_for(record))
    validator = VALIDATORS[record.kind]
    for name in schema(record.kind)["required"]:
        assert not validator.is_valid({n: v for n, v in mapping.items() if n != name})
    assert validator.is_valid({**mapping, "from_a_newer_version": [1]})
