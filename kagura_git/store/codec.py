"""The bytes of a record file: ``dumps`` is canonical, ``loads`` is strict.

The same record always gives the same bytes: fields in the order of the
struct, block literals for texts of several lines, LF, one newline at the end.
The first line names the schema for editors with a YAML language server.
"""

from __future__ import annotations

import io
import re
from typing import Any, Final

import yaml

from kagura_git.errors import InvalidRecord
from kagura_git.model.ids import Kind, id_in_name
from kagura_git.model.mapping import from_mapping, to_mapping
from kagura_git.model.records import Record
from kagura_git.store import strict_yaml

try:
    from yaml import CSafeDumper as _SafeDumper
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeDumper as _SafeDumper  # type: ignore[assignment]

_WIDTH: Final = 2**31 - 1


class _Dumper(_SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    if style is None and isinstance(strict_yaml.scalar(text), (int, float)):
        style = "'"  # 1e3 is text to YAML 1.1, a number to our loader
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def schema_line(kind: Kind) -> str:
    """Return the comment that tells an editor which schema the file follows."""
    return f"# yaml-language-server: $schema=../../schemas/{kind}.schema.json\n"


def dumps(record: Record) -> bytes:
    """Return the canonical bytes of a record.

    Raises:
        InvalidRecord: its bytes would exceed the 1 MiB that a record file may have,
            or a text holds half a surrogate pair.
    """
    out = io.StringIO()
    try:
        yaml.dump(
            to_mapping(record),
            out,
            Dumper=_Dumper,
            allow_unicode=True,
            sort_keys=False,
            default_flow_style=False,
            width=_WIDTH,
            line_break="\n",
        )
    except UnicodeEncodeError as error:
        raise InvalidRecord(
            f"{error.object[max(0, error.start - 20) : error.end + 20]!r} is not Unicode text",
            hint="A record cannot name a file whose name is not UTF-8.",
            where=record.id,
        ) from None
    data = (schema_line(record.kind) + out.getvalue()).encode("utf-8")
    if len(data) > strict_yaml.MAX_BYTES:
        raise InvalidRecord(
            f"{len(data):,} bytes; a record may have {strict_yaml.MAX_BYTES:,}",
            hint="Shorten its longest text (often a stack trace).",
            where=record.id,
        )
    return data


def loads(data: bytes, path: str) -> Record:
    """Return the record that a file's bytes hold.

    Raises:
        InvalidRecord: with ``path:line``, for everything that
            :func:`strict_yaml.load` refuses, a wrong type, a missing field, or
            an id that is not the one in the file's name.
    """
    mapping, lines = strict_yaml.load(data, path)
    try:
        record = from_mapping(mapping, where=path)
    except InvalidRecord as error:
        name = re.match(r"(\w+)[^\s:]*: ", error.message)
        line = (lines.get(name[1]) if name else None) or lines.get("schema")
        error.where = f"{path}:{line}" if line else path
        raise
    name_id = id_in_name(path.rsplit("/", 1)[-1])
    if name_id != record.id:
        raise InvalidRecord(
            f"the id {record.id} is not the one in the file name",
            hint="Give the file the name it was recorded with, or restore its id.",
            where=f"{path}:{lines['id']}",
        )
    return record
