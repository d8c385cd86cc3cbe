"""What a tool may be given: published as plain JSON types, accepted as models really send it.

Hosts turn lists into JSON strings, numbers into text, and now and then a text
into the object it spells. All of it is taken for what it means; what means
nothing is refused with a sentence, never with a validator's report.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ValidationError, WithJsonSchema

from kagura_git.errors import UsageError
from kagura_git.mcp_server.sizes import clip
from kagura_git.model import inputs

# Accepted by every tool, and told in the server's instructions: in each schema
# they would cost every conversation some 200 tokens.
UNLISTED: Final = ("user_id", "project_id")
_TOLD: Final = 5
_ALSO_CALLED: Final = {
    "limit": "k",
    "top_k": "k",
    "max_results": "k",
    "n": "k",
    "traceback": "stack_trace",
    "fix": "solution",
    "why": "reason",
    "type": "error_type",
    "text": "query",
    "topic": "focus",
}
_DECIMAL: Final = re.compile(r"[-+]?\d{1,20}(?:\.\d{0,20})?(?:[eE][-+]?\d{1,3})?")
_NOTHING: Final = {"", "null", "undefined", "none", "nil", "[]"}
CONFIDENCE: Final = 0.8
_TRUE: Final = {"true", "yes", "on", "1"}
_FALSE: Final = {"false", "no", "off", "0"}


def _not_given(value: object) -> bool:
    """Return whether a client means that it leaves the argument out.

    Some send the word for nothing of their own language, or a list of it.
    """
    match value:
        case None:
            return True
        case str():
            return value.strip().strip("\"'`").lower() in _NOTHING
        case list() | tuple():
            return all(map(_not_given, value))
    return False


def _optional_text(value: object) -> str:
    return "" if _not_given(value) else _text(value)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case list() if all(isinstance(item, str) for item in value):
            return "\n".join(value)  # a trace, one line an item
        case _:
            # A message that is JSON itself, which the host has parsed on its way here.
            return json.dumps(value, ensure_ascii=False)


def _texts(value: object) -> list[str]:
    if _not_given(value):
        return []
    match value:
        case str():
            return inputs.texts(value, "it")
        case list() | tuple():
            return inputs.texts([_item(item) for item in value], "it")
        case _:
            raise ValueError('must be a list of texts, such as ["auth", "jwt"]')


def _item(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise ValueError('must be a list of texts, such as ["auth", "jwt"]')


def _whole(value: object) -> int | None:
    if _not_given(value):
        return None
    if isinstance(value, str):
        value = value.strip()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"is {value!r:.60}, not a whole number")
    if isinstance(value, str) and not value.isdigit() and _DECIMAL.fullmatch(value):  # 42.0
        value = float(value)
    return inputs.number(value, "it")


def _fraction(value: object) -> float:
    if _not_given(value):
        return CONFIDENCE
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return inputs.fraction(value, "it")
    raise ValueError(f"is {value!r:.60}, not a number from 0 to 1")


def _flag(value: object) -> bool | None:
    if _not_given(value):
        return None
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError(f"is {value!r:.60}, not true or false")


def _line_range(value: object) -> list[int] | None:
    if _not_given(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str | list | tuple):
        return inputs.line_range(value)
    raise ValueError(f"is {value!r:.60}, not first,last such as 42,57")


def _lenient(convert: Callable[[object], Any], schema: dict[str, Any]) -> tuple[Any, Any]:
    def validate(value: object) -> Any:
        try:
            return convert(value)
        except UsageError as error:
            said = error.message.removeprefix("it ").removeprefix("line_range ")
            raise ValueError(f"{said}. {error.hint}".removesuffix(". ")) from None

    return BeforeValidator(validate), WithJsonSchema(schema)


_AS_TEXT = _lenient(_text, {"type": "string"})
_AS_OPTIONAL_TEXT = _lenient(_optional_text, {"type": "string"})
_AS_TEXTS = _lenient(_texts, {"type": "array", "items": {"type": "string"}})
_AS_WHOLE = _lenient(_whole, {"type": "integer"})
_AS_FRACTION = _lenient(_fraction, {"type": "number"})
_AS_FLAG = _lenient(_flag, {"type": "boolean"})
_AS_RANGE = _lenient(_line_range, {"type": "string"})

# The SDK parses JSON inside a string argument unless its type is exactly `str`:
# a text is therefore never optional, its absence is "".
# A required text is kept to the letter: an exception's message may be "None".
Text = Annotated[str, *_AS_TEXT]
OptionalText = Annotated[str, *_AS_OPTIONAL_TEXT]
Texts = Annotated[Sequence[str], *_AS_TEXTS]
Whole = Annotated[int | None, *_AS_WHOLE]
Fraction = Annotated[float, *_AS_FRACTION]
Flag = Annotated[bool | None, *_AS_FLAG]
LineRange = Annotated[Sequence[int] | None, *_AS_RANGE]


def published(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool's input schema as hosts shall see it: without the SDK's titles and defaults."""
    properties = {
        name: {key: value for key, value in field.items() if key not in ("title", "default")}
        for name, field in schema["properties"].items()
        if name not in UNLISTED
    }
    out: dict[str, Any] = {"type": "object", "properties": properties}
    if schema.get("required"):
        out["required"] = list(schema["required"])
    return out


def unknown(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return the complaint about arguments that a tool does not take; empty if there is none."""
    names = [*schema["properties"], *UNLISTED]
    said = []
    strange = [name for name in arguments if name not in names]
    for name in (clip(name, 60) for name in strange[:_TOLD]):
        also = _ALSO_CALLED.get(name.lower(), "")
        near = [also] if also in names else difflib.get_close_matches(name.lower(), names, 1, 0.5)
        said.append(f"no argument {name!r}" + (f", did you mean {near[0]!r}?" if near else "."))
    if len(strange) > _TOLD:
        said.append(f"And {len(strange) - _TOLD} more.")
    return " ".join(said)


def complaint(error: ValidationError) -> str:
    """Return what is wrong with the values of a call, as one sentence an argument."""
    said: dict[str, str] = {}
    for item in error.errors(include_url=False):
        name = str(item["loc"][0]) if item["loc"] else "the call"
        what = item["msg"].removeprefix("Value error, ")
        said.setdefault(name, "is missing" if item["type"] == "missing" else clip(what, 300))
    return " ".join(f"{name} {what}".rstrip(".") + "." for name, what in said.items())


def usage(name: str, schema: Mapping[str, Any]) -> str:
    """Return how a tool is called, required arguments first."""
    required = schema.get("required", [])
    optional = [f"{field}?" for field in schema["properties"] if field not in required]
    return f"{name}({', '.join([*required, *optional])})"
