"""What an import did, file by file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Imported:
    """One decision that was read.

    Attributes:
        source: the file.
        date_from: where its date was taken from.
        fields: what was changed, for one that was here already.
        kept: what the file says otherwise, and a person has edited here since.
        notes: what could not be read, or is not kept.
    """

    id: str
    source: str
    title: str
    status: str
    path: str = ""
    date_from: str = ""
    fields: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is no decision, or cannot be read, and why."""

    source: str
    reason: str


@dataclass(slots=True)
class ImportReport:
    """What an import did, or with ``dry_run`` would do.

    Attributes:
        gone: decisions whose file is no longer in the folder; they stay.
        redacted: the kinds of secrets that were taken out.
    """

    dry_run: bool = False
    imported: list[Imported] = field(default_factory=list)
    updated: list[Imported] = field(default_factory=list)
    unchanged: list[Imported] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return asdict(self)
