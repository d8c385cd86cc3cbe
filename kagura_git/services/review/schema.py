"""The JSON Schema of a review, generated from its structs."""

from __future__ import annotations

import json

from kagura_git.model.struct_schema import struct_schema
from kagura_git.services.review.report import RULES, SCHEMA, Report


def schema_text() -> str:
    """Return the text of ``schemas/review.schema.json`` (draft 2020-12)."""
    own, components = struct_schema(Report)
    components["Finding"]["properties"]["rule"] = {"enum": list(RULES)}
    out = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA.replace("kagura/", "kagura-git:"),
        **own,
        "title": "kagura-git review",
        "additionalProperties": True,
        "$defs": components,
    }
    return json.dumps(out, indent=2, ensure_ascii=False) + "\n"
