"""Dates as people write them in decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august"
        "|sep sept september|oct october|nov november|dec december".split("|"), 1
    )
    for name in names.split()
}  # fmt: skip
_WORD: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR_FIRST: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/._](\d\d?)[-/._](\d\d?)(?!\d)")
_DAY_FIRST: Final = re.compile(r"(?<![\d.])(\d\d?)([-/.])(\d\d?)\2((?:19|20)\d\d)(?!\d)")
# A year of two digits: with slashes anywhere, in another form only where nothing else is said.
_SHORT: Final = re.compile(r"(?<![\d./-])(\d\d?)(/)(\d\d?)/(\d\d)(?![\d/])")
_SHORT_ALONE: Final = re.compile(r"\s*(\d\d?)([-.])(\d\d?)\2(\d\d)\s*")
_CENTURY_FROM: Final = 70
_EAST_ASIAN: Final = re.compile(r"((?:19|20)\d\d)\s?[年년]\s?(\d\d?)\s?[月월]\s?(\d\d?)\s?[日일]")
_DAY_MONTH: Final = re.compile(
    rf"(?<!\d)(\d\d?)(?:st|nd|rd|th)?(?:\s+of)?[\s-]+({_WORD})\b\.?,?[\s-]+((?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_MONTH_DAY: Final = re.compile(
    rf"\b({_WORD})\b\.?\s+(\d\d?)(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)\b", re.IGNORECASE
)
_COMPACT: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)")


def found(text: str, near: datetime | None = None) -> Iterator[datetime]:
    """Yield the days a text names, in its order, as midnight UTC.

    Args:
        near: of a date that may be read with the day or the month first, the reading
            nearest to this moment is meant; without it, the day is first.
    """
    hits: list[tuple[int, date]] = []
    for match in _YEAR_FIRST.finditer(text):
        hits += _day(match.start(), match[1], match[2], match[3])
    for match in _DAY_FIRST.finditer(text):
        hits += _ambiguous(match, near)
    for match in (*_SHORT.finditer(text), *filter(None, [_SHORT_ALONE.fullmatch(text)])):
        hits += _short(match, near)
    for match in _EAST_ASIAN.finditer(text):
        hits += _day(match.start(), match[1], match[2], match[3])
    for match in _DAY_MONTH.finditer(text):
        hits += _day(match.start(), match[3], _MONTHS[match[2].lower()], match[1])
    for match in _MONTH_DAY.finditer(text):
        hits += _day(match.start(), match[3], _MONTHS[match[1].lower()], match[2])
    for match in _COMPACT.finditer(text):
        hits += _day(match.start(), match[1], match[2], match[3])
    for _, day in sorted(hits):
        yield datetime(day.year, day.month, day.day, tzinfo=UTC)


def _ambiguous(match: re.Match[str], near: datetime | None) -> list[tuple[int, date]]:
    first, second, year = match[1], match[3], match[4]
    readings = _day(match.start(), year, second, first)
    if match[2] == "/":  # with points and hyphens the day is first
        readings += _day(match.start(), year, first, second)
    if near is not None:
        readings.sort(key=lambda hit: abs((hit[1] - near.date()).days))
    return readings[:1]


def _short(match: re.Match[str], near: datetime | None) -> list[tuple[int, date]]:
    """Return the day of a date with a year of two digits: day, month or year may stand first."""
    at, first, second, last = match.start(), match[1], match[3], match[4]
    readings = _day(at, _year(last), second, first)
    if match[2] == "/":
        readings += _day(at, _year(last), first, second)
    readings += _day(at, _year(first), second, last) if match[2] != "." else []
    if near is not None:
        readings.sort(key=lambda hit: abs((hit[1] - near.date()).days))
    return readings[:1]


def _year(digits: str) -> str:
    return f"{'19' if int(digits) >= _CENTURY_FROM else '20'}{digits:0>2}"


def _day(at: int, year: str, month: str | int, day: str) -> list[tuple[int, date]]:
    try:
        return [(at, date(int(year), int(month), int(day)))]
    except ValueError:
        return []
