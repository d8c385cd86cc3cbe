"""One opened repository: git and the store together, nothing heavy.

Whatever is saved goes through :meth:`Workspace.save`: journal first, then the
work tree, then the staging area, so that an acknowledged record is on disk
twice before anything else can fail.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from kagura_git import atomic
from kagura_git import settings as settings_
from kagura_git.atomic import flush_to_disk
from kagura_git.disk import CannotWrite
from kagura_git.errors import Conflict, KaguraError
from kagura_git.git import other_branches, sharing, staging
from kagura_git.git.moved_folder import moved_to
from kagura_git.git.repo import Repository, discover
from kagura_git.git.sparse import Sparse
from kagura_git.git.worktrees import branch
from kagura_git.model.ids import Kind, new_id
from kagura_git.model.mapping import iso
from kagura_git.model.printable import one_line
from kagura_git.model.records import Record
from kagura_git.settings import Settings
from kagura_git.store import codec
from kagura_git.store.files import FOLDER, RecordFiles, blob_id
from kagura_git.store.heads import ErrorHeads
from kagura_git.store.journal import NOTHING, UNKNOWN, Journal
from kagura_git.store.reason_journal import ReasonJournal
from kagura_git.store.working import Working

_LOCK_SECONDS = 10.0
_INIT = "Run `git kagura init` once; it prints everything it changes."
# What `init` puts at the top.
_MOVED = (FOLDER, settings_.FILE, ".gitattributes")


@dataclass
class Workspace:
    """A repository with its settings, records and working memory.

    Attributes:
        author: who signs new records, ``Name <email>``.
        project_id: the label new records carry.
        clock: returns the current moment, aware, UTC.
        random_bytes: source of ids.
    """

    repo: Repository
    settings: Settings
    files: RecordFiles
    working: Working
    journal: Journal
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    user_id: str | None = None
    given_project_id: str | None = None
    unstaged: list[str] = field(default_factory=list)
    _welcome: set[str] = field(default_factory=set)

    @cached_property
    def author(self) -> str:
        """Who signs new records: the user id given, else git's own identity."""
        return self.user_id or self.repo.identity()

    @cached_property
    def project_id(self) -> str:
        """The label of new records: as given, as set, or the repository's name."""
        return self.given_project_id or self.settings.project_id or self.repo.name()

    @cached_property
    def heads(self) -> ErrorHeads:
        """What is needed of every error to know it again, kept between calls."""
        return ErrorHeads(self.files)

    def new_id(self, kind: Kind) -> str:
        """Return a fresh record id."""
        return new_id(kind, self.random_bytes)

    def now(self) -> datetime:
        """Return the current moment in whole milliseconds, the precision of a record."""
        moment = self.clock().astimezone(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def save(self, record: Record, path: str | None = None, relation: str | None = None) -> str:
        """Write a record, stage it, and note what the next commit will say of it.

        Args:
            path: where it lives already; None for a new record.
            relation: what happened to a record that exists, such as ``solved``.

        Returns:
            The record's path below the top of the work tree.

        Raises:
            Conflict: ``git kagura init`` has not been run here.
            KaguraError: the settings cannot be read, which may forbid it.
        """
        self.require_init()
        data = codec.dumps(record)
        place = path or self.files.place(record)
        kept = self.journal.keep(
            record.id, data, self.now(),
            replaced=self._blob_at(place), branch=branch(self.repo.git_dir),
        )  # fmt: skip
        try:
            self._note_down([place])
            self.files.write(place, data)
        except BaseException:
            self._forget(kept)
            raise
        self._stage([place])
        self._await_commit(record, place, relation or ("changed" if path else "recorded"))
        return place

    def _blob_at(self, path: str) -> str:
        try:
            return blob_id(self.files.bytes_at(path).replace(b"\r\n", b"\n"))
        except FileNotFoundError:
            return NOTHING
        except (OSError, KaguraError):
            return UNKNOWN

    def _note_down(self, paths: Sequence[str]) -> None:
        """Write down what is about to be staged: a process may be killed before it has been."""
        match self.settings.stage:
            case True:
                self.working.add_unstaged(paths)
            case "commit":
                self.working.add_at_commit(paths)

    def stage(self, paths: Sequence[str]) -> None:
        """Stage files that belong to records, so that they ride in the same commit."""
        self._note_down(paths)
        self._stage(paths)

    def _stage(self, paths: Sequence[str]) -> None:
        """Stage these files, and those that an earlier call or process could not stage."""
        if self.settings.stage is not True:
            if self.settings.stage == "commit":
                self.unstaged = sorted(staging.ignored(self.repo, paths))
                self.working.drop_at_commit(self.unstaged)
            return
        left = [path for path in self.working.unstaged() if path not in paths]
        here = [path for path in left if os.path.lexists(os.path.join(self.repo.top, path))]
        self.unstaged = staging.stage(self.repo, [*here, *paths], self._welcome)
        waiting = set(self.unstaged)
        if waiting:  # what the owner ignores need not be tried again
            waiting -= staging.ignored(self.repo, self.unstaged)
            self.working.add_unstaged(waiting)  # another process may have dropped what it missed
        self.working.drop_unstaged(path for path in [*left, *paths] if path not in waiting)

    def save_many(self, records: Sequence[Record]) -> list[str]:
        """Write new records under one lock, with one flush to disk; returns their paths."""
        self.require_init()
        written = [(record, self.files.place(record), codec.dumps(record)) for record in records]
        paths = [path for _, path, _ in written]
        with self.lock():
            self._note_down(paths)
            self._write_many(written)
            flush_to_disk()
            self._stage(paths)
        # One fact makes the post-commit hook look; it finds the others in the commit itself.
        for record, path, _ in written[:1]:
            self._await_commit(record, path, "recorded")
        return paths

    def _write_many(self, written: Sequence[tuple[Record, str, bytes]]) -> None:
        """Write all of these files, or none: who tries again shall not find half of them."""
        here = branch(self.repo.git_dir)
        new: list[tuple[str, str | None]] = []
        try:
            for record, path, data in written:
                before = self._blob_at(path)
                kept = self.journal.keep(
                    record.id, data, self.now(), durable=False, replaced=before, branch=here
                )
                if before == NOTHING:
                    new.append((path, kept))
                self.files.write(path, data, durable=False)
        except BaseException:
            for path, kept in new:
                with suppress(OSError):
                    self.files.remove(path)
                self._forget(kept)
            self.working.drop_unstaged(path for path, _ in new)
            self.working.drop_at_commit(path for path, _ in new)
            raise

    @staticmethod
    def _forget(kept: str | None) -> None:
        """Take a version that nobody was told of out of the journal: it is not to be recovered."""
        if kept:
            with suppress(OSError):
                os.unlink(kept)

    def _await_commit(self, record: Record, path: str, relation: str) -> None:
        key = record.id if relation in ("recorded", "changed") else f"{record.id}-{relation}"
        if relation == "changed" and self.working.is_pending(record.id):
            return  # not committed yet: what the commit will say is "recorded"
        fact = {
            "kind": record.kind,
            "id": record.id,
            "relation": relation,
            "path": path,
            "session": self.working.active_session(),
            "at": iso(self.now()),
        }
        with suppress(CannotWrite):  # the record is safe, and the commit itself names it
            self.working.add_pending(key, fact, durable=False)

    @property
    def reason_journal(self) -> ReasonJournal:
        """The journal of what was written into notes."""
        return ReasonJournal(os.path.join(self.repo.shared, "journal"))

    @property
    def is_set_up(self) -> bool:
        """Whether the repository has a folder of records.

        It may be left out by a sparse checkout, or be on other branches only.
        """
        there = os.path.isdir(os.path.join(self.repo.top, FOLDER))
        return there or Sparse(self.repo).holds(FOLDER) or other_branches.are_set_up(self.repo)

    def moved_hint(self) -> str | None:
        """Return what to do where the records lie in a folder and not at the top, else None."""
        folder = moved_to(self.repo.git)
        if folder is None:
            return None
        here = os.path.join(self.repo.top, folder)
        names = [n for n in _MOVED if os.path.lexists(os.path.join(here, n))]
        names = [n for n in names if not os.path.lexists(os.path.join(self.repo.top, n))]
        paths = " ".join(shlex.quote(one_line(f"{folder}/{name}", 300)) for name in names)
        return (
            f"There are records in {one_line(folder, 200)}/{FOLDER}. If a history filter has moved "
            f"them there, move them back: `git mv {paths} .`, then `git kagura init` and "
            f"`git kagura relink`. If they are another project's: {_INIT}"
        )

    def require_init(self) -> None:
        """Refuse to write into a repository whose owner has not asked for it."""
        sharing.keep_private(self.repo)
        if not self.is_set_up:
            raise Conflict(
                "kagura-git is not set up in this repository",
                hint=self.moved_hint() or _INIT,
                where=self.repo.top,
            )
        if self.settings.problem is not None:
            raise self.settings.problem
        if not self.settings.enabled:
            raise Conflict(
                "recording is turned off here",
                hint="`[coding_memory] enabled = false` in kagura.toml says so.",
                where=settings_.FILE,
            )

    @contextmanager
    def lock(self, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
        """Hold the repository's one writer lock: for a read that decides a write.

        Raises:
            KaguraError: another process held it for so many seconds.
            CannotWrite: the lock's file cannot be opened.
        """
        atomic.make_folder(self.repo.shared)
        with atomic.locked(os.path.join(self.repo.shared, "lock"), seconds):
            yield


def open_workspace(
    start: str,
    environ: Mapping[str, str],
    *,
    user_id: str | None = None,
    project_id: str | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> Workspace:
    """Open the repository that a folder belongs to; raises ``GitError`` if there is none."""
    repo = discover(os.path.abspath(start), environ)
    aside = os.path.join(repo.shared, "tmp")
    return Workspace(
        repo=repo,
        settings=settings_.load_or_careful(other_branches.settings_folder(repo), environ),
        files=RecordFiles(repo.top, aside, Sparse(repo)),
        working=Working(repo.private, aside),
        journal=Journal(os.path.join(repo.shared, "journal"), aside),
        clock=clock,
        random_bytes=random_bytes,
        user_id=user_id,
        given_project_id=project_id,
    )
