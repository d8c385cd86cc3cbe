"""Records to plain mappings and back: the shape that YAML, JSON and schemas share.

Unknown fields are kept in ``extra`` and written back after the known ones, so
that an older program does not strip what a newer one recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from kagura_git.errors import InvalidRecord
from kagura_git.model.ids import Kind
from kagura_git.model.printable import one_line
from kagura_git.model.records import (
    RECORD_TYPES,
    SCHEMA_VERSION,
    AnyRecord,
    Change,
    Occurrence,
    Record,
    schema_name,
)

# Written even when empty or at their default: a reader of the file should see them.
_ALWAYS: Final = {
    "status", "confidence", "resolved", "occurrences", "message", "author", "reason",
    "frequency", "total", "severity", "source",
}  # fmt: skip
_SEEN: Final = tuple(name for name in Occurrence.__struct_fields__ if name != "extra")
_SCHEMA: Final = re.compile(rf"kagura/({'|'.join(RECORD_TYPES)})/([1-9][0-9]{{0,8}})\Z")


def iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with milliseconds and ``Z``."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:  # the first or last hours of the calendar, in a file written by hand
        moment = moment.replace(tzinfo=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Occurrence):
        known = {name: _plain(item) for name in _SEEN if (item := getattr(value, name)) is not None}
        return {**known, **{n: v for n, v in value.extra.items() if n not in _SEEN}}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def to_mapping(record: AnyRecord) -> dict[str, Any]:
    """Return a record as JSON-ready values, in writing order, without empty optional fields."""
    out: dict[str, Any] = {} if isinstance(record, Change) else {"schema": schema_name(record.kind)}
    for name in record.__struct_fields__:
        if name in ("extra", "conflicts"):
            continue
        value = getattr(record, name)
        if name in _ALWAYS or not (value is None or value in ("", [], {})):
            out[name] = _plain(value)
    if not isinstance(record, Change) and record.conflicts:
        out["conflicts"] = record.conflicts  # after what it speaks of
    known = {"schema", *record.__struct_fields__} - {"extra"}
    out.update((name, value) for name, value in record.extra.items() if name not in known)
    return out


def from_mapping(mapping: Mapping[str, Any], where: str = "") -> Record:
    """Return the record a mapping describes.

    Raises:
        InvalidRecord: no or a foreign ``schema``, a newer version, a missing
            field or a wrong type, with the field's name.
    """
    schema = mapping.get("schema")
    match = _SCHEMA.match(schema) if isinstance(schema, str) else None
    if match is None:
        raise InvalidRecord(
            f"'schema' is {shortly(schema)}, not 'kagura/<kind>/{SCHEMA_VERSION}'",
            hint="Restore the record's 'schema' line; `git log -p` on the file shows it.",
            where=where,
        )
    if int(match[2]) > SCHEMA_VERSION:
        raise InvalidRecord(
            f"written by a newer kagura-git ({schema})",
            hint="Upgrade kagura-git to read this record.",
            where=where,
        )
    kind: Kind = match[1]  # type: ignore[assignment]
    record: Record = _convert(mapping, RECORD_TYPES[kind], where)
    return record


def change_from_mapping(mapping: Mapping[str, Any], where: str = "") -> Change:
    """Return the change a mapping describes; raises ``InvalidRecord`` like :func:`from_mapping`."""
    change: Change = _convert(mapping, Change, where)
    return change


def _convert(mapping: Mapping[str, Any], type_: type[Any], where: str) -> Any:
    fields = {name: value for name, value in mapping.items() if name != "schema"}
    values = _with_extra(fields, set(type_.__struct_fields__) - {"extra"})
    seen = values.get("seen")
    if isinstance(seen, list) and type_ is not Change:
        values["seen"] = [_with_extra(i, _SEEN) if isinstance(i, Mapping) else i for i in seen]
    try:
        return msgspec.convert(values, type_, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidRecord(
            readable(error),
            hint="Correct the field; the schema named in the file's first line lists them.",
            where=where,
        ) from None


def _with_extra(mapping: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    values = {name: value for name, value in mapping.items() if name in known}
    rest = {name: value for name, value in mapping.items() if name not in known}
    return {**values, "extra": rest} if rest else values


def readable(error: msgspec.ValidationError) -> str:
    """Return msgspec's message with the field's name in front instead of a JSON path behind."""
    text, _, path = str(error).partition(" - at `$")
    name = path.rstrip("`").lstrip(".")
    return shortly(f"{name}: {text}" if name else text, str)


def shortly(value: Any, form: Callable[[Any], str] = repr) -> str:
    """Return a value as an error may quote it: printable, and no longer than a line or two."""
    return one_line(form(value[:300] if isinstance(value, str) else value), 200)
