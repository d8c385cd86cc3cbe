"""The JSON Schema of a review, generated from its structs."""

from __future__ import annotations

import json

import msgspec

from kagura_git.services.review.report import RULES, SCHEMA, Report


def schema_text() -> str:
    """Return the text of ``schemas/review.schema.json`` (draft 2020-12)."""
    (root,), components = msgspec.json.schema_components([Report], ref_template="#/$defs/{name}")
    own = components.pop(root["$ref"].rsplit("/", 1)[-1])
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
