"""The merges of a history, and the records that more than one of their sides changed.

Read in bulk: one process lists the merges, one compares all their trees; only
the merge bases cost a process each. Light on purpose: the hooks use it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from kagura_git.git.run import Git, decode
from kagura_git.git.versions import Difference, Version, differences

_MANY: Final = 8
_AT_ONCE: Final = 4


class Merge(NamedTuple):
    """A merge and the commits it joined; ``commit`` is None while it waits to be committed."""

    commit: str | None
    parents: tuple[str, ...]

    @property
    def pivot(self) -> str:
        """The commit that the sides and their bases are compared with."""
        return self.commit or self.parents[0]


class Contest(NamedTuple):
    """A record that more than one side of a merge changed.

    Attributes:
        sides: each parent's version, None where that side has no such record.
        bases: for each parent after the first, its merge bases with the parents
            before it, and the version in each.
        result: the merge's version; of a merge in progress its first parent's.
    """

    merge: Merge
    id: str
    sides: tuple[Version | None, ...]
    bases: tuple[tuple[tuple[str, Version | None], ...], ...]
    result: Version | None

    @property
    def path(self) -> str:
        """Where the record lives: in the result, else on a side that still has it."""
        return next(version.path for version in (self.result, *self.sides) if version)

    def versions(self) -> Iterator[Version]:
        """Yield every version there is."""
        bases = (version for step in self.bases for _, version in step)
        for version in (self.result, *self.sides, *bases):
            if version is not None:
                yield version


class Contests(NamedTuple):
    """What :func:`contests` found; ``baseless``: merges whose base a shallow clone lacks."""

    found: list[Contest]
    baseless: list[Merge]


class _Doubt(NamedTuple):
    """A merge, each parent compared with it, and the records that may have gone wrong."""

    merge: Merge
    sides: list[dict[str, Difference]]
    ids: list[str]


def listed(git: Git, *revisions: str, limit: int, of: str | None = None) -> list[Merge]:
    """Return the merges among these revisions, newest first; none if a revision is unknown.

    Args:
        of: only merges in which this record differs from at least one parent's.
    """
    # --full-history: the usual walk leaves out the very side that was lost.
    done = git.run(
        "log", "--no-show-signature", "--full-history", "--min-parents=2",
        f"--max-count={limit}", "--format=%H %P", *revisions, "--", *([glob(of)] if of else []),
        ok=(0, 128),
    )  # fmt: skip
    lines = (line.split() for line in decode(done.stdout).splitlines())
    return [Merge(commit, tuple(parents)) for commit, *parents in lines]


def in_progress(git_dir: str, head: str | None) -> Merge | None:
    """Return the merge that waits to be committed in this worktree, if there is one."""
    try:
        with open(os.path.join(git_dir, "MERGE_HEAD"), encoding="ascii") as file:
            others = file.read().split()
    except (OSError, UnicodeDecodeError):
        return None
    return Merge(None, (head, *others)) if head and others else None


def is_shallow(common_dir: str) -> bool:
    """Tell whether a repository holds only the newest part of its history."""
    return os.path.exists(os.path.join(common_dir, "shallow"))


def glob(record_id: str) -> str:
    """Return the pathspec of a record's file, whatever its month and slug."""
    return f":(glob).kagura/*/*/{record_id}*.yaml"


def contests(git: Git, merges: Sequence[Merge], *, shallow: bool) -> Contests:
    """Return the records that more than one side changed, in the order of the merges.

    Left out is what cannot have gone wrong: the sides agree, or only one of
    them has the record and so has the merge.
    """
    doubts = list(_doubts(git, merges))
    steps = _all_bases(git, [doubt.merge for doubt in doubts])
    baseless = [
        doubt.merge
        for doubt, bases in zip(doubts, steps, strict=True)
        if shallow and not all(bases)
    ]
    known = [pair for pair in zip(doubts, steps, strict=True) if pair[0].merge not in baseless]
    pairs = [(base, doubt.merge.pivot) for doubt, bases in known for step in bases for base in step]
    compared = dict(zip(pairs, differences(git, pairs), strict=True))
    found = [contest for pair in known for contest in _contested(*pair, compared)]
    return Contests(found, baseless)


