"""Answers of a fixed form: the schema that is asked for, and reading what came back."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec

from kagura_git.model.struct_schema import struct_schema

T = TypeVar("T")
_BLOCK: Final = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_SHOWN: Final = 300


class Unusable(Exception):
    """An answer that is not of the form that was asked for; its text says what is wrong."""


def schema(answer: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of an answer, as strict as providers demand it.

    Every field is required and no other is allowed (OpenAI's structured outputs);
    the outermost schema is an object itself, no reference.
    """
    own, parts = struct_schema(answer)
    out: dict[str, Any] = _strict(own)
    if parts:
        out["$defs"] = {key: _strict(part) for key, part in parts.items()}
    return out


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _strict(value) for key, value in part.items() if key not in ("default", "title")}
    if part.get("type") == "object":
        kept["additionalProperties"] = False
        kept["required"] = list(part.get("properties", {}))
    return kept


def read(text: str, answer: type[T]) -> T:
    """Return an answer.

    A model without structured output may put it into a block of Markdown, or talk around it.

    Raises:
        Unusable: it is not JSON, or not of that form.
    """
    if not text.strip():
        raise Unusable("the answer is empty")
    problem: Exception | None = None
    for candidate in _candidates(text):
        try:
            return msgspec.json.decode(candidate, type=answer, strict=False)
        except msgspec.ValidationError as error:
            raise Unusable(f"the answer is not of the form asked for: {error}") from None
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            problem = problem or error
    raise Unusable(f"the answer is not JSON: {str(problem)[:_SHOWN]}")


def _candidates(text: str) -> list[str]:
    found = [text, *(match[1] for match in _BLOCK.finditer(text))]
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        found.append(text[start : end + 1])
    return found
