"""YAML text to plain values, strictly: one document, no duplicate keys, no aliases.

Built on PyYAML's event stream instead of its constructor: one pass that knows
the line of every key, refuses what a merge or a hostile branch may leave
behind, and bounds depth, so ten thousand nested lists cost nothing. Plain
scalars follow the JSON schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#102-json-schema):
``no``, ``12:30`` and ``0123`` stay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from kagura_git.errors import InvalidRecord
from kagura_git.model.mapping import shortly
from kagura_git.model.plain import MAX_DEPTH, RECORD_BYTES

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_BYTES: Final = RECORD_BYTES
# No record of ours comes near; a mebibyte of tiny values takes seconds to read.
_MOST_VALUES: Final = 50_000
# Longer ones stay text: Python refuses to parse over 4300 digits.
_INT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,999})\Z")
_FLOAT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?=[.eE])(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
_CONFLICT: Final = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?:[ \r]|$)", re.MULTILINE)

_NUMBERS_BEGIN: Final = frozenset("-0123456789")
_ScalarEvent, _MappingEndEvent = yaml.ScalarEvent, yaml.MappingEndEvent
_START: Final = "<" * 7
# PyYAML 6.0.4 and newer bound the depth themselves, and read ahead of our own count.
_PARSER_DEPTH: Final = "nesting depth"

Lines = dict[str, int]


def load(data: bytes, where: str) -> tuple[dict[str, Any], Lines]:
    """Return the mapping a record file holds, and the line of each top-level key.

    Raises:
        InvalidRecord: with ``where`` as ``path:line``: over 1 MiB, not UTF-8,
            conflict markers, broken YAML, a duplicate key, an anchor or alias,
            a tag, more than one document, nesting deeper than 20, over 50,000 values.
    """
    if len(data) > MAX_BYTES:
        raise InvalidRecord(
            f"{len(data):,} bytes; a record may have {MAX_BYTES:,}",
            hint="Shorten its longest text (often a stack trace).",
            where=where,
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InvalidRecord(
            "not UTF-8", hint="Save the file as UTF-8.", where=f"{where}:{line}"
        ) from None
    # A single ======= line is a setext heading inside a text; a conflict has both ends.
    if _START in text and {"<", ">"} <= {match[0][:1] for match in _CONFLICT.finditer(text)}:
        raise _conflict(text, where)
    try:
        return _Builder(where).document(_events(text))
    except yaml.MarkedYAMLError as error:
        if _CONFLICT.search(text):
            raise _conflict(text, where) from None  # half resolved
        mark: Any = error.problem_mark or error.context_mark
        at = f"{where}:{mark.line + 1}" if mark else where
        if _PARSER_DEPTH in (error.problem or ""):
            raise _too_deep(at) from None
        raise InvalidRecord(
            f"not valid YAML: {shortly(error.problem or error.context, str)}",
            hint="Correct that line; quote text that holds ': ' or starts with a special sign.",
            where=at,
        ) from None
    except yaml.YAMLError as error:
        raise InvalidRecord(
            f"not valid YAML: {shortly(' '.join(str(error).split()), str)}",
            hint="Remove control characters from the file.",
            where=where,
        ) from None


def _events(text: str) -> Iterator[Any]:
    """Return the events of a text; ``yaml.parse`` takes as long again to hand them on."""
    return iter(_Loader(text).get_event, None)


def _conflict(text: str, where: str) -> InvalidRecord:
    first = _CONFLICT.search(text)
    line = text.count("\n", 0, first.start() if first else 0) + 1
    return InvalidRecord(
        "merge conflict markers",
        hint="Resolve the conflict in the file; `git kagura doctor` finds all of them.",
        where=f"{where}:{line}",
    )


def _too_deep(at: str) -> InvalidRecord:
    return InvalidRecord(f"nested deeper than {MAX_DEPTH} levels", where=at)


class _Builder:
    def __init__(self, where: str) -> None:
        self.where = where
        self.values = 0
        self.lines: Lines = {}

    def document(self, events: Iterator[Any]) -> tuple[dict[str, Any], Lines]:
        documents: list[Any] = []
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if documents:
                    raise self.refuse(event, "more than one YAML document")
                documents.append(self.value(next(events), events, 0))
        if not documents or not isinstance(documents[0], dict):
            raise InvalidRecord(
                "not a mapping of fields" if documents else "empty",
                hint="A record is a list of `field: value` lines.",
                where=self.where,
            )
        return documents[0], self.lines

    def refuse(self, event: Any, problem: str, hint: str = "") -> InvalidRecord:
        return InvalidRecord(problem, hint=hint, where=f"{self.where}:{event.start_mark.line + 1}")

    def value(self, event: Any, events: Iterator[Any], depth: int) -> Any:
        is_scalar = isinstance(event, _ScalarEvent)
        plain = is_scalar and event.anchor is None and event.tag is None
        if plain and self.values < _MOST_VALUES and depth <= MAX_DEPTH:  # nearly all of them
            self.values += 1
            return scalar(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self.refuse(
                event, "YAML anchors and aliases are not allowed", "Write the value out."
            )
        if event.tag is not None:
            raise self.refuse(
                event, f"the YAML tag {shortly(event.tag, str)} is not allowed", "Remove the tag."
            )
        self.values += 1
        if self.values > _MOST_VALUES:
            raise self.refuse(event, f"holds over {_MOST_VALUES:,} values")
        if depth > MAX_DEPTH:
            raise _too_deep(f"{self.where}:{event.start_mark.line + 1}")
        if is_scalar:
            return scalar(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(events), yaml.SequenceEndEvent):
                items.append(self.value(item, events, depth + 1))
            return items
        return self.mapping(events, depth)

    def mapping(self, events: Iterator[Any], depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while not isinstance(event := next(events), _MappingEndEvent):
            if not isinstance(event, _ScalarEvent) or event.anchor or event.tag:
                raise self.refuse(event, "a field name must be plain text")
            key = event.value
            if key in out:
                raise self.refuse(
                    event,
                    f"the field {shortly(key)} stands twice",
                    "Keep one of the two; a merge may have joined both sides.",
                )
            if depth == 0:
                mark: Any = event.start_mark
                self.lines[key] = mark.line + 1
            out[key] = self.value(next(events), events, depth + 1)
        return out


def scalar(text: str) -> str | int | float | bool | None:
    """Return the JSON value that a plain scalar stands for; anything else is text."""
    match text:
        case "" | "null" | "~":
            return None
        case "true":
            return True
        case "false":
            return False
    if text[0] not in _NUMBERS_BEGIN:
        return text
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text) and math.isfinite(number := float(text)):
        return number
    return text
