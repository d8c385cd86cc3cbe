"""What callers hand in, made fit to store: parsed once, cleaned, reduced, redacted.

Assistants send lists as JSON strings, numbers as strings, traces with colour
codes and without end; here all of it becomes one form or one clear error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar, cast

import msgspec

from kagura_git.errors import InvalidRecord, NotFound, UsageError
from kagura_git.model.cleaning import MAX_TEXT, text, trace
from kagura_git.model.ids import LETTERS, Kind, is_id, kind_of
from kagura_git.model.mapping import readable, shortly
from kagura_git.model.plain import RECORD_BYTES, unfit
from kagura_git.model.printable import one_line
from kagura_git.model.records import ACTION_ALIASES, ACTIONS, Action, text_fields
from kagura_git.model.redact import redact_record

__all__ = [
    "MAX_TEXT", "Texts", "action", "checked", "fraction", "line_range", "number", "optional",
    "path", "paths", "record_id", "required", "said_path", "since", "text", "texts", "trace",
]  # fmt: skip
_MOST_PATHS: Final = 5000
_LONGEST_PATH: Final = 4096
_QUOTED: Final = 60
_DAYS: Final = {"d": 1, "w": 7, "m": 30, "y": 365}
T = TypeVar("T")
Texts = Sequence[str] | str | None


def required(value: str | None, name: str) -> str:
    """Return a text that must say something; raises ``UsageError`` naming the parameter."""
    clean = text(value)
    if not clean.strip():
        raise UsageError(f"{name} is empty", hint=f"Say something in {name}.", where=name)
    return clean


def optional(value: str | None) -> str | None:
    """Return a text, or None where nothing is said."""
    return text(value) or None


def path(value: str | None, name: str) -> str:
    """Return a file's path to the letter: names may hold any character but NUL."""
    if not value:
        raise UsageError(f"{name} is empty", hint=f"Name a file in {name}.", where=name)
    return value


def paths(value: Texts, name: str) -> list[str]:
    """Return a list of paths like :func:`texts`, but to the letter; raises ``UsageError``."""
    found = list(dict.fromkeys(item for item in _items(value, name) if item))
    if len(found) > _MOST_PATHS:
        raise UsageError(
            f"{name} names {len(found):,} files", hint="Name their folder instead.", where=name
        )
    return found


def said_path(value: str) -> str:
    """Return a path as a record can say it, wherever it leads: Unicode, and no longer than one."""
    plain = value.encode("utf-8", "replace").decode("utf-8")
    return plain if len(plain) <= _LONGEST_PATH else f"...{plain[-_LONGEST_PATH + 3 :]}"


def texts(value: Texts, name: str) -> list[str]:
    """Return a list of texts from a list, a JSON list, or one bare text; duplicates go.

    Raises:
        UsageError: a JSON value that is no list of texts.
    """
    clean = (text(item).strip() for item in _items(value, name))
    return list(dict.fromkeys(item for item in clean if item))


def _items(value: Texts, name: str) -> list[str]:
    if value is None:
        return []
    items: Sequence[object]
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            try:
                items = json.loads(value)
            except (ValueError, RecursionError):
                items = [value]
        else:
            items = [value] if value.strip() else []
    else:
        items = list(value)
    if not all(isinstance(item, str) for item in items):
        raise UsageError(
            f"{name} must be a list of texts", hint='Such as ["auth", "jwt"].', where=name
        )
    found = [cast(str, item) for item in items]
    size = sum(map(len, found))
    if size > 4 * RECORD_BYTES:  # before seconds are spent on what no file can hold
        raise UsageError(
            f"{name} holds {size:,} characters; a record may have {RECORD_BYTES:,} bytes",
            hint="Say less in it.",
            where=name,
        )
    return found


def _whole(value: float | str) -> int:
    """Return a whole number that JSON carries; raises ``ValueError`` for any other value."""
    if isinstance(value, float) and not value.is_integer():  # 42.0 is what some JSON writers send
        raise ValueError("a fraction")
    found = int(value)
    if not -(2**53) < found < 2**53:
        raise ValueError("beyond what JSON carries exactly")
    return found


