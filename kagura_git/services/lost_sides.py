"""What merges made without our merge function lost or broke, and what they should have made.

A merge is judged by its own trees: each side's version of a record and the
merge bases'. A loss below a later merge is carried through that one, so a
side that was dropped three merges ago is still put in the right place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kagura_git.errors import InvalidRecord
from kagura_git.git import merges as git_merges
from kagura_git.git import versions
from kagura_git.git.merges import Contest, Merge
from kagura_git.git.repo import Repository
from kagura_git.git.run import Git
from kagura_git.git.versions import Version
from kagura_git.model.mapping import to_mapping
from kagura_git.store import codec
from kagura_git.store.merging import merge_bytes
from kagura_git.store.strict_yaml import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Cure:
    """What a merge should have made of a record.

    Attributes:
        wrong: what it did instead, a clause such as ``the merge 1a2b3c4 kept one side alone``.
        data: the record's bytes as they should be.
        said: what the merge function decided, a sentence each.
    """

    contest: Contest
    wrong: str
    data: bytes
    said: tuple[str, ...]


class History:
    """The merges of one repository and the records that they may have lost or broken.

    Attributes:
        unsolved: by record id, its path and why it cannot be merged.
    """

    def __init__(self, repo: Repository, merges: Sequence[Merge]) -> None:
        self.git: Git = repo.git
        found = git_merges.contests(
            repo.git, merges, shallow=git_merges.is_shallow(repo.common_dir)
        )
        self.baseless = found.baseless
        self.unsolved: dict[str, tuple[str, InvalidRecord]] = {}
        self._by_id: dict[str, list[Contest]] = {}
        for contest in found.found:
            if all(version.is_file for version in contest.versions()):
                self._by_id.setdefault(contest.id, []).append(contest)
        wanted = (version.blob for contest in found.found for version in contest.versions())
        self._blobs = versions.blobs(repo.git, wanted, MAX_BYTES + 1)
        self._cures: dict[tuple[Merge, str], Cure | None] = {}

    @property
    def ids(self) -> Iterable[str]:
        """The records that more than one side of some merge changed."""
        return self._by_id.keys()

    def contests(self, record_id: str) -> list[Contest]:
        """Return the merges in which more than one side changed a record, newest first."""
        return self._by_id.get(record_id, [])

    def standing(self, commit: str, record_id: str, version: Version | None) -> Cure | None:
        """Return the cure for a record as a commit has it, if a merge left it so.

        None too where anybody has touched the record since that merge.
        """
        for contest in self.contests(record_id):
            merge = contest.merge.commit
            if merge is None or _blob(contest.result) != _blob(version):
                continue
            if self.cure(contest) and git_merges.is_kept(self.git, merge, commit, record_id):
                return self.cure(contest)
        return None

    def cure(self, contest: Contest) -> Cure | None:
        """Return what a merge should have made of a record; None where it is as it should be."""
        key = (contest.merge, contest.id)
        if key not in self._cures:
            self._cures[key] = None  # against a circle in a history that was tampered with
            try:
                self._cures[key] = self._judge(contest)
            except InvalidRecord as problem:
                self.unsolved[contest.id] = (contest.path, problem)
        return self._cures[key]

    def _judge(self, contest: Contest) -> Cure | None:
        raw = [self.data(side) for side in contest.sides]
        earlier = [
            self.standing(parent, contest.id, side) if contest.merge.commit else None
            for parent, side in zip(contest.merge.parents, contest.sides, strict=True)
        ]
        sides = [cure.data if cure else data for cure, data in zip(earlier, raw, strict=True)]
        data, said = self.merged(contest, sides)
        actual = self.data(contest.result)
        if data is None or same(data, actual, contest.path):
            return None
        wrong = self._wrong(contest, actual)
        if wrong is None and any(earlier):
            # Merged by the book, but from a side that had lost something before.
            plain, _ = self.merged(contest, raw)
            if plain is not None and same(plain, actual, contest.path):
                wrong = next(cure.wrong for cure in earlier if cure)
        if wrong is None or git_merges.is_one_sided(self.git, contest.merge):
            return None
        return Cure(contest, wrong, data, tuple(said))

    def _wrong(self, contest: Contest, actual: bytes | None) -> str | None:
        name = f"the merge {contest.merge.commit[:9]}" if contest.merge.commit else "this merge"
        if actual is None:
            return f"{name} deleted what one side had edited"
        if _blob(contest.result) in {_blob(side) for side in contest.sides}:
            return f"{name} kept one side alone"
        problem = problem_of(actual, contest.path)
        return f"{name} left it broken ({problem.message})" if problem else None

    def merged(
        self, contest: Contest, sides: Sequence[bytes | None]
    ) -> tuple[bytes | None, list[str]]:
        """Return the merge of these sides, parent by parent, and what it decided.

        Raises:
            InvalidRecord: a version is broken, or its blob is not in a partial clone.
        """
        so_far, said = sides[0], list[str]()
        for number, side in enumerate(sides[1:]):
            base = self.base(contest, number)
            if side in (so_far, base):
                continue
            so_far, more = joined(base, so_far, side, contest.path)
            said += more
        return so_far, said

    def base(self, contest: Contest, step: int = 0) -> bytes | None:
        """Return the base of a merge's step; the bases of a criss-cross are merged, as git does.

        Raises:
            InvalidRecord: as :meth:`merged`.
        """
        found = {self.data(version): commit for commit, version in contest.bases[step]}
        so_far, *others = found or [None]
        for other in others:
            if so_far is None or other is None:
                so_far = so_far or other
                continue
            before = git_merges.shared_base(self.git, list(found.values()))
            version = versions.tree(self.git, before).get(contest.id) if before else None
            if version is not None:
                self._blobs |= versions.blobs(self.git, [version.blob], MAX_BYTES + 1)
            so_far, _ = joined(self.data(version), so_far, other, contest.path)
        return so_far

    def data(self, version: Version | None) -> bytes | None:
        """Return a version's bytes; raises ``InvalidRecord`` where a partial clone lacks them."""
        if version is None:
            return None
        if version.blob not in self._blobs:
            raise InvalidRecord(
                f"the blob {version.blob[:9]} of this record is not in this partial clone",
                hint=f"`git cat-file -p {version.blob[:9]}` fetches it; then try again.",
                where=version.path,
            )
        return self._blobs[version.blob]


