"""Records and a shelf of documents for the tests of search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kagura_git.model.records import Decision, Error
from kagura_git.search.document import Document, document
from kagura_git.search.index import RefreshReport, SearchIndex

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def record_id(letter: str, number: int) -> str:
    digits = "".join(_ALPHABET[(number >> (5 * i)) & 31] for i in reversed(range(8)))
    return f"{letter}-{digits}"


def an_error(number: int, message: str, **more: Any) -> Error:
    fields = {"error_type": "ValueError", "author": "Ada", "created_at": MOMENT, **more}
    return Error(id=record_id("E", number), message=message, **fields)


def a_decision(number: int, decision: str, rationale: str = "because", **more: Any) -> Decision:
    return Decision(
        id=record_id("D", number),
        decision=decision,
        rationale=rationale,
        author="Ada",
        created_at=MOMENT,
        **more,
    )


class Shelf:
    """Records by key, as a repository would list them, and who was read."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.documents: dict[str, Document] = {}
        self.loaded: list[list[str]] = []
        for number, text in enumerate(texts):
            self.put(f"k{number:03}", an_error(number, text))

    def put(self, key: str, record: Any) -> None:
        made = document(record, key, "")
        self.documents[key] = replace(made, digest=str(hash((record.id, made.words, made.body))))

    @property
    def listing(self) -> dict[str, str]:
        return {key: item.digest for key, item in self.documents.items()}

    def load(self, keys: list[str]) -> list[Document]:
        self.loaded.append(sorted(keys))
        return [self.documents[key] for key in keys if key in self.documents]

    def refresh(self, index: SearchIndex) -> RefreshReport:
        return index.refresh(self.listing, self.load)
