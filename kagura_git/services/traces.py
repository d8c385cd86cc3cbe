"""What :mod:`~kagura_git.services.relink` looks at: commits, their notes and what they change.

Everything is read in bulk, and what is expensive (the text of a change) only
for commits that something cheaper has brought together.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kagura_git.git import patches
from kagura_git.git.ancestry import Ancestry, Kin, Moves
from kagura_git.git.notes import Entry
from kagura_git.git.patches import Pair, Patch, Steps
from kagura_git.git.run import Git
from kagura_git.git.versions import record_at
from kagura_git.model.ids import is_id

# Fewer different lines than this two people may well write alike without knowing of each other.
_TRIVIAL: Final = 3
# Who descends from whom takes two bits for every commit and every one that is watched.
_MOST_BITS: Final = 1 << 30

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a commit's links are to come from.

    Attributes:
        commits: the commits it was made of.
        how: by what that is known, in a word.
        whole: one commit made again, so that all of its links are meant.
        paths: where the files of those commits are in this one, if they were moved
            (``filter-branch --subdirectory-filter``), or the only ones to carry.
    """

    commits: tuple[str, ...]
    how: str
    whole: bool = False
    paths: Mapping[str, str] | None = None


@dataclass
class Traces:
    """The commits of a repository with what is known of each.

    Attributes:
        entries: the notes, by commit; also of commits that are gone.
        alive: the commits that a branch, a tag or a remote's branch still holds.
        known: the records that exist; a message may name others.
        deadline: when to stop, by the monotonic clock.
    """

    git: Git
    kin: Ancestry
    moves: Moves
    entries: dict[str, list[Entry]]
    alive: set[str]
    known: set[str]
    deadline: float | None = None
    bits: dict[str, int] = field(default_factory=dict)
    by_paths: dict[frozenset[str], int] = field(default_factory=dict)
    by_path: dict[str, int] = field(default_factory=dict)
    by_blob: dict[tuple[str, str], int] = field(default_factory=dict)
    by_author: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    by_tree: dict[str, list[str]] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    takers: dict[str, list[str]] = field(default_factory=dict)
    _steps: dict[str, Steps] = field(default_factory=dict)
    _ranges: dict[Pair, Steps] = field(default_factory=dict)
    _texts: dict[Pair, Patch | None] = field(default_factory=dict)

    def index(self) -> None:
        """Sort the commits that have links, and the tips of lines that may hold some."""
        commits = self.kin.commits
        self.sources = {
            sha for sha, kin in commits.items() if self.entries.get(sha) or any(kin.linked)
        }
        watched = self._bounded(self.sources | {s for s in self.moves.tips if s in commits})
        self.read(watched)
        self.bits = self.kin.watch(watched)
        self.by_author, self.by_tree = defaultdict(list), defaultdict(list)
        self.takers = defaultdict(list)
        for sha in self.sources:
            self.took(sha, self.entries.get(sha, ()))
        by_path: dict[str, int] = defaultdict(int)
        by_blob: dict[tuple[str, str], int] = defaultdict(int)
        by_paths: dict[frozenset[str], int] = defaultdict(int)
        for sha in watched:
            kin, bit, steps = commits[sha], self.bits[sha], self._steps[sha]
            self.by_tree[kin.tree].append(sha)
            if sha in self.sources:
                self.by_author[kin.author, kin.authored].append(sha)
            if sha in self.sources and len(kin.parents) <= 1:
                by_paths[frozenset(steps)] |= bit
            for path, step in steps.items():
                by_path[path] |= bit
                by_blob[path, step.new] |= bit
        self.by_path, self.by_paths, self.by_blob = by_path, by_paths, by_blob

    def _bounded(self, shas: set[str]) -> list[str]:
        """Return as many of these commits, the newest, as may be watched without a GB of memory."""
        most = _MOST_BITS // max(1, len(self.kin.commits))
        newest = sorted(shas, key=lambda sha: self.kin.commits[sha].committed, reverse=True)
        return newest[:most]

    def read(self, shas: Iterable[str]) -> None:
        """Read what these commits change, where it is not known yet."""
        missing = [sha for sha in dict.fromkeys(shas) if sha not in self._steps]
        found = patches.steps(self.git, [self.pair(sha) for sha in missing])
        self._steps.update(zip(missing, found, strict=True))

    def steps(self, sha: str) -> Steps:
        """Return what a commit changes, against its first parent."""
        if sha not in self._steps:
            self.read([sha])
        return self._steps[sha]

    def pair(self, sha: str) -> Pair:
        """Return the trees before and after a commit."""
        kin = self.kin.commits[sha]
        parent = self.kin.commits.get(kin.parents[0]) if kin.parents else None
        # A parent that is not here (a shallow clone's edge) leaves nothing to compare with.
        before = patches.empty_tree(kin.tree) if not kin.parents else kin.tree
        return (parent.tree if parent else before, kin.tree)

    def read_ranges(self, pairs: Iterable[Pair]) -> None:
        """Read what lies between these pairs of trees."""
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in self._ranges]
        self._ranges.update(zip(missing, patches.steps(self.git, missing), strict=True))

    def between(self, pair: Pair) -> Steps:
        """Return what lies between two trees."""
        if pair not in self._ranges:
            self.read_ranges([pair])
        return self._ranges[pair]

    def read_texts(self, pairs: Iterable[Pair], progress: Progress | None = None) -> None:
        """Read what lies between these pairs of trees as text."""
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in self._texts]
        self.read_ranges(missing)
        for at in range(0, len(missing), 200):
            if self.late():
                return
            batch = missing[at : at + 200]
            found = patches.patches(self.git, batch, [self._ranges[pair] for pair in batch])
            self._texts.update(zip(batch, found, strict=True))
            if progress:
                progress(at, len(missing))

    def text(self, pair: Pair) -> Patch | None:
        """Return a change as text, if :meth:`read_texts` has read it."""
        return self._texts.get(pair)

    def late(self) -> bool:
        """Tell whether the time is up."""
        return self.deadline is not None and time.monotonic() > self.deadline

    def possible(self, sha: str, bits: int) -> list[str]:
        """Return those of some watched commits that a commit may be made of, the newest first.

        What has entries of its own may be the older one of the two, so it must be
        known to be the younger.
        """
        found = self.kin.named(bits & self.kin.possible(sha))
        older = self._before if self.own(sha) else self._not_after
        return [o for o in found if older(o, sha) and not self._amended_below(o, sha)]

    def _not_after(self, one: str, other: str) -> bool:
        """Tell whether the clocks allow that one was there first; one person's clock is one."""
        first, second = self.kin.commits[one], self.kin.commits[other]
        return first.committed <= second.committed or first.committer != second.committer

    def _amended_below(self, one: str, other: str) -> bool:
        """Tell whether a commit is built upon what became of one: then it is no form of that."""
        heir = self.moves.amended.get(one)
        return heir is not None and heir in self.kin.commits and self.kin.has_ancestor(other, heir)

    def _before(self, one: str, other: str) -> bool:
        first, second = self.kin.commits[one].committed, self.kin.commits[other].committed
        ages = self.moves.ages  # several commits in one second: only the reflog knows
        return first < second or (first == second and ages.get(one, -1) > ages.get(other, 1 << 60))

    def took(self, sha: str, entries: Iterable[Entry]) -> None:
        """Remember which commits a commit has its entries from."""
        for origin in {str(entry["from"]) for entry in entries if "from" in entry}:
            self.takers[origin].append(sha)

    def taken_before(self, sha: str, origins: Iterable[str]) -> bool:
        """Tell whether an ancestor was made of these commits: then their change came, and went.

        Who brings back by hand what was reverted makes a new change.
        """
        takers = {taker for origin in origins for taker in self.takers.get(origin, ())}
        return any(self.kin.has_ancestor(sha, taker) for taker in takers - {sha})

    def mask(self, shas: Iterable[str]) -> int:
        """Return the bits of these commits, as far as they are watched."""
        found = 0
        for sha in shas:
            found |= self.bits.get(sha, 0)
        return found

    def touching(self, steps: Steps) -> int:
        """Return the bits of the watched commits that change one of these paths."""
        found = 0
        for path in steps:
            found |= self.by_path.get(path, 0)
        return found

    def leaving(self, steps: Steps) -> int:
        """Return the bits of those that leave one of these paths as these steps do."""
        found = 0
        for path, step in steps.items():
            found |= self.by_blob.get((path, step.new), 0)
        return found

    def own(self, sha: str) -> bool:
        """Tell whether a commit has entries that were written for itself."""
        return any("from" not in entry for entry in self.entries.get(sha, ()))

    def ids(self, sha: str) -> set[str]:
        """Return the records that a commit is linked to."""
        kin = self.kin.commits.get(sha)
        values = [
            value for e in self.entries.get(sha, ()) for value in (e.get("id"), e.get("session"))
        ]
        found = {value for value in values if isinstance(value, str) and is_id(value)}
        return found.union(*kin.linked) if kin else found

    def trivial(self, pair: Pair) -> bool:
        """Tell whether a change is so small that it proves nothing."""
        text = self.text(pair)
        return text is None or text.weight < _TRIVIAL


def linked_text(kin: Kin) -> set[str]:
    """Return the ids that a commit's message names."""
    return {*kin.linked.sessions, *kin.linked.decisions}


def records(steps: Steps) -> set[tuple[str, str]]:
    """Return the records that a change adds or edits, with their blobs: no others are equal."""
    return {
        (found, step.new)
        for path, step in steps.items()
        if step.new.strip("0") and (found := record_at(path)) is not None
    }
