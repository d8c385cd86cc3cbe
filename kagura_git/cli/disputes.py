"""What a merge could not choose between, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kagura_git.cli.output import one_line, styled
from kagura_git.model.records import Record

_SHOWN: Final = 1000  # characters of one side; the file has it all


def disputed(record: Record) -> Iterator[str]:
    """Yield a heading and, field by field, what each side of a merge says; nothing if none."""
    if record.conflicts:
        yield styled("y", "\nBoth sides of a merge stand; settle it in the file:")
    for name, values in record.conflicts.items():
        yield f"  {one_line(name, 80)}:"
        for number, value in enumerate(values, 1):
            yield f"    {number}. {one_line(_said(value).replace(chr(10), ' / '), _SHOWN)}"


def _said(value: Any) -> str:
    """Return a value as text; of fields that are in dispute together, each with its name."""
    if isinstance(value, dict):
        shown = {n: "there" if n == "signature" else _said(item) for n, item in value.items()}
        return ", ".join(f"{name}: {item}" for name, item in shown.items())
    return value if isinstance(value, str) else repr(value)
