"""Search for shapes by their keywords: spans of a text, in time linear in its length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

DONE = re.compile(r"\[redacted:[a-z0-9-]{1,60}\]")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Span(NamedTuple):
    """Place of a secret in a text, and its kind."""

    start: int
    end: int
    kind: str


class Source:
    """A text to search, with its ASCII letters in lower case."""

    def __init__(self, text: str) -> None:
        """Keep the text; its lower-case form has the same length."""
        self.text = text
        lower = text.lower()
        self.lower = lower if len(lower) == len(text) else text.translate(_ASCII_LOWER)


Check = Callable[[re.Match[str]], "tuple[int, int] | None"]


@dataclass(frozen=True)
class Shape:
    """One form of secret.

    Args:
        kind: what is put in the secret's place.
        keywords: literals of which one stands at the start of every match; in lower
            case they are found in any case.
        pattern: matched at each keyword; its group ``secret``, or all of it, is redacted.
        check: returns the span to redact, or None where the match is harmless.
        inside: the keyword stands inside of the match, which is searched for.
        resume: returns where the search goes on, if not behind the match.
    """

    kind: str
    keywords: tuple[str, ...]
    pattern: re.Pattern[str]
    check: Check | None = None
    inside: bool = False
    resume: Callable[[re.Match[str]], int] = re.Match.end


def spans(source: Source, shapes: Iterable[Shape]) -> Iterator[Span]:
    """Yield where the shapes stand in a text, shape by shape."""
    for shape in shapes:
        for match in _matches(source, shape):
            span = _span(match, shape)
            if span is not None and span[0] < span[1] and not DONE.match(match.string, span[0]):
                yield Span(*span, shape.kind)


def _span(match: re.Match[str], shape: Shape) -> tuple[int, int] | None:
    if shape.check is not None:
        return shape.check(match)
    return match.span("secret" if "secret" in match.re.groupindex else 0)


def _matches(source: Source, shape: Shape) -> Iterator[re.Match[str]]:
    if shape.inside:
        if any(keyword in _searched(source, keyword) for keyword in shape.keywords):
            yield from shape.pattern.finditer(source.text)
        return
    for keyword in shape.keywords:
        searched = _searched(source, keyword)
        place = searched.find(keyword)
        while place >= 0:
            match = shape.pattern.match(source.text, place)
            if match:
                yield match
            resume = shape.resume(match) if match else 0
            place = searched.find(keyword, max(resume, place + len(keyword)))


def _searched(source: Source, keyword: str) -> str:
    return source.lower if keyword.islower() else source.text
