"""The search for the origins of many commits at once, and what each of them gets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kagura_git.git import patches
from kagura_git.git.notes import Entry
from kagura_git.git.versions import record_at
from kagura_git.services import carrying, fixups, origins, squashes
from kagura_git.services.squashes import Range
from kagura_git.services.traces import Origin, Progress, Traces

_ROUNDS: Final = 5
_BATCH: Final = 500
_LONGEST_LINE: Final = 50

Paths = frozenset[str]


@dataclass(frozen=True, slots=True)
class Relinked:
    """A commit that got links.

    Attributes:
        origins: the commits they are from; none where the record files in the commit itself tell.
        how: by what that is known.
        entries: what its note lacked.
    """

    commit: str
    subject: str
    origins: tuple[str, ...]
    how: str
    entries: tuple[Entry, ...]


class OriginSearch:
    """One search over commits, the oldest first.

    Args:
        adders: per record, the commits that added its file.
    """

    def __init__(
        self,
        t: Traces,
        targets: list[str],
        adders: Mapping[str, Sequence[str]],
        progress: Progress | None,
    ) -> None:
        self.t = t
        self.targets = targets
        self.progress = progress
        self.found: dict[str, Relinked] = {}
        self.adders = adders

    def run(self) -> dict[str, Relinked]:
        """Return what each commit gets."""
        self.t.index()
        self._forget_the_old()
        for at in range(0, len(self.targets), _BATCH):
            self.t.read(self.targets[at : at + _BATCH])
            if self.t.late():
                return self.found
        # A link that was found may let another commit find its own.
        for number in range(_ROUNDS):
            if number:
                self.t.index()
            before = dict(self.found)
            self._round()
            self.progress = None
            if self.found == before or self.t.late():
                break
            self.targets = [sha for sha in self.targets if not self._settled(sha)]
        return self.found

    def _settled(self, sha: str) -> bool:
        return sha in self.found and bool(self.found[sha].origins)

    def _forget_the_old(self) -> None:
        """Leave out what is older than all that has links or records."""
        commits = self.t.kin.commits
        linked = self.t.sources | {sha for some in self.adders.values() for sha in some}
        dates = [commits[sha].committed for sha in linked]
        dates += [int(commits[sha].authored.split(" ")[0]) for sha in self.t.sources]
        oldest = min(dates, default=None)
        self.targets = [
            sha for sha in self.targets if oldest is not None and commits[sha].committed >= oldest
        ]

    def _round(self) -> None:
        ranges: dict[str, list[Range]] = {}
        for sha in self.targets:
            origin = origins.named(self.t, sha) or origins.exact(self.t, sha)
            if origin is None:
                ranges[sha] = squashes.ranges(self.t, sha)
            else:
                self._take(sha, origin)
            if self.t.late():
                return
        self.t.read_ranges(item.pair for some in ranges.values() for item in some)
        self._read_texts(ranges)
        rivals = self._rivals(ranges)
        for sha, some in ranges.items():
            origin = self._by_text(sha, some, rivals.get(frozenset(self.t.steps(sha)), ()))
            if origin is not None:
                self._take(sha, origin)
            if self.t.late():
                return
        for sha, origin in self._divided():
            self._take(sha, origin)
        for sha, origin in fixups.melted(self.t, self.targets):
            self._take(sha, origin)
        for sha in self.targets:
            self._add(sha, carrying.recorded(self.t, sha, self._firsts(sha)), (), "record file")

    def _read_texts(self, ranges: Mapping[str, list[Range]]) -> None:
        wanted: list[patches.Pair] = []
        for sha, some in ranges.items():
            wanted += squashes.texts_wanted(self.t, sha, some)
            wanted += origins.texts_wanted(self.t, sha)
        self.t.read_texts(wanted, self.progress)

    def _by_text(self, sha: str, ranges: list[Range], rivals: Iterable[str]) -> Origin | None:
        t = self.t
        return (
            origins.exact(t, sha)
            or squashes.squashed(t, sha, ranges)
            or origins.patched(t, sha)
            or origins.rewritten(t, sha)
            or origins.copied(t, sha, rivals)
            or squashes.itemised(t, sha)
        )

    def _rivals(self, shas: Iterable[str]) -> dict[Paths, list[str]]:
        """Return the commits that have no links yet, by the paths that they change."""
        found: dict[Paths, list[str]] = defaultdict(list)
        for sha in shas:
            if not self.t.own(sha) and sha not in self.found:
                found[frozenset(self.t.steps(sha))].append(sha)
        return found

    def _divided(self) -> Iterator[tuple[str, Origin]]:
        """Yield what the parts of a commit that was reset took over from it."""
        commits = self.t.kin.commits
        heirs: dict[str, list[str]] = defaultdict(list)
        for sha in self.targets:
            heirs[next(iter(commits[sha].parents), "")].append(sha)
        wanted = set(self.targets)
        for first, given_up in self.t.moves.reset.items():
            if first not in wanted or given_up not in commits or not commits[first].parents:
                continue
            parts = [first]
            while len(heirs[parts[-1]]) == 1 and len(parts) < _LONGEST_LINE:
                parts += heirs[parts[-1]]
            yield from squashes.divided(self.t, commits[first].parents[0], given_up, parts)

    def _firsts(self, sha: str) -> set[str]:
        """Return the records whose files this commit added, and none of its ancestors did."""
        firsts = set()
        for path, step in self.t.steps(sha).items():
            record = record_at(path) if step.adds else None
            if record is None or sha not in self.adders.get(record, ()):
                continue
            others = [other for other in self.adders[record] if other != sha]
            if not any(self.t.kin.has_ancestor(sha, other) for other in others):
                firsts.add(record)
        return firsts

    def _take(self, sha: str, origin: Origin) -> None:
        entries = carrying.carried(self.t, sha, origin)
        self._add(sha, entries, origin.commits, origin.how)

    def _add(self, sha: str, entries: list[Entry], commits: tuple[str, ...], how: str) -> None:
        if not entries:
            return
        self.t.entries[sha] = [*self.t.entries.get(sha, ()), *entries]
        self.t.took(sha, entries)
        known = self.found.get(sha)
        self.found[sha] = Relinked(
            sha,
            self.t.kin.commits[sha].subject,
            tuple(dict.fromkeys((*known.origins, *commits))) if known else commits,
            known.how if known and known.origins else how,
            (*known.entries, *entries) if known else tuple(entries),
        )
