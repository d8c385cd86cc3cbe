"""JSON Schema of a msgspec struct, the same whichever release of msgspec and Python made it."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec


def struct_schema(struct: type[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of a struct and, by name, those of the structs that it refers to.

    Two things depend on the release: msgspec before 0.23 and Python before 3.13 keep a
    docstring's indentation in ``description``, and the members of a union (``anyOf``) come
    in different orders. Here the indentation is stripped and the members are sorted.
    """
    (root,), components = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    parts: dict[str, Any] = _normalized(components)
    return parts.pop(root["$ref"].rpartition("/")[2]), parts


def _normalized(part: Any, key: str = "") -> Any:
    match part:
        case str() if key == "description":
            return inspect.cleandoc(part)
        case dict():
            return {name: _normalized(value, name) for name, value in part.items()}
        case list():
            members = [_normalized(item) for item in part]
            return sorted(members, key=_union_order) if key == "anyOf" else members
        case _:
            return part


def _union_order(member: dict[str, Any]) -> tuple[bool, str]:
    """Return the sort key of a member of a union: null comes last."""
    return member.get("type") == "null", json.dumps(member, sort_keys=True)
