"""Entries of a commit's note: one ``- {json}`` line per fact.

A JSON object on a line is YAML flow style too, so a note is a YAML list that
git's own ``cat_sort_uniq`` merges as a set union, and that stays valid when a
rebase concatenates two notes (git then puts a blank line between them).
This module is on the hooks' path: json only, no msgspec, no YAML.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

_ORDER: Final = (
    "kind",
    "id",
    "path",
    "old_path",
    "action",
    "lines",
    "reason",
    "relation",
    "session",
    "author",
    "at",
)
_PATHS: Final = ("path", "old_path")
_TEXTS: Final = (
    "kind", "id", "action", "reason", "relation", "session", "author", "at", "head", "created_at",
    "project_id", "diff", "from",
)  # fmt: skip
_NUMBERS: Final = ("lines", "line_range")
# Anyone who may push writes notes: a larger one is not read at all, more entries are passed over.
LARGEST: Final = 8 * 1024 * 1024
_MOST_ENTRIES: Final = 20_000
_LONGEST_LINE: Final = 1024 * 1024


def format_entries(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return the note's text: every entry once, in the order given, keys in a fixed order."""
    lines = dict.fromkeys(_line(entry) for entry in entries)
    return "".join(f"{line}\n" for line in lines)


def _line(entry: Mapping[str, Any]) -> str:
    known = {key: entry[key] for key in _ORDER if entry.get(key) is not None}
    rest = {k: entry[k] for k in sorted(entry) if k not in _ORDER and entry[k] is not None}
    # ASCII escapes keep U+2028 and lone surrogates of odd file names on one line.
    return "- " + json.dumps({**known, **rest}, separators=(", ", ": "))


def parse_entries(text: str) -> list[dict[str, Any]]:
    """Return the entries of a note; lines written by hand are passed over.

    Of a note only the first 8 MiB and 20,000 entries count, of an entry only the
    fields that are what they should be.
    """
    found: dict[str, dict[str, Any]] = {}
    for line in text[:LARGEST].split("\n"):  # not splitlines: U+2028 may stand in a text
        if not line.startswith("- {") or len(line) > _LONGEST_LINE:
            continue
        if len(found) >= _MOST_ENTRIES:
            break
        try:
            entry = json.loads(line[2:])
        except (ValueError, RecursionError):  # ValueError: a number of 5,000 digits too
            continue
        if isinstance(entry, dict) and isinstance(entry.get("kind"), str):
            found.setdefault(line, typed(entry))
    return list(found.values())


def typed(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without the known fields that hold what they never should."""
    wrong = [name for name, value in entry.items() if not _fits(name, value)]
    return {n: v for n, v in entry.items() if n not in wrong} if wrong else entry


def _fits(name: str, value: Any) -> bool:
    if name in _PATHS:
        return isinstance(value, str) and is_inside(value)
    if name in _TEXTS:
        return isinstance(value, str)
    if name in _NUMBERS:
        return isinstance(value, list) and len(value) == 2 and all(type(v) is int for v in value)
    if name == "related_files":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return True


def is_inside(path: str) -> bool:
    """Tell whether a path is one of the repository: not empty, not absolute, not climbing out."""
    return bool(path) and path[0] != "/" and "\0" not in path and ".." not in path.split("/")
