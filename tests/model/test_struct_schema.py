"""Schemas of structs do not depend on how a docstring was indented."""

from __future__ import annotations

import msgspec
import pytest

from kagura_git.model.struct_schema import struct_schema

_LAYOUTS = (
    "A habit.\n\n    ``total`` places show it.\n        Deeper.\n    ",  # msgspec 0.20, Python 3.11
    "A habit.\n\n``total`` places show it.\n    Deeper.\n",  # Python 3.13
    "A habit.\n\n``total`` places show it.\n    Deeper.",  # msgspec 0.23
)


@pytest.mark.parametrize("doc", _LAYOUTS)
def test_descriptions_are_dedented(doc: str) -> None:
    inner = msgspec.defstruct("Inner", [("value", int)], namespace={"__doc__": doc})
    outer = msgspec.defstruct(
        "Outer", [("description", str), ("parts", list[inner])], namespace={"__doc__": doc}
    )

    own, parts = struct_schema(outer)

    expected = "A habit.\n\n``total`` places show it.\n    Deeper."
    assert own["description"] == parts["Inner"]["description"] == expected
    assert own["properties"]["description"] == {"type": "string"}
    assert own["properties"]["parts"]["items"] == {"$ref": "#/$defs/Inner"}


def test_members_of_a_union_are_sorted_with_null_last() -> None:
    first = msgspec.defstruct("Union", [("value", int | str | None)])
    second = msgspec.defstruct("Union", [("value", None | str | int)])

    members = struct_schema(first)[0]["properties"]["value"]["anyOf"]

    assert members == [{"type": "integer"}, {"type": "string"}, {"type": "null"}]
    assert members == struct_schema(second)[0]["properties"]["value"]["anyOf"]
