"""What a verb that records answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kagura_git.model.records import AnyRecord

if TYPE_CHECKING:
    pass


class Recorded(str):
    """The id of what was just recorded, and what became of it, as attributes.

    It is a plain ``str``; ``.id`` is the same text. What else is there depends
    on the kind: ``new``, ``occurrences``, ``resolved``, ``solution`` (errors),
    ``status`` (decisions), ``action`` (changes), ``similar``, ``redacted``,
    ``path`` and ``record``.
    """

    id: str
    record: AnyRecord

    def __new__(cls, record: AnyRecord, **facts: Any) -> Recorded:
        """Return the record's id carrying ``facts``."""
        self = super().__new__(cls, record.id)
        self.id = record.id
        self.record = record
        for name, value in facts.items():
            setattr(self, name, value)
        self._facts = facts
        return self

    _facts: dict[str, Any]

    @property
    def title(self) -> str:  # type: ignore[override]
        """The record's title; ``str.title`` has no use on an id."""
        return self.record.title

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return getattr(self.record, name)
        except AttributeError:
            raise AttributeError(f"{self.record.kind} {self.record.id} has no {name!r}") from None

    def to_dict(self) -> dict[str, Any]:
        """Return id and facts as JSON-ready values, as the command line prints them."""
        return {"id": self.id, **self._facts}
