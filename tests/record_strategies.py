"""Hypothesis strategies for records and for the texts that break codecs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from kagura_git.model.ids import LETTERS, Kind
from kagura_git.model.records import (
    STATUSES,
    Decision,
    Error,
    LearnedPattern,
    Occurrence,
    Record,
    Session,
)

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
MOMENT = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)

# What YAML 1.1, YAML 1.2, a plain scalar or a line-based reader takes for something else.
TROUBLE = [
    "no", "NO", "yes", "on", "off", "y", "true", "True", "false", "null", "Null", "~", "",
    "12:30", "1:30:15", "0123", "0x1F", "0o17", "0b1", "1e3", "1E3", "1.5", "-0", "+1", "1_000",
    ".5", "5.", ".inf", "-.inf", ".nan", "1e999", "12345678901234567890", "2026-01-31",
    "2026-01-31T10:00:00Z", "- x", "-", "# x", "x # y", "a: b", "a:", ": b", "?", "? a", "---",
    "--- x", "...", "<<", "=", "!tag x", "&anchor", "*alias", "|", ">", "|+2", "%YAML 1.1", "@x",
    "`x`", "{a: b}", "[a, b]", "]", "}", ",", "'", '"', "''", '"x', "'x", "\\", "\\n", "\t", " ",
    " x", "x ", "\tx", "x\t", "\n", "\n\n", "\nx", "x\n", "x\n\n\n", "x\n y\n  z", " x\ny",
    "\tx\ny", "x \ny", "x\n \ny", "x\n\t\ny", "x\r\ny", "x\ry", "x\r", "\r\n", "x\x85y",
    "x\x85y\nz", "x\u2028y", "x\u2028y\nz", "x\u2029y\n", "\ufeffx", "\ufeff\n", "\x00", "\x07\n",
    "\x1b[31m", "\x7f", "\x9f\n", "\ufffe", "\uffff\n", "😀", "😀\n日本語", "日本語の決定", "עברית",
    "e\u0301", "\U0010ffff", "---\nx\n...\n", "# x\n# y\n", "- a\n- b", "<<<<<<< HEAD\n=======\n",
    "<<<<<<< ours\na\n||||||| base\nb\n=======\nc\n>>>>>>> theirs", "Title\n=======\n", "x" * 5000,
    "long words " * 400 + "\nend", "%TAG ! x\n---\n", "schema: kagura/error/1\nid: x",
]  # fmt: skip

any_text = st.one_of(
    st.sampled_from(TROUBLE),
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.text(st.sampled_from(" \t\n\r\x85\u2028\u2029\ufeff-:#'\"|>\\x0"), max_size=12),
    st.lists(st.sampled_from(TROUBLE), min_size=2, max_size=4).map("\n".join),
)
said_text = any_text.filter(bool)
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
zoned_moments = st.builds(
    lambda moment, minutes: moment.astimezone(timezone(timedelta(minutes=minutes))),
    moments,
    st.integers(-14 * 60, 14 * 60),
)
json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(allow_nan=False, allow_infinity=False),
        any_text,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)
    ),
    max_leaves=6,
)
_KNOWN = {
    "schema",
    *Decision.__struct_fields__,
    *Error.__struct_fields__,
    *Session.__struct_fields__,
    *LearnedPattern.__struct_fields__,
} - {"extra"}  # a field of that name is as unknown as any other
extras = st.dictionaries(
    st.one_of(any_text, st.just("extra")).filter(lambda name: name not in _KNOWN),
    json_values,
    max_size=3,
)


def ids(kind: Kind) -> st.SearchStrategy[str]:
    """Return a strategy for ids of one kind."""
    return st.text(ALPHABET, min_size=8, max_size=8).map(lambda tail: f"{LETTERS[kind]}-{tail}")


def _optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


_texts = st.lists(any_text, max_size=3)
_common: dict[str, st.SearchStrategy[Any]] = {
    "extra": extras,
    "author": any_text,
    "created_at": moments | zoned_moments,
    # An empty optional text is left out of the file, so only None and a text come back.
    "project_id": _optional(said_text),
    # A dispute is between values that differ: nothing writes an entry of fewer than two.
    "conflicts": st.dictionaries(
        any_text, st.lists(json_values, min_size=2, max_size=3, unique_by=repr), max_size=2
    ),
}
decisions = st.builds(
    Decision,
    id=ids("decision"),
    decision=said_text,
    status=st.sampled_from(STATUSES),
    rationale=said_text,
    alternatives=_texts,
    impact=_optional(said_text),
    tags=_texts,
    related_files=_texts,
    confidence=st.floats(0, 1),
    supersedes=st.lists(ids("decision"), max_size=2),
    superseded_by=_optional(ids("decision")),
    reviewed_by=_optional(said_text),
    reviewed_at=_optional(moments),
    review_note=_optional(said_text),
    signature=_optional(said_text),
    session=_optional(ids("session")),
    **_common,
)
errors = st.builds(
    Error,
    id=ids("error"),
    error_type=said_text,
    message=any_text,
    file_path=_optional(said_text),
    line_number=_optional(st.integers(0, 2**53)),
    resolved=st.booleans(),
    solution=_optional(said_text),
    resolved_at=_optional(moments),
    resolved_commit=_optional(said_text),
    stack_trace=any_text,
    screenshot=_optional(said_text),
    visible_code=_optional(said_text),
    suggested_cause=_optional(said_text),
    tags=_texts,
    occurrences=st.integers(1, 10**6),
    last_seen=_optional(moments),
    seen=st.lists(st.builds(Occurrence, at=moments, session=_optional(ids("session"))), max_size=2),
    fingerprint=_optional(said_text),
    session=_optional(ids("session")),
    **_common,
)
sessions = st.builds(
    Session,
    id=ids("session"),
    description=said_text,
    tags=_texts,
    started_at=moments,
    ended_at=_optional(moments),
    success=_optional(st.booleans()),
    summary=_optional(said_text),
    summary_model=_optional(said_text),
    summary_prompt=_optional(said_text),
    summary_cost=_optional(st.floats(0, 100, allow_nan=False)),
    **_common,
)
patterns = st.builds(
    LearnedPattern,
    id=ids("pattern"),
    pattern_type=said_text,
    name=said_text,
    description=said_text,
    frequency=st.integers(0, 10**9),
    total=st.integers(0, 10**9),
    confidence=st.floats(0, 1),
    severity=st.sampled_from(["info", "low", "medium", "high"]),
    examples=_texts,
    recommendation=_optional(said_text),
    source=said_text,
    tags=_texts,
    learned_at=moments,
    session=_optional(ids("session")),
    **_common,
)
records = st.one_of(decisions, errors, sessions, patterns)


def decision(**fields: Any) -> Decision:
    """Return a decision with every required field, and those given."""
    base: dict[str, Any] = {
        "id": "D-7k3f9q2m",
        "decision": "Use JWT",
        "rationale": "Stateless",
        "author": "Ada <ada@example.org>",
        "created_at": MOMENT,
    }
    return Decision(**{**base, **fields})


def error(**fields: Any) -> Error:
    """Return an error with every required field, and those given."""
    base: dict[str, Any] = {
        "id": "E-7k3f9q2m",
        "error_type": "ValueError",
        "message": "no such thing",
        "author": "Ada <ada@example.org>",
        "created_at": MOMENT,
    }
    return Error(**{**base, **fields})


def session(**fields: Any) -> Session:
    """Return a session with every required field, and those given."""
    base: dict[str, Any] = {
        "id": "S-7k3f9q2m",
        "description": "Add login",
        "started_at": MOMENT,
        "author": "Ada <ada@example.org>",
        "created_at": MOMENT,
    }
    return Session(**{**base, **fields})


def pattern(**fields: Any) -> LearnedPattern:
    """Return a learned pattern with every required field, and those given."""
    base: dict[str, Any] = {
        "id": "P-7k3f9q2m",
        "pattern_type": "naming",
        "name": "snake_case functions in Python",
        "description": "37 of 40 functions of several words are snake_case",
        "learned_at": MOMENT,
        "author": "Ada <ada@example.org>",
        "created_at": MOMENT,
    }
    return LearnedPattern(**{**base, **fields})


def path_for(record: Record) -> str:
    """Return a path such a record may have."""
    return f".kagura/{record.kind}s/2026-03/{record.id}-x.yaml"
