"""Records as one JSON document or one CSV table, in an order that never depends on the disk."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from kagura_git import atomic
from kagura_git.errors import Conflict, UsageError
from kagura_git.fs.safe_path import WorkTree, chosen
from kagura_git.model.ids import STORED_KINDS, Kind
from kagura_git.model.mapping import to_mapping
from kagura_git.model.printable import json_text, printable
from kagura_git.model.records import RECORD_TYPES, Record
from kagura_git.workspace import Workspace

Form = Literal["json", "csv"]
SCHEMA: Final = "kagura/export/1"
# First what every kind has, then what some have.
_FIRST: Final = ("kind", "id", "title", "created_at", "author")
_LEFT_OUT: Final = ("extra", "conflicts", "imported_blob", "imported_fields", "fingerprint")
# What a spreadsheet takes for a formula or a command, full-width forms too.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠|%")


def records(ws: Workspace, kinds: Sequence[str] = ()) -> list[tuple[str, Record]]:
    """Return the records of this branch with their paths: by kind, then oldest first.

    Raises:
        UsageError: a kind that is none.
    """
    unknown = [kind for kind in kinds if kind not in STORED_KINDS]
    if unknown:
        raise UsageError(
            f"no kind {unknown[0]!r}", hint=f"One of {', '.join(STORED_KINDS)}.", where="--kind"
        )
    wanted = [kind for kind in STORED_KINDS if not kinds or kind in kinds]
    found = [
        (stored.path, stored.record)
        for stored in ws.files.read_all(wanted)
        if stored.record is not None
    ]
    order = {kind: number for number, kind in enumerate(STORED_KINDS)}
    return sorted(found, key=lambda pair: (order[pair[1].kind], pair[1].created_at, pair[1].id))


def document(found: Iterable[tuple[str, Record]]) -> dict[str, Any]:
    """Return records as a JSON document."""
    rows = [{"kind": record.kind, **to_mapping(record), "path": path} for path, record in found]
    return {"schema": SCHEMA, "records": rows}


def table(found: Sequence[tuple[str, Record]]) -> str:
    """Return records as CSV: UTF-8, a header, every value quoted, lists as JSON.

    A value that a spreadsheet would run (it begins with ``=``, ``+``, ``-``,
    ``@``, ``|``, ``%``, a tab or a line break) has an apostrophe before it.
    """
    names = columns({record.kind for _, record in found})
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(names)
    for path, record in found:
        values = {"kind": record.kind, "title": record.title, **to_mapping(record), "path": path}
        writer.writerow([_cell(values.get(name)) for name in names])
    return out.getvalue()


def columns(kinds: Iterable[Kind]) -> list[str]:
    """Return the columns of a table of some kinds: the same whatever the records hold."""
    wanted = set(kinds)
    fields = [
        name
        for kind in STORED_KINDS
        if kind in wanted
        for name in RECORD_TYPES[kind].__struct_fields__
        if name not in _LEFT_OUT
    ]
    return list(dict.fromkeys([*_FIRST, *fields, "path"]))


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return json.dumps(value)
        case str():
            text = printable(value)
        case _:
            text = json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text


def text_of(found: Sequence[tuple[str, Record]], form: Form) -> str:
    """Return records as the text of a file."""
    if form == "csv":
        return table(found)
    return json_text(document(found), indent=2) + "\n"


def save(
    text: str, form: Form, output: str, cwd: str, tree: WorkTree, *, force: bool = False
) -> str:
    """Write an export's text to a file; returns its path.

    Args:
        tree: the work tree; what is named inside it must not lead out of it.

    Raises:
        UnsafePath: a link of the work tree leads out of it, or into a git directory.
        Conflict: a file of others is there.
        CannotWrite: the folder is missing, the disk is full ...
    """
    full = chosen(tree, output, cwd)
    if os.path.lexists(full) and not force and not _ours(full, form):
        raise Conflict("a file that no export wrote", hint="--force writes over it.", where=output)
    data = text.encode("utf-8")
    if full.startswith(tree.top + os.sep) and os.path.isdir(os.path.dirname(full)):
        tree.write(full, data)
    else:
        atomic.write(full, data, tracked=True)
    return full


def _ours(full: str, form: Form) -> bool:
    if os.path.islink(full) or not os.path.isfile(full):
        return False
    begins = (
        f'{{\n  "schema": "{SCHEMA}"'
        if form == "json"
        else ",".join(f'"{name}"' for name in _FIRST)
    ).encode()
    try:
        with open(full, "rb") as file:
            return file.read(len(begins)) == begins
    except OSError:
        return False