def _blob(version: Version | None) -> str | None:
    return version.blob if version else None


def joined(
    base: bytes | None, ours: bytes | None, theirs: bytes | None, path: str
) -> tuple[bytes | None, list[str]]:
    """Return the merge of two versions of a record and what was decided; None: it is gone.

    Raises:
        InvalidRecord: no side can be read.
    """
    merged = merge_bytes(base, ours, theirs, path)
    if merged.data and merged.record is None:
        raise InvalidRecord(
            "no side of the merge can be read",
            hint="Correct the file by hand; `git log -p` shows what it was.",
            where=path,
        )
    return merged.data or None, merged.said


def problem_of(data: bytes, path: str) -> InvalidRecord | None:
    """Return what makes a record's bytes unreadable, or None."""
    try:
        codec.loads(data, path)
    except InvalidRecord as problem:
        return problem
    return None


def same(one: bytes, other: bytes | None, path: str) -> bool:
    """Tell whether two files say the same; spelling, and the order of lists, do not count."""
    if other is None or one == other:
        return one == other
    try:
        return _said(one, path) == _said(other, path)
    except InvalidRecord:
        return False


def _said(data: bytes, path: str) -> str:
    return repr(_unordered(to_mapping(codec.loads(data, path))))


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((name, _unordered(item)) for name, item in value.items())
    return sorted(map(repr, map(_unordered, value))) if isinstance(value, list) else value
