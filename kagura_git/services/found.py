"""What a search answers with, and what it can be asked to leave out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from kagura_git.model.ids import Kind
from kagura_git.model.mapping import iso
from kagura_git.model.records import AnyRecord, governs

if TYPE_CHECKING:
    from kagura_git.search.manifest import Entry

# If the best hit is less likely than this, nothing similar was recorded: wrong 93 to 98 times
# in 100 over the calibration's sets.
NO_ANSWER: Final = 0.05


@dataclass(frozen=True, slots=True)
class Successor:
    """The decision in force instead of a superseded one; its title is None where it is missing."""

    id: str
    title: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found; its ``score`` is the probability that it is what was meant.

    ``abandoned``: neither git nor any work tree has it, only the journal.
    ``superseded_by``: of a superseded decision, the one in force.
    """

    id: str
    kind: Kind
    score: float
    title: str
    snippet: str
    path: str
    resolved: bool | None
    status: str | None
    commits: tuple[str, ...]
    record: AnyRecord
    abandoned: bool = False
    superseded_by: Successor | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a query.

    ``ranking`` says whether meaning took part (``hybrid``), ``abandoned`` whether
    roads not taken were asked for too.
    """

    query: str
    ranking: str
    hits: tuple[Hit, ...]
    abandoned: bool = False

    def or_nothing(self) -> Found:
        """Return this, or no hits if not even the best is likely to be what was meant."""
        likely = any(hit.score >= NO_ANSWER for hit in self.hits)
        return self if likely else replace(self, hits=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a hit must be; an empty filter lets everything pass."""

    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    file: str | None = None
    since: datetime | None = None
    unresolved: bool = False
    project_id: str | None = None
    author: str | None = None
    other_than: str | None = None

    def keep(self, entry: Entry) -> bool:
        """Tell whether an index entry passes every filter."""
        if self.kinds and entry.kind not in self.kinds:
            return False
        if entry.id == self.other_than:
            return False
        if self.tags and not set(self.tags) <= set(entry.tags):
            return False
        if self.file and not any(governs(self.file, path) for path in entry.files):
            return False
        if self.since and entry.created_at < iso(self.since):
            return False
        if self.unresolved and (entry.kind != "error" or entry.resolved):
            return False
        if self.project_id and entry.project_id not in (None, self.project_id):
            return False
        return not (self.author and entry.author != self.author)
