"""Secrets out of text before it is stored, sent or logged: ``[redacted:<kind>]`` in their place.

The shapes are in :mod:`kagura_git.model.secrets`; they are matched on the
normal form of the text (:mod:`kagura_git.model.normalize`), so that characters
without width hide nothing, and replaced in the original. Redaction is
idempotent, and takes time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

import msgspec

from kagura_git.model.normalize import normal
from kagura_git.model.records import (
    Change,
    Decision,
    Error,
    LearnedPattern,
    Session,
    text_fields,
)
from kagura_git.model.secrets import (
    assignments,
    command_line,
    headers,
    provider_tokens,
    urls,
)
from kagura_git.model.secrets.detectors import detected
from kagura_git.model.secrets.private_keys import private_keys
from kagura_git.model.secrets.scan import Source, Span, spans

R = TypeVar("R", Decision, Error, Session, LearnedPattern, Change)

# Where two overlap, the kind of the one that stands first here is told.
_SHAPES: Final = (
    *provider_tokens.SHAPES,
    *urls.SHAPES,
    *assignments.SHAPES,
    *headers.SHAPES,
    *command_line.SHAPES,
)
# Beside the free texts: what a caller may have put an address with a password into.
_ALSO: Final = (
    "related_files", "screenshot", "project_id", "imported_from", "imported_status", "extra",
    "conflicts",
)  # fmt: skip
_ROUNDS: Final = 6
# A text with none of these cannot match any shape.
_SUSPECT: Final = re.compile(
    r"[A-Za-z0-9_+/=.-]{16,}|://|-----|(?i:pass|pwd|pw[:=]|secret|token|key|auth|bearer|basic"
    r"|credential|cookie|login|curl|identified|sig=|code=|jdbc|add_user|response=|[ '\"]-[apwPU])"
)


def redact(text: str) -> tuple[str, list[str]]:
    """Return the text without its secrets, and the kinds that were found, each once."""
    kinds: dict[str, None] = {}
    for _ in range(_ROUNDS):
        form = normal(text)
        if not _SUSPECT.search(form.text):
            break
        found = _joined(_found(Source(form.text)))
        if not found:
            break
        kinds.update((span.kind, None) for span in found)
        originals = [Span(*form.original(start, end), kind) for start, end, kind in found]
        text = _replaced(text, originals)  # what stood behind a secret may be one itself
    return text, list(kinds)


def _found(source: Source) -> Iterator[Span]:
    """Yield the secrets of a text, the most certain shapes first."""
    yield from private_keys(source)
    yield from spans(source, _SHAPES)
    yield from detected(source)


def _joined(found: Iterable[Span]) -> list[Span]:
    """Return disjoint spans in order; overlapping ones become one of the first one's kind."""
    ranked = [(span, rank) for rank, span in enumerate(found)]
    joined: list[tuple[Span, int]] = []
    for span, rank in sorted(ranked):
        if joined and span.start < joined[-1][0].end:
            last, best = joined[-1]
            kind = span.kind if rank < best else last.kind
            joined[-1] = (Span(last.start, max(last.end, span.end), kind), min(rank, best))
        else:
            joined.append((span, rank))
    return [span for span, _ in joined]


def _replaced(text: str, found: Iterable[Span]) -> str:
    parts: list[str] = []
    last = 0
    for start, end, kind in found:
        parts += text[last:start], f"[redacted:{kind}]"
        last = end
    return "".join((*parts, text[last:]))


def redact_record(record: R) -> tuple[R, list[str]]:
    """Return the record with every text redacted, its free-form fields too, and the kinds found.

    The paths of a change stay to the letter: its commit is found by them.
    """
    changes: dict[str, Any] = {}
    kinds: dict[str, None] = {}
    also: tuple[str, ...] = () if isinstance(record, Change) else _ALSO
    values: dict[str, Any] = {**text_fields(record)}
    values.update((name, getattr(record, name, None)) for name in also)
    for name, value in values.items():
        clean, found = _redacted(value)
        if found:
            changes[name] = clean
            kinds.update(dict.fromkeys(found))
    return (msgspec.structs.replace(record, **changes) if changes else record), list(kinds)


def _redacted(value: Any) -> tuple[Any, list[str]]:
    """Return a value of texts, lists and mappings, redacted, and the kinds found in it."""
    kinds: dict[str, None] = {}

    def clean(item: Any) -> Any:
        match item:
            case str():
                text, found = redact(item)
                kinds.update(dict.fromkeys(found))
                return text
            case list():
                return [clean(inner) for inner in item]
            case dict():
                return dict(zip(item, map(clean, item.values()), strict=True))
            case _:
                return item

    return clean(value), list(kinds)