def _shown(value: object) -> str:
    """Return a value as an error quotes it, however long it is."""
    try:
        return shortly(value, lambda item: one_line(repr(item), _QUOTED))
    except ValueError:  # Python refuses to write out over 4,300 digits
        return "a number of thousands of digits"


def line_range(value: Sequence[int] | str | None) -> list[int] | None:
    """Return ``[first, last]`` from a pair or from ``"42,57"``; raises ``UsageError``."""
    if value is None or value == "":
        return None
    try:
        parts = re.split(r"[,:-]", value.strip(" []()")) if isinstance(value, str) else value
        numbers = [_whole(part) for part in parts]
    except (TypeError, ValueError, OverflowError):
        numbers = []
    if len(numbers) == 1:
        numbers *= 2
    if len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1]:
        raise UsageError(
            f"line_range is {_shown(value)}, not first,last",
            hint="Such as 42,57.",
            where="line_range",
        )
    return numbers


def number(value: float | str | None, name: str) -> int | None:
    """Return a whole number given as a number or as text; raises ``UsageError``."""
    if value is None or value == "":
        return None
    try:
        found = _whole(value)
    except (TypeError, ValueError, OverflowError):
        found = -1
    if found < 0:
        raise UsageError(f"{name} is {_shown(value)}, not a whole number", where=name)
    return found


def fraction(value: float | str, name: str) -> float:
    """Return a number from 0 to 1; raises ``UsageError``."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):  # a whole number of 400 digits
        found = -1.0
    if not 0 <= found <= 1:
        raise UsageError(f"{name} is {_shown(value)}, not a number from 0 to 1", where=name)
    return found


def action(value: str) -> Action:
    """Return the action a word stands for (``add`` is ``create``); raises ``UsageError``."""
    word = value.strip().lower()
    found = ACTION_ALIASES.get(word, word)
    if found not in ACTIONS:
        raise UsageError(
            f"unknown action {_shown(value)}",
            hint=f"One of {', '.join(ACTIONS)}; also {', '.join(ACTION_ALIASES)}.",
            where="action",
        )
    return found


def checked(record: T) -> tuple[T, list[str]]:
    """Return a record redacted and proven valid, and the kinds of secrets taken out.

    Raises:
        InvalidRecord: a field breaks its rule, or no file could give it back as it is.
    """
    said = text_fields(record).values()  # type: ignore[arg-type]
    texts_ = (item for value in said for item in (value if isinstance(value, list) else [value]))
    size = sum(len(item) for item in texts_ if isinstance(item, str))
    if size > RECORD_BYTES:  # before seconds are spent on what no file can hold
        raise InvalidRecord(
            f"{size:,} characters; a record may have {RECORD_BYTES:,} bytes",
            hint="Shorten its longest texts, or say less in its lists.",
        )
    for name in ("extra", "conflicts"):
        wrong = unfit(getattr(record, name, {}), 0)
        if wrong:
            raise InvalidRecord(f"{name}: {wrong}", hint="Correct that field.")
    try:
        # Building a struct does not validate it; a round trip does.
        msgspec.convert(msgspec.to_builtins(record), type(record))
    except msgspec.ValidationError as error:
        raise InvalidRecord(readable(error), hint="Correct that field.") from None
    return redact_record(record)  # type: ignore[type-var]


def since(value: str, now: datetime) -> datetime:
    """Return the moment a text names: a date, a moment, or an age such as ``30d`` or ``2 weeks``.

    Raises:
        UsageError: it is none of these.
    """
    age = re.fullmatch(r"\s*(\d{1,5})\s*(d|days?|w|weeks?|m|months?|y|years?)\s*(?:ago)?\s*", value)
    if age:
        try:
            return now - timedelta(days=int(age[1]) * _DAYS[age[2][0]])
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise UsageError(
            f"{_shown(value)} is no date",
            hint="Such as 2026-01-31, 30d or '2 weeks'.",
            where="since",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def record_id(value: str, kind: Kind) -> str:
    """Return an id of one kind; raises ``NotFound`` for anything else, saying how one looks."""
    if not is_id(value) or kind_of(value) != kind:
        article = "an" if kind == "error" else "a"
        raise NotFound(
            f"{_shown(value)} is no {kind} id",
            hint=f"{article.capitalize()} {kind}'s id looks like {LETTERS[kind]}-7k3f9q2m.",
            where=value,
        )
    return value
