"""The three trees of a review, with their records: no work tree is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from kagura_git.errors import InvalidRecord, NotFound
from kagura_git.git import diff, versions
from kagura_git.git.diff import FileChange
from kagura_git.git.run import Git, decode, revision
from kagura_git.git.versions import Version
from kagura_git.model.ids import LETTERS
from kagura_git.model.records import Decision, Record
from kagura_git.store import codec
from kagura_git.store.strict_yaml import MAX_BYTES

_DECISION: Final = f"{LETTERS['decision']}-"


class Step(NamedTuple):
    """A record before and after the change; None where it is not there, or cannot be read."""

    id: str
    path: str
    before: Record | None
    after: Record | None


@dataclass
class Trees:
    """Base, head and where they parted, by commit.

    Attributes:
        start: the tree that the change is compared with: where they parted, else the base.
        problems: what was wrong with records of the head that could not be read.
    """

    git: Git
    base: str
    head: str
    merge_base: str | None
    start: str
    problems: list[InvalidRecord] = field(default_factory=list)
    _read: dict[tuple[str, str], Record | None] = field(default_factory=dict)
    _bytes: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def before(self) -> dict[str, Version]:
        """The records where base and head parted, by id."""
        return versions.tree(self.git, self.start)

    @cached_property
    def after(self) -> dict[str, Version]:
        """The records of the head, by id."""
        return versions.tree(self.git, self.head)

    @cached_property
    def theirs(self) -> dict[str, Version]:
        """The records of the base as it is now, by id."""
        return self.before if self.base == self.start else versions.tree(self.git, self.base)

    @cached_property
    def files(self) -> list[FileChange]:
        """The files that the change touches, records and their settings left out."""
        return [
            file
            for file in diff.between(self.git, self.start, self.head)
            if not file.path.startswith(".kagura/")
        ]

    @cached_property
    def touched(self) -> list[str]:
        """The ids of the records that the change adds, edits or deletes."""
        names = self.before.keys() | self.after.keys()
        return sorted(n for n in names if _blob(self.before.get(n)) != _blob(self.after.get(n)))

    def steps(self) -> Iterator[Step]:
        """Yield the records that the change touches, before and after."""
        for name in self.touched:
            old, new = self.before.get(name), self.after.get(name)
            path = (new or old).path  # type: ignore[union-attr]
            yield Step(name, path, self.record(old), self.record(new))

    def decisions(self, records: Mapping[str, Version]) -> Iterator[Decision]:
        """Yield the decisions of a tree that can be read, by id; no other record is parsed."""
        for name, version in sorted(records.items()):
            if name.startswith(_DECISION):
                record = self.record(version)
                if isinstance(record, Decision):
                    yield record

    def load(self, wanted: Iterable[Version]) -> None:
        """Read the bytes of many versions in one process."""
        missing = {v.blob for v in wanted if v.is_file and v.blob not in self._bytes}
        self._bytes.update(versions.blobs(self.git, missing, MAX_BYTES + 1))

    def data(self, version: Version | None) -> bytes | None:
        """Return a version's bytes; None where there is no such file or it is not here."""
        if version is None or not version.is_file:
            return None
        if version.blob not in self._bytes:
            self.load([version])
        return self._bytes.get(version.blob)

    def record(self, version: Version | None) -> Record | None:
        """Return a version's record; None where there is none, or it cannot be read."""
        if version is None:
            return None
        key = (version.path, version.blob)
        if key not in self._read:
            data = self.data(version)
            try:
                self._read[key] = None if data is None else codec.loads(data, version.path)
            except InvalidRecord:
                self._read[key] = None
        return self._read[key]


def opened(git: Git, base: str, head: str) -> Trees:
    """Return the trees of two revisions.

    Raises:
        NotFound: one of them is no commit here.
    """
    ours, theirs = _commit(git, head), _commit(git, base)
    done = git.run("merge-base", theirs, ours, ok=(0, 1, 128))
    parted = decode(done.stdout).strip() or None
    trees = Trees(git, theirs, ours, parted, parted or theirs)
    found = [trees.before, trees.after, trees.theirs]
    trees.load(version for records in found for version in records.values())
    return trees


def _commit(git: Git, name: str) -> str:
    done = git.run(
        "rev-parse", "--verify", "--quiet", f"{revision(name)}^{{commit}}", ok=(0, 1, 128)
    )
    if done.returncode != 0:
        raise NotFound(
            f"no commit {name!r} here",
            hint="Name two commits as in `main...HEAD`; in a clone for CI, fetch the base first.",
            where=name,
        )
    return decode(done.stdout).strip()


def _blob(version: Version | None) -> str | None:
    return version.blob if version else None
