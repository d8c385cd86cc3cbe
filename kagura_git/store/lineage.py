"""Which version of a record took which one's place, as the journal's chain tells.

A version that was simply edited further is not lost: what took its place
speaks for it. Where the chain is silent (a journal of before there was one, a
line that a crash has torn) the order in time has to do.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from kagura_git.store.journal import NOTHING, UNKNOWN, Event, Journal

Edges = dict[str, dict[str, None]]


@dataclass(slots=True)
class Lineage:
    """The versions of one record, by blob id.

    Attributes:
        kept: the journal's file of each version that is there.
        written: when each was written last, seconds since 1970.
        branches: the branch it was written on, where one is known.
        before: the versions whose place each has ever taken.
        after: the versions that took each one's place since it was last written.
    """

    id: str
    kept: dict[str, str]
    written: dict[str, float] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    before: Edges = field(default_factory=dict)
    after: Edges = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Take in one writing, after those before it."""
        if event.branch:
            self.branches[event.blob] = event.branch
        self.written[event.blob] = event.at
        # Back on the way it once left: what had taken its place speaks for it no longer.
        self.after.pop(event.blob, None)
        if event.replaced not in (NOTHING, UNKNOWN, event.blob):
            self.link(event.replaced, event.blob)

    def link(self, old: str, new: str) -> None:
        """Let one version speak for another."""
        self.before.setdefault(new, {})[old] = None
        self.after.setdefault(old, {})[new] = None

    def ancestors(self, blob: str) -> Iterator[str]:
        """Yield the versions that one came from, the nearest first, without itself."""
        return _walk([blob], self.before)

    def unheld(self, present: Collection[str]) -> set[str]:
        """Return the kept versions for which no version that is present speaks."""
        before = self._spoken_for()
        held = {blob for blob in {*self.kept, *self.after, *before} if blob in present}
        return self.kept.keys() - held - set(_walk(held, before))

    def lost(self, present: Collection[str]) -> list[str]:
        """Return those of them that were edited no further, the newest first."""
        left = self.unheld(present)
        if not left:
            return []
        before = self._spoken_for()
        ends = left - set(_walk(left, before, again=True))
        left -= ends | set(_walk(ends, before))
        while left:  # clocks set back have made a circle of them
            end = max(left, key=self._age)
            ends.add(end)
            left -= {end, *_walk([end], before)}
        return sorted(ends, key=self._age, reverse=True)

    def _age(self, blob: str) -> tuple[float, str]:
        return self.written.get(blob, 0.0), blob

    def _spoken_for(self) -> Edges:
        """Return ``after`` the other way round: whom each version speaks for."""
        found: Edges = {}
        for old, news in self.after.items():
            for new in news:
                found.setdefault(new, {})[old] = None
        return found


def _walk(
    starts: Iterable[str], edges: Mapping[str, Iterable[str]], *, again: bool = False
) -> Iterator[str]:
    """Yield what is reached from the starts, the nearest first.

    Args:
        again: whether to yield a start that is reached from another one.
    """
    queue = list(starts)
    seen = set() if again else set(queue)
    for blob in queue:
        for other in edges.get(blob, ()):
            if other not in seen:
                seen.add(other)
                queue.append(other)
                yield other


def lineages(
    journal: Journal, kept: Mapping[str, Mapping[str, str]], *, guess: bool = True
) -> dict[str, Lineage]:
    """Return the lineage of each of these records.

    Args:
        kept: what :meth:`Journal.kept` says of them.
        guess: whether the order in time may tell what the chain does not.
    """
    found = {record_id: Lineage(record_id, dict(blobs)) for record_id, blobs in kept.items()}
    last: dict[str, str] = {}
    first: dict[str, str] = {}
    for event in journal.events(frozenset(found)):
        lineage = found[event.id]
        # Written where the record had no file: there may have been one of it all the same.
        if event.replaced == NOTHING and event.blob not in lineage.written:
            if event.id not in last:
                first[event.id] = event.blob
            elif guess:
                event = event._replace(replaced=last[event.id])
        lineage.take(event)
        last[event.id] = event.blob
    for record_id, lineage in found.items():
        if lineage.kept.keys() - lineage.written.keys():
            _by_time(lineage, first.get(record_id), guess)
    return found


def _by_time(lineage: Lineage, first: str | None, guess: bool) -> None:
    """Link the versions that the chain is silent about, each to the one written before it.

    Args:
        first: the first version that the chain knows, if it took no other's place.
    """
    silent = lineage.kept.keys() - lineage.written.keys()
    order = []
    for blob, path in lineage.kept.items():
        with suppress(OSError):  # pruned since it was listed
            info = os.lstat(path)
            if stat.S_ISREG(info.st_mode):
                order.append((info.st_mtime, blob))
    order.sort()
    before: str | None = None
    for moment, blob in order:
        if blob in silent:
            lineage.written[blob] = moment
        if (
            guess
            and before is not None
            and (blob in silent or (blob == first and before in silent))
        ):
            lineage.link(before, blob)
        before = blob
