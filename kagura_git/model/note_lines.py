"""A note as a set of lines: adding to it, taking from it, uniting two of them.

Lines written by hand or by other tools count like ours. Pure; on the hooks' path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kagura_git.model.entries import format_entries


def lines(text: str) -> list[str]:
    """Return the lines of a note but the blank ones, which git puts between notes it joins."""
    return [line for line in text.split("\n") if line.strip()]  # not splitlines: U+2028 is text


def added(text: str, entries: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the note with the entries that it lacks, or None if it has them all."""
    held = set(text.split("\n"))
    return _appended(text, [line for line in lines(format_entries(entries)) if line not in held])


def without(text: str, entries: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the note without these entries, or None if it has none of them."""
    gone = set(lines(format_entries(entries)))
    before = text.split("\n")
    kept = [line for line in before if line not in gone]
    if len(kept) == len(before):
        return None
    left = "\n".join(kept)
    return left if left.strip() else ""


def united(one: str, other: str) -> str:
    """Return a note with the lines of both.

    Which of the two is ours makes no difference: two clones that unite the same
    two notes write the same bytes. The lines of each stay in their order.
    """
    mine, theirs = set(lines(one)), set(lines(other))
    if mine == theirs:
        return min(one, other)
    if mine >= theirs:
        return one
    if theirs >= mine:
        return other
    first, second = sorted((one, other))
    held = set(lines(first))
    more = [line for line in dict.fromkeys(lines(second)) if line not in held]
    return _appended(first, more) or first


def _appended(text: str, more: list[str]) -> str | None:
    if not more:
        return None
    # What stands there is kept to the letter: a person may have written beside our lines.
    before = f"{text}\n" if text and not text.endswith("\n") else text
    return before + "".join(f"{line}\n" for line in more)
