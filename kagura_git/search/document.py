"""A record as the search sees it: words to match, passages to embed, fields to filter by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from kagura_git.model.fingerprint import of_error
from kagura_git.model.frames import frames
from kagura_git.model.ids import Kind
from kagura_git.model.mapping import iso
from kagura_git.model.records import (
    AnyRecord,
    Change,
    Decision,
    Error,
    LearnedPattern,
    Session,
)
from kagura_git.search.passages import clean, passages, places

# Beyond this a text is a pasted log; its head says what it is about.
_WORDS_LIMIT: Final = 40_000
_BODY_LIMIT: Final = 6_000
_HEAD_LIMIT: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What the index keeps of one record.

    ``key`` is unique in one index: the record's path in the repository, or a
    change's id. ``digest`` names the content it came from (a blob id), ``words``
    is all text for the lexical side, ``passages`` the texts to embed and
    ``body`` what snippets are cut from.
    """

    key: str
    digest: str
    id: str
    kind: Kind
    title: str
    words: str
    passages: tuple[str, ...]
    body: str
    created_at: str
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    resolved: bool | None = None
    status: str | None = None
    fingerprint: str | None = None
    session: str | None = None
    project_id: str | None = None
    author: str | None = None


def document(record: AnyRecord, key: str, digest: str) -> Document:
    """Return the document of a record that is stored under ``key`` with content ``digest``."""
    match record:
        case Decision():
            parts, texts, files = _decision(record)
        case Error():
            parts, texts, files = _error(record)
        case Session():
            parts, texts, files = _session(record)
        case LearnedPattern():
            parts, texts, files = _pattern(record)
        case Change():
            parts, texts, files = _change(record)
    disputed = [text for text in _disputed(record) if text not in parts]
    if disputed:
        parts = [*parts, *disputed]
        texts += passages("\n".join([record.title, *disputed]), record.title)
    tags = [] if isinstance(record, Change) else list(map(clean, record.tags))
    files = list(map(clean, files))
    words = clean("\n".join([*_said(parts), *tags, *files]))
    return Document(
        key=key,
        digest=digest,
        id=record.id,
        kind=record.kind,
        title=clean(record.title),
        words=words[:_WORDS_LIMIT],
        passages=tuple(map(clean, texts)) or (clean(record.title) or record.id,),
        body=clean("\n".join(_said(parts)))[:_BODY_LIMIT],
        created_at=iso(record.created_at),
        tags=tuple(tags),
        files=tuple(dict.fromkeys(files)),
        resolved=record.resolved if isinstance(record, Error) else None,
        status=record.status if isinstance(record, Decision) else None,
        fingerprint=of_error(record) if isinstance(record, Error) else None,
        session=record.id if isinstance(record, Session) else record.session,
        project_id=record.project_id,
        author=record.author,
    )


_Parts = tuple[list[str | None], tuple[str, ...], list[str]]


def _disputed(record: AnyRecord) -> list[str]:
    """Return the texts that a merge could not choose between: the fields show but one of them."""
    return [] if isinstance(record, Change) else _leaves(record.conflicts)


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        # A signature is of no language.
        value = [item for name, item in value.items() if name != "signature"]
    if isinstance(value, list):
        return [text for item in value for text in _leaves(item)]
    return [value] if isinstance(value, str) else []


def _said(parts: Iterable[str | None]) -> list[str]:
    return [part for part in parts if part and part.strip()]


def _decision(record: Decision) -> _Parts:
    why = "\n".join(_said([record.decision, record.rationale]))
    rest = "\n".join(_said([*record.alternatives, record.impact]))
    texts = passages(why, record.title)
    if rest:
        texts += passages(f"{record.title}\n{rest}", record.title)
    return (
        [record.decision, record.rationale, *record.alternatives, record.impact],
        texts,
        record.related_files,
    )


def _error(record: Error) -> _Parts:
    head = f"{record.error_type}: {record.message}"
    calls = frames(record.stack_trace)
    where = places(calls) if calls else record.stack_trace
    texts = passages("\n".join(_said([head, record.file_path, where])), record.title)
    if record.solution:
        texts += passages(f"{record.title}\n{record.solution}", record.title)
    # What it is about and how it ended in one passage: people ask for both at once.
    if record.solution or record.tags:
        about = [head[:_HEAD_LIMIT], " ".join(record.tags), record.file_path, record.solution]
        texts += passages("\n".join(_said(about)))[:1]
    return (
        [head, record.solution, record.suggested_cause, record.stack_trace, record.visible_code],
        texts,
        [record.file_path] if record.file_path else [],
    )


def _session(record: Session) -> _Parts:
    texts = passages("\n".join(_said([record.description, record.summary])), record.title)
    return [record.description, record.summary], texts, []


def _pattern(record: LearnedPattern) -> _Parts:
    parts = [record.title, record.description, record.recommendation]
    texts = passages("\n".join(_said(parts)), record.title)
    return [*parts, *record.examples], texts, []


def _change(record: Change) -> _Parts:
    files = [f for f in (record.path, record.old_path, *record.related_files) if f]
    texts = passages("\n".join(_said([record.path, record.reason])), record.path)
    return [record.reason, record.action], texts, files
