"""The bytes of a record file: ``dumps`` is canonical, ``loads`` is strict.

The same record always gives the same bytes: fields in the order of the
struct, block literals for texts of several lines, LF, one newline at the end.
The first line names the schema for editors with a YAML language server.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from kagura_git.errors import InvalidRecord
from kagura_git.model.ids import Kind, id_in_name
from kagura_git.model.mapping import from_mapping, to_mapping
from kagura_git.model.plain import unfit
from kagura_git.model.records import Record
from kagura_git.store import strict_yaml

try:
    from yaml import CSafeDumper as _SafeDumper
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeDumper as _SafeDumper  # type: ignore[assignment]

_WIDTH: Final = 2**31 - 1
_LFS_POINTER: Final = b"version https://git-lfs"


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
        InvalidRecord: its bytes would exceed the 1 MiB that a record file may have, a text
            holds half a surrogate pair, or a field of its own holds what no file gives back.
    """
    mapping = to_mapping(record)
    _must_come_back(mapping, record.id)
    out = io.StringIO()
    try:
        yaml.dump(
            mapping,
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
            hint="A record cannot name a file whose name is not UTF-8; it may name its folder.",
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


def _must_come_back(mapping: Mapping[str, Any], record_id: str) -> None:
    """Refuse what could be written but never read again."""
    for name, value in mapping.items():
        wrong = unfit(value)
        if wrong:
            raise InvalidRecord(f"{name}: {wrong}", hint="Correct that field.", where=record_id)


def loads(data: bytes, path: str) -> Record:
    """Return the record that a file's bytes hold.

    Raises:
        InvalidRecord: with ``path:line``, for everything that
            :func:`strict_yaml.load` refuses, a wrong type, a missing field, an id that
            is not the one in the file's name, a file in the folder of another kind.
    """
    if data.startswith(_LFS_POINTER):
        raise InvalidRecord(
            "a Git LFS pointer in the place of the record's text",
            hint="Keep records out of LFS: end .gitattributes with `.kagura/** -filter`.",
            where=path,
        )
    mapping, lines = strict_yaml.load(data, path)
    try:
        record = from_mapping(mapping, where=path)
    except InvalidRecord as error:
        name = re.match(r"(\w+)[^\s:]*: ", error.message)
        line = (lines.get(name[1]) if name else None) or lines.get("schema")
        error.where = f"{path}:{line}" if line else path
        raise
    folder, _, file_name = path.rpartition("/")
    if id_in_name(file_name) != record.id:
        raise InvalidRecord(
            f"the id {record.id} is not the one in the file name",
            hint="Give the file the name it was recorded with, or restore its id.",
            where=f"{path}:{lines['id']}",
        )
    if not path.isprintable():
        raise InvalidRecord(
            "the path holds signs that cannot be shown",
            hint=f"Name the file {record.id}.yaml, in a folder such as 2026-01.",
            where=path,
        )
    kinds = folder.split("/")[:2]  # a version in the journal or in a merge has no folder
    if kinds[0] == ".kagura" and kinds[1:] != [f"{record.kind}s"]:
        raise InvalidRecord(
            f"a {record.kind} in the folder of another kind",
            hint=f"Move the file to .kagura/{record.kind}s.",
            where=path,
        )
    return record
