"""One work tree as its last merges left it, and what can be said of a record in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, ParamSpec

from kagura_git.errors import InvalidRecord
from kagura_git.git import merges as git_merges
from kagura_git.git import versions
from kagura_git.git.merges import Contest, Merge
from kagura_git.git.run import decode
from kagura_git.model.ids import STORED_KINDS, id_in_name
from kagura_git.services.lost_sides import History
from kagura_git.store.files import folder_of
from kagura_git.store.strict_yaml import MAX_BYTES
from kagura_git.workspace import Workspace

_OLDER: Final = 20
_OTHER_SIDES: Final = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "REVERT_HEAD")
# Each asks git for the history of one file; a branch may bring thousands of broken ones.
_MOST_ASKED: Final = 200


@dataclass(frozen=True, slots=True)
class Mend:
    """One record to be written, and why.

    Attributes:
        data: its bytes as they should be; empty where it is gone on both sides.
        said: what the merge function decided, a sentence each.
        seen: the work tree's files that this was concluded from; None: there was none.
        drop: paths of further files of this record, which this one replaces.
    """

    id: str
    path: str
    data: bytes
    wrong: str
    said: tuple[str, ...]
    seen: dict[str, bytes | None]
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsolved:
    """What cannot be mended here, why, and what to do."""

    path: str
    wrong: str
    mend: str


Found = Iterator[Mend | Unsolved]
P = ParamSpec("P")


class Scene:
    """One work tree as its last merges left it.

    Args:
        merges: the merges to look at, newest first.
    """

    def __init__(self, ws: Workspace, merges: Sequence[Merge]) -> None:
        self.ws = ws
        self.git = ws.repo.git
        self.merges = merges
        self.head = ws.repo.head()
        self.staged = versions.staged(self.git)
        self._asked = 0

    @cached_property
    def history(self) -> History:
        """The merges that were committed."""
        return History(self.ws.repo, self.merges)

    @cached_property
    def waiting(self) -> History:
        """The merge that waits to be committed."""
        pending = git_merges.in_progress(self.ws.repo.git_dir, self.head)
        return History(self.ws.repo, [pending] if pending else [])

    def committed(self, commit: str, record: str) -> bytes | None:
        """Return a record as a commit has it, None if it has not."""
        version = versions.tree(self.git, commit).get(record)
        if version is None or not version.is_file:
            return None
        return versions.blobs(self.git, [version.blob], MAX_BYTES + 1).get(version.blob)

    @cached_property
    def other_side(self) -> str | None:
        """The commit that is being merged, picked or rebased."""
        for name in _OTHER_SIDES:
            done = self.git.run("rev-parse", "--verify", "--quiet", name, ok=(0, 1, 128))
            if done.returncode == 0:
                return decode(done.stdout).strip()
        return None

    def text(self, path: str) -> bytes | None:
        """Return a work tree file's bytes with LF, None if it is gone.

        Raises:
            InvalidRecord: it is a link or no regular file.
        """
        try:
            return self.ws.files.bytes_at(path).replace(b"\r\n", b"\n")
        except FileNotFoundError:
            return None

    @cached_property
    def paths(self) -> dict[str, list[str]]:
        """Every record file of the work tree by its id, as the names say."""
        found: dict[str, list[str]] = {}
        for base in map(folder_of, STORED_KINDS):
            for month in self.ws.files.names(base):
                for name in self.ws.files.names(f"{base}/{month}"):
                    if name.endswith(".yaml") and (record := id_in_name(name)) is not None:
                        found.setdefault(record, []).append(f"{base}/{month}/{name}")
        return {record: sorted(paths) for record, paths in found.items()}

    @cached_property
    def _has_merges(self) -> bool:
        return bool(git_merges.listed(self.git, "HEAD", limit=1))

    def origin(self, record: str, now: bytes | None) -> tuple[History, Contest] | None:
        """Return the merge that left a record's file as it is now, if that can be told."""
        for contest in self.waiting.contests(record):
            return self.waiting, contest
        merges: list[Merge] = []
        if self._asked < _MOST_ASKED and self._has_merges:
            self._asked += 1
            merges = git_merges.listed(self.git, "HEAD", limit=_OLDER, of=record)
        older = History(self.ws.repo, [merge for merge in merges if merge not in self.merges])
        for history in (self.history, older):
            for contest in history.contests(record):
                if now is None or history.data(contest.result) == now:
                    return history, contest
        return None


def guarded(path: str, look: Callable[P, Found], *args: P.args, **named: P.kwargs) -> Found:
    """Yield what ``look`` finds, and what kept it from finding more."""
    try:
        yield from look(*args, **named)
    except InvalidRecord as problem:
        yield unsolved(path, problem)


def unsolved(path: str, problem: InvalidRecord) -> Unsolved:
    """Return a problem with a record as something that a person must mend."""
    return Unsolved(problem.where or path, problem.message, problem.hint)
