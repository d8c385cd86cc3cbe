"""The commits among which an origin is looked for: their authors, their dates, their descent.

Read in a few processes, however many commits there are. Commits that no branch
holds any more count too, as long as a reflog or a note still names them.
"""

from __future__ import annotations

import bisect
import heapq
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from kagura_git.errors import GitError
from kagura_git.git import fields, mentions, trailers
from kagura_git.git.mentions import Mentions
from kagura_git.git.run import Git, decode
from kagura_git.model.entries import LARGEST

_FIELDS: Final = ("%H", "%T", "%P", "%an <%ae>", "%ad", "%cn <%ce>", "%ct", "%s", "%b")
_FORMAT: Final = "--format=tformat:" + "%x00".join(_FIELDS)
_LOG: Final = ("log", "-z", "--encoding=UTF-8", "--no-show-signature", "--date=raw", _FORMAT)
_REFS: Final = ("HEAD", "--branches", "--tags", "--remotes", "--glob=refs/original/*")
_SKEW: Final = 24 * 60 * 60
_FAR: Final = 5000
_PICKS: Final = ("cherry-pick", "commit (cherry-pick)", "rebase", "pull --rebase", "am")


@dataclass(frozen=True, slots=True)
class Kin:
    """One commit, as far as finding its origin needs it.

    Attributes:
        author: ``Name <email>``.
        authored: seconds and time zone, as git keeps them.
        linked: the sessions and decisions that its trailers name.
    """

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str
    authored: str
    committer: str
    committed: int
    subject: str
    linked: trailers.Linked
    mentions: Mentions


class Moves(NamedTuple):
    """What the reflogs tell of this repository.

    Attributes:
        tips: every commit that a branch or HEAD has pointed to.
        replayed: the commits that git itself made of others (cherry-pick, rebase, am).
        reset: per commit that followed a ``git reset`` at once, the tip that was given up.
        ages: how many moves of HEAD ago a commit was first its tip, in this worktree.
        amended: per commit that ``git commit --amend`` replaced, the one it became.
    """

    tips: tuple[str, ...]
    replayed: frozenset[str]
    reset: Mapping[str, str]
    ages: Mapping[str, int]
    amended: Mapping[str, str]


@dataclass(slots=True)
class Ancestry:
    """Commits by id, children before their parents."""

    commits: dict[str, Kin]
    _rank: dict[str, int] = field(default_factory=dict)
    _reach: dict[str, int] = field(default_factory=dict)
    _heirs: dict[str, int] = field(default_factory=dict)
    _watched: list[str] = field(default_factory=list)
    _dates: list[int] = field(default_factory=list)
    _patience: int = 3_000_000

    def __post_init__(self) -> None:
        self._rank = {sha: number for number, sha in enumerate(self.commits)}

    def watch(self, shas: Iterable[str]) -> dict[str, int]:
        """Keep track of who descends from whom among these commits; returns one bit for each."""
        self._watched = sorted(set(shas), key=lambda sha: self.commits[sha].committed)
        self._dates = [self.commits[sha].committed for sha in self._watched]
        bits = {sha: 1 << number for number, sha in enumerate(self._watched)}
        self._reach, self._heirs = {}, {}
        for kin in reversed(self.commits.values()):
            reach = bits.get(kin.sha, 0)
            for parent in kin.parents:
                reach |= self._reach.get(parent, 0)
            self._reach[kin.sha] = reach
        for kin in self.commits.values():
            heirs = self._heirs.get(kin.sha, 0) | bits.get(kin.sha, 0)
            for parent in kin.parents:
                self._heirs[parent] = self._heirs.get(parent, 0) | heirs
        return bits

    def possible(self, sha: str) -> int:
        """Return the bits of the watched commits that a commit may be another form of.

        They are committed no later, but for a clock that was wrong by a day, and
        neither descends from the other: what is built upon a commit is not that commit.
        """
        older = bisect.bisect_right(self._dates, self.commits[sha].committed + _SKEW)
        return ((1 << older) - 1) & ~self._reach.get(sha, 0) & ~self._heirs.get(sha, 0)

    def named(self, bits: int) -> list[str]:
        """Return the watched commits of these bits, the newest first."""
        found = []
        while bits:
            top = bits.bit_length() - 1
            found.append(self._watched[top])
            bits ^= 1 << top
        return found

    def base(self, one: str, other: str) -> tuple[str | None, list[str]]:
        """Return the newest common ancestor, and what ``other`` has that ``one`` has not.

        The second is in topological order, the newest first. Nothing is returned
        where they are too far apart, or after too many such questions.
        """
        start = self._patience
        flags: dict[str, int] = {one: 1}
        flags[other] = flags.get(other, 0) | 2
        heap = [(self._rank[sha], sha) for sha in flags if sha in self._rank]
        heapq.heapify(heap)
        best: str | None = None
        alone: list[str] = []
        # Children come before parents: what is popped has all its flags. Below a common
        # ancestor everything is common, so the walk ends when nothing else is left.
        pending = sum(flags[sha] != 3 for _, sha in heap)
        while heap and (pending or best is None):
            self._patience -= 1
            if self._patience < 0 or start - self._patience > _FAR:
                return None, []
            _, sha = heapq.heappop(heap)
            flag = flags[sha]
            pending -= flag != 3
            if flag == 3:
                best = best or sha
            elif flag == 2:
                alone.append(sha)
            for parent in self.commits[sha].parents:
                if parent not in self._rank:
                    continue
                before = flags.get(parent)
                flags[parent] = (before or 0) | flag
                if before is None:
                    heapq.heappush(heap, (self._rank[parent], parent))
                    pending += flag != 3
                elif before != 3 and flags[parent] == 3:
                    pending -= 1
        return best, alone

    def has_ancestor(self, sha: str, ancestor: str) -> bool:
        """Tell whether a commit descends from another one."""
        end = self._rank.get(ancestor, -1)
        seen, wanted = {sha}, [sha]
        while wanted:
            for parent in self.commits[wanted.pop()].parents:
                if parent == ancestor:
                    return True
                # Children come before parents: behind the ancestor there is nothing to find.
                if self._rank.get(parent, end) < end and parent not in seen:
                    seen.add(parent)
                    wanted.append(parent)
        return False