def _doubts(git: Git, merges: Sequence[Merge]) -> Iterator[_Doubt]:
    pairs = [(parent, merge.pivot) for merge in merges for parent in merge.parents]
    compared = iter(differences(git, pairs))
    for merge in merges:
        sides = [next(compared) for _ in merge.parents]
        ids = sorted({record for side in sides for record in side})
        ids = [record for record in ids if _doubtful(merge, sides, record)]
        if ids:
            yield _Doubt(merge, sides, ids)


def _doubtful(merge: Merge, sides: Sequence[dict[str, Difference]], record: str) -> bool:
    here = _here(sides, record)
    blobs = {_blob(_at(side, record, here)) for side in sides}
    if len(blobs) == 1:
        return False
    return merge.commit is None or not (len(blobs - {None}) == 1 and _blob(here) in blobs - {None})


def _contested(
    doubt: _Doubt,
    bases: Sequence[Sequence[str]],
    compared: Mapping[tuple[str, str], dict[str, Difference]],
) -> Iterator[Contest]:
    merge = doubt.merge
    for record in doubt.ids:
        here = _here(doubt.sides, record)
        sides = tuple(_at(side, record, here) for side in doubt.sides)
        steps = tuple(
            tuple((base, _at(compared[base, merge.pivot], record, here)) for base in step)
            for step in bases
        )
        before = {_blob(version) for step in steps for _, version in step} or {None}
        if len({_blob(side) for side in sides} - before) > 1:
            yield Contest(merge, record, sides, steps, here)


def _here(sides: Iterable[dict[str, Difference]], record: str) -> Version | None:
    """Return the pivot's version, which every comparison that names the record holds."""
    return next(side[record].here for side in sides if record in side)


def _at(side: dict[str, Difference], record: str, here: Version | None) -> Version | None:
    return side[record].there if record in side else here


def _blob(version: Version | None) -> str | None:
    return version.blob if version else None


def _all_bases(git: Git, merges: Sequence[Merge]) -> list[list[tuple[str, ...]]]:
    if len(merges) < _MANY:
        return [_bases(git, merge) for merge in merges]
    from concurrent.futures import ThreadPoolExecutor  # a hook seldom has as many

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(lambda merge: _bases(git, merge), merges))


def _bases(git: Git, merge: Merge) -> list[tuple[str, ...]]:
    """Return the merge bases of each parent after the first with all those before it."""
    steps = []
    for number, parent in enumerate(merge.parents[1:], 1):
        # Not --octopus: an octopus is merged one head after the other.
        done = git.run("merge-base", "--all", parent, *merge.parents[:number], ok=(0, 1, 128))
        steps.append(tuple(decode(done.stdout).split()))
    return steps


def shared_base(git: Git, commits: Sequence[str]) -> str | None:
    """Return one merge base of commits that are themselves the bases of a criss-cross merge."""
    done = git.run("merge-base", *commits, ok=(0, 1, 128))
    return next(iter(decode(done.stdout).split()), None)


def is_kept(git: Git, merge: str, commit: str, record_id: str) -> bool:
    """Tell whether nobody has touched a record between a merge and a commit that came of it.

    Only commits of somebody's own count; a later merge brings what others did.
    """
    if merge == commit:
        return True
    if git.run("merge-base", "--is-ancestor", merge, commit, ok=(0, 1)).returncode:
        return False
    edits = git.text(
        "rev-list", "--no-merges", "--full-history", "--ancestry-path", "--max-count=1",
        f"{merge}..{commit}", "--", glob(record_id),
    )  # fmt: skip
    return not edits


def is_one_sided(git: Git, merge: Merge) -> bool:
    """Tell whether a merge gave up what only another side had changed (``-s ours``)."""
    if merge.commit is None:
        return False
    commits = (merge.commit, *merge.parents)
    trees = git.text("rev-parse", *(f"{commit}^{{tree}}" for commit in commits)).split()
    if trees[0] not in trees[1:]:
        return False
    kept = merge.parents[trees.index(trees[0], 1) - 1]
    for other in merge.parents:
        base = shared_base(git, (kept, other))
        if other != kept and base and _changed(git, base, other) - _changed(git, base, kept):
            return True
    return False


def _changed(git: Git, base: str, commit: str) -> set[str]:
    return set(git.fields("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, commit))
