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
    """Return the entries of a note; lines written by hand are passed over."""
    found: dict[str, dict[str, Any]] = {}
    for line in text.split("\n"):  # not splitlines: U+2028 may stand in a text
        if not line.startswith("- {"):
            continue
        try:
            entry = json.loads(line[2:])
        except (ValueError, RecursionError):  # ValueError: a number of 5,000 digits too
            continue
        if isinstance(entry, dict) and isinstance(entry.get("kind"), str):
            found.setdefault(line, entry)
    return list(found.values())