def moves(git: Git, common_dir: str) -> Moves:
    """Return what the reflogs of HEAD, of all worktrees and of all branches tell."""
    refs = git.text("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
    names = [ref for ref in refs.split("\n") if ref]
    # `-g` takes no --stdin; a hundred branches fit the command line.
    batches = [names[at : at + 100] for at in range(0, len(names), 100)]
    lines: list[list[str]] = []
    for batch in (["HEAD"], *([name] for name in _other_heads(common_dir)), *batches):
        done = git.run(
            "log", "-g", "-z", "--no-show-signature", "--format=tformat:%H%x00%gD%x00%gs",
            *batch, "--", ok=(0, 128),
        )  # fmt: skip
        told = decode(done.stdout).split("\0")
        lines += [told[i : i + 3] for i in range(0, len(told) - 2, 3)]
    return _moves(lines)


def _moves(lines: Sequence[Sequence[str]]) -> Moves:
    by_ref: dict[str, list[tuple[str, str]]] = {}
    for sha, name, said in lines:
        by_ref.setdefault(name.rpartition("@{")[0], []).append((sha, said))
    reset = {}
    amended: dict[str, str] = {}
    for ref, log in by_ref.items():  # the newest comes first
        steps = zip(log, log[1:], log[2:], strict=False) if ref.endswith("HEAD") else ()
        for (new, committed), (base, moved), (given_up, _) in steps:
            if committed.startswith("commit") and moved.startswith("reset:") and base != given_up:
                reset[new] = given_up
        for (new, said), (old, _) in pairwise(log):
            if said.startswith("commit (amend)"):
                amended.setdefault(old, new)
    tips = tuple(dict.fromkeys(sha for sha, _, _ in lines))
    replayed = frozenset(sha for sha, _, how in lines if how.startswith(_PICKS))
    ages = {sha: number for number, (sha, _) in enumerate(by_ref.get("HEAD", ()))}
    return Moves(tips, replayed, reset, ages, amended)


def _other_heads(common_dir: str) -> Iterator[str]:
    try:
        names = os.listdir(os.path.join(common_dir, "worktrees"))
    except OSError:
        return
    for name in names:
        if name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            yield f"worktrees/{name}/HEAD"


def load(git: Git, extra: Iterable[str], limit: int | None = None) -> Ancestry:
    """Return the commits that refs reach, and what the extra commits reach.

    Args:
        extra: commits that may be gone from this repository; those are left out.
        limit: how many commits at most, the newest.
    """
    wanted = present(git, extra)
    bound = [f"--max-count={limit}"] if limit else []
    stdin = "".join(f"{sha}\n" for sha in wanted).encode()
    walk = (*_LOG, "--topo-order", *bound, "--ignore-missing", *_REFS, "--stdin")
    try:
        found = dict(_kin(git, walk, stdin))
    except GitError:  # an unreachable commit outlived its parents: only what refs reach is whole
        found = {}
        with suppress(GitError):
            found.update(_kin(git, walk, b""))
    lone = [sha for sha in wanted if sha not in found]
    if lone:
        stdin = "".join(f"{sha}\n" for sha in lone).encode()
        more: dict[str, Kin] = {}
        with suppress(GitError):
            more.update(_kin(git, (*_LOG, "--no-walk=unsorted", "--stdin"), stdin))
        found = {**more, **found}
    return Ancestry(found)


def present(git: Git, shas: Iterable[str]) -> list[str]:
    """Return those of these ids that are commits here."""
    wanted = list(dict.fromkeys(shas))
    if not wanted:
        return []
    stdin = "".join(f"{sha}\n" for sha in wanted).encode()
    check = "--batch-check=%(objecttype)"
    answers = git.text("cat-file", check, stdin=stdin).split("\n")
    return [sha for sha, kind in zip(wanted, answers, strict=True) if kind == "commit"]


def _kin(git: Git, args: Sequence[str], stdin: bytes) -> Iterator[tuple[str, Kin]]:
    # Piece by piece: anyone may write messages of any size.
    told = map(decode, fields.read(git, args, LARGEST, stdin=stdin))
    for sha, tree, parents, author, date, committer, seconds, subject, body in zip(
        *[told] * len(_FIELDS), strict=False
    ):
        yield (
            sha.strip("\n"),
            Kin(
                sha.strip("\n"),
                tree,
                tuple(parents.split()),
                author,
                date,
                committer,
                int(seconds or 0),
                subject,
                trailers.parse(body),
                mentions.parse(subject, body),
            ),
        )
