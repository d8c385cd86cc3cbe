"""What everybody stores and is asked: the shipped corpus, and as much more as wanted.

The records are kagura-git's; every other memory gets the text of the same
record (``text``): what it says, its tags and its files.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from kagura_git.model.records import AnyRecord, Decision, Error
from kagura_git.search.document import document
from kagura_git.store.files import RecordFiles

CORPUS = Path(__file__).parents[2] / "tests" / "data" / "corpus"
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
CHANGED = 0.33  # of the words
WORD = re.compile(r"[A-Za-z]{5,}")
FRAME_WORDS = frozenset(("Traceback", "recent", "Caused", "panic", "goroutine"))


@dataclass(frozen=True)
class Query:
    """A question, and the records that answer it."""

    text: str
    expect: tuple[str, ...]


def queries(name: str) -> list[Query]:
    """Return the questions of a file of the corpus."""
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [Query(item["query"], tuple(item["expect"])) for item in map(json.loads, lines)]


def shipped() -> list[AnyRecord]:
    """Return the records of the corpus."""
    return [stored.record for stored in RecordFiles(str(CORPUS)).read_all() if stored.record]


def text(record: AnyRecord) -> str:
    """Return what a memory of plain texts keeps of a record."""
    return document(record, record.id, "").words


def title(record: AnyRecord) -> str:
    """Return a record's title on one line."""
    return " ".join(record.title.split())[:100]


def many(count: int) -> list[AnyRecord]:
    """Return so many records: the corpus itself, then variations of it."""
    base = shipped()
    return [*base[:count], *varied(max(0, count - len(base)), base, count)]


def varied(count: int, base: list[AnyRecord], seed: int) -> Iterator[AnyRecord]:
    """Yield records made of the base's, a third of their words replaced by others of the base."""
    rng = random.Random(seed)
    vocabulary = sorted({word for record in base for word in WORD.findall(text(record))})

    def other(match: re.Match[str]) -> str:
        word = match[0]
        return word if word in FRAME_WORDS or rng.random() > CHANGED else rng.choice(vocabulary)

    def vary(given: Any) -> Any:
        if isinstance(given, list):
            return [vary(item) for item in given]
        return WORD.sub(other, given) if isinstance(given, str) else given

    for number in range(count):
        record = base[number % len(base)]
        mark = f"{record.id[0]}-{_digits(seed * 100_000 + number)}"
        if isinstance(record, Error):
            yield replace(
                record, id=mark, fingerprint=f"{seed:016x}{number:016x}",
                message=vary(record.message), solution=vary(record.solution),
                stack_trace=vary(record.stack_trace),
            )  # fmt: skip
        elif isinstance(record, Decision):
            yield replace(
                record, id=mark, decision=vary(record.decision), rationale=vary(record.rationale),
                impact=vary(record.impact), alternatives=vary(record.alternatives),
            )  # fmt: skip


def fresh(count: int, seed: int) -> Iterator[Error]:
    """Yield errors that nobody has seen: the same frames would make one a known error."""
    errors: list[AnyRecord] = [item for item in shipped() if isinstance(item, Error)]
    rng = random.Random(seed)
    words = sorted({word.lower() for record in errors for word in WORD.findall(text(record))})
    for record in varied(count, errors, seed):
        assert isinstance(record, Error)
        where = " ".join(rng.sample(words, 3))
        yield replace(record, stack_trace="", message=f"{where}: {record.message}")


def questions(count: int, held: list[AnyRecord]) -> list[str]:
    """Return different questions: those of the corpus, then words out of records."""
    asked = [query.text for name in ("", "-oblique") for query in queries(f"queries{name}.jsonl")]
    rng = random.Random(len(held))
    while len(asked) < count:
        words = text(rng.choice(held)).split()
        start = rng.randrange(max(1, len(words) - 12))
        asked.append(" ".join(words[start : start + rng.randint(4, 12)]))
    return asked[:count]


def _digits(number: int) -> str:
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(8)))
