"""Links between imported decisions: which files they name, and what follows from it."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kagura_git.model.records import Status
from kagura_git.services.adr.references import Reference, number_of


@dataclass(slots=True)
class Known:
    """The decisions that can be named: by file, by the name alone, by number in a folder."""

    by_source: dict[str, str] = field(default_factory=dict)
    _by_name: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _by_number: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, source: str, record_id: str, title: str) -> None:
        """Take in a decision."""
        self.by_source[source] = record_id
        folder, name = posixpath.split(source)
        self._by_name[_stem(name)].add(record_id)
        number = number_of(source, title)
        if number is not None:
            self._by_number[folder, number].add(record_id)

    def resolve(self, reference: Reference, source: str) -> str | None:
        """Return the id of the decision that a file names; None if none or several fit."""
        folder = posixpath.dirname(source)
        if reference.target:
            path = posixpath.normpath(posixpath.join(folder, reference.target))
            for candidate in (path, f"{path}.md", reference.target.lstrip("/")):
                if candidate in self.by_source:
                    return self.by_source[candidate]
            named = self._by_name.get(_stem(posixpath.basename(reference.target)), set())
            if len(named) == 1:
                return next(iter(named))
        numbered = self._by_number.get((folder, reference.number or 0), set())
        if reference.number is not None and len(numbered) == 1:
            return next(iter(numbered))
        return None


def _stem(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return (
        stem if dot and ending.lower() in ("md", "markdown", "mdx", "rst", "adoc") else name
    ).lower()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a decision stands among the others."""

    status: Status
    supersedes: tuple[str, ...] = ()
    superseded_by: str | None = None


def standing(
    statuses: Mapping[str, Status], links: Iterable[tuple[str, str]]
) -> tuple[dict[str, Standing], list[tuple[str, str]]]:
    """Return where each decision stands, and the links left out for closing a circle.

    Args:
        statuses: as the files tell them, in the order of the files.
        links: pairs of an older decision and the one that supersedes it.
    """
    after: dict[str, str] = {}
    older: dict[str, list[str]] = defaultdict(list)
    dropped = []
    for old, new in dict.fromkeys(links):
        if (
            old == new
            or _leads(after, new, old)
            or old in older.get(new, ())
            or new in older.get(old, ())
        ):
            dropped.append((old, new))
            continue
        older[new].append(old)
        # What is only proposed, or was rejected, ends nothing yet.
        if statuses.get(new) in ("accepted", "superseded") or statuses.get(old) == "superseded":
            after[old] = new
    out = {}
    for name, status in statuses.items():
        ended = name in after and status in ("accepted", "proposed")
        by = after.get(name) if ended or status == "superseded" else None
        out[name] = Standing("superseded" if ended else status, tuple(older.get(name, ())), by)
    return out, dropped


def _leads(after: Mapping[str, str], start: str, goal: str) -> bool:
    seen = set()
    while start in after and start not in seen:
        seen.add(start)
        start = after[start]
        if start == goal:
            return True
    return False
