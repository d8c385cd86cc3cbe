"""JSON Schemas of the record files, generated from the structs.

``schemas/*.schema.json`` in this repository and ``.kagura/schemas/`` in a
user's are what :func:`schema` returns; a test keeps the former equal.
"""

from __future__ import annotations

import json
from typing import Any

from kagura_git.model.ids import STORED_KINDS, Kind
from kagura_git.model.records import RECORD_TYPES, SCHEMA_VERSION, schema_name
from kagura_git.model.struct_schema import struct_schema


def schema(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one kind of record."""
    own, components = struct_schema(RECORD_TYPES[kind])
    properties = own["properties"]
    properties.pop("extra")
    for component in components.values():
        component["properties"].pop("extra", None)
    properties["conflicts"] = properties.pop("conflicts")  # last, as in the file
    out = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"kagura-git:{kind}/{SCHEMA_VERSION}",
        "title": f"kagura-git {kind} record",
        "description": own["description"],
        "type": "object",
        "required": ["schema", *own["required"]],
        "properties": {"schema": {"const": schema_name(kind)}, **properties},
        "additionalProperties": True,
    }
    return {**out, "$defs": components} if components else out


def schema_text(kind: Kind) -> str:
    """Return the text of the schema file of one kind."""
    return json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"


def schema_files() -> dict[str, str]:
    """Return every schema file's name and text."""
    return {f"{kind}.schema.json": schema_text(kind) for kind in STORED_KINDS}
