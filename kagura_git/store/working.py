"""Working memory of one worktree: the active session, and what the next commit should carry.

It lives under the worktree's git directory, is never committed, and survives
a crash. One small file per fact: nothing has to be locked, a hook sees with
one look whether there is anything to do, and taking a fact is an unlink.
Standard library only: the hooks use it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any, Final

from kagura_git import atomic, permissions
from kagura_git.disk import explained
from kagura_git.model.entries import typed
from kagura_git.model.ids import is_id, kind_of

# Far above what a fact of ours can take; a larger file is cut, and so passed over.
_LARGEST: Final = 8 * 1024 * 1024
_FEW: Final = 200
_UNSTAGED: Final = "unstaged"
_AT_COMMIT: Final = "at-commit"


class Working:
    """The working memory below ``folder`` (``$(git rev-parse --git-path kagura)``).

    Args:
        aside: where temporary files are made; default: beside what they become.
    """

    def __init__(self, folder: str, aside: str | None = None) -> None:
        self.folder = folder
        self._aside = aside

    @property
    def _session(self) -> str:
        # First line the id alone: the prepare-commit-msg shim reads it with `read`.
        return os.path.join(self.folder, "session")

    @property
    def _pending(self) -> str:
        return os.path.join(self.folder, "pending")

    def active_session(self) -> str | None:
        """Return the id of this worktree's active session."""
        return self._first_line(self._session)

    @staticmethod
    def _first_line(path: str) -> str | None:
        """Return the session a file names; None for whatever a crash may have made of it."""
        try:
            with open(path, encoding="utf-8") as file:
                name = file.readline(256).strip()
        except (OSError, UnicodeDecodeError):
            return None
        return name if is_id(name) and kind_of(name) == "session" else None

    def begin_session(self, session_id: str) -> str | None:
        """Make a session the active one; returns the id of another that is active already.

        Raises:
            CannotWrite: the disk is full, read-only ...
        """
        atomic.make_folder(self.folder)
        while not atomic.create(self._session, f"{session_id}\n".encode()):
            active = self.active_session()
            if active is not None:
                return active
            self._set_aside()  # or it has just been finished: try again
        return None

    @contextlib.contextmanager
    def beginning(self, session_id: str) -> Iterator[None]:
        """Make a session the active one at the end, unless what is done until then fails.

        A disk that is full says so at the start. Within the repository's lock.

        Raises:
            CannotWrite: the disk is full, read-only ...
        """
        atomic.make_folder(self.folder)
        prepared = f"{self._session}.{os.getpid()}.{os.urandom(3).hex()}.tmp"
        atomic.write(prepared, f"{session_id}\n".encode())
        try:
            yield
            with explained(self._session):
                os.replace(prepared, self._session)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(prepared)
            raise

    def _set_aside(self) -> None:
        """Take away a session file that names no session, as a full disk may leave one."""
        aside = f"{self._session}.{os.getpid()}.{os.urandom(3).hex()}.tmp"
        with explained(self._session), contextlib.suppress(FileNotFoundError):
            os.rename(self._session, aside)
            if self._first_line(aside) is not None:
                # Another process was quicker and has begun one: it keeps it.
                with contextlib.suppress(FileExistsError):
                    os.link(aside, self._session)
            with contextlib.suppress(IsADirectoryError, PermissionError):
                os.unlink(aside)  # a folder was not made by us: it stays, out of the way

    def finish_session(self) -> None:
        """Leave no session active."""
        with explained(self._session), contextlib.suppress(FileNotFoundError):
            os.unlink(self._session)

    def add_pending(self, key: str, fact: dict[str, Any], *, durable: bool = True) -> None:
        """Keep a fact for the commit that will carry its path; the same key replaces.

        Args:
            durable: False for what the record's own file says too.

        Raises:
            CannotWrite: the disk is full, read-only ...
        """
        atomic.make_folder(self._pending)
        path = os.path.join(self._pending, f"{key}.json")
        data = json.dumps(fact, ensure_ascii=True).encode()
        atomic.write(path, data, durable=durable, aside=self._aside)

    def pending(self, prefix: str = "") -> dict[str, dict[str, Any]]:
        """Return pending facts by key, oldest first; unreadable files are passed over.

        Args:
            prefix: only keys that start so: ``C-`` gives the changes, without
                opening the files of the others.
        """
        found: list[tuple[str, str, dict[str, Any]]] = []
        try:
            names = os.listdir(self._pending)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        for name in names:
            if not name.endswith(".json") or name.startswith(".") or not name.startswith(prefix):
                continue
            try:
                with open(os.path.join(self._pending, name), encoding="utf-8") as file:
                    fact = json.loads(file.read(_LARGEST))
            except (OSError, ValueError, RecursionError):
                continue
            if isinstance(fact, dict):
                fact = typed(fact)
                found.append((fact.get("at", ""), name[:-5], fact))
        return {key: fact for _, key, fact in sorted(found, key=lambda item: item[:2])}

    def has_pending(self, prefix: str = "") -> bool:
        """Tell whether any fact waits whose key starts so."""
        try:
            names = os.listdir(self._pending)
        except OSError:
            return False
        return any(name.startswith(prefix) and name.endswith(".json") for name in names)

    def is_short(self, prefix: str = "") -> bool:
        """Tell whether so few facts wait that all of them may be read for one more."""
        try:
            names = os.listdir(self._pending)
        except OSError:
            return True
        return sum(name.startswith(prefix) for name in names) <= _FEW

    def is_pending(self, key: str) -> bool:
        """Tell whether a fact with this key waits."""
        return os.path.exists(os.path.join(self._pending, f"{key}.json"))

    def drop_pending(self, key: str) -> None:
        """Forget a pending fact."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self._pending, f"{key}.json"))

    def unstaged(self) -> list[str]:
        """Return the paths of record files that are still to be staged."""
        return self._marked(_UNSTAGED)

    def at_commit(self) -> list[str]:
        """Return the paths of record files that pre-commit is to stage."""
        return self._marked(_AT_COMMIT)

    def _marked(self, folder: str) -> list[str]:
        try:
            names = os.listdir(os.path.join(self.folder, folder))
        except OSError:
            return []
        return [name.replace("%2F", "/").replace("%25", "%") for name in names]

    def _mark(self, folder: str, path: str) -> str:
        name = path.replace("%", "%25").replace("/", "%2F")
        return os.path.join(self.folder, folder, name)

    def add_unstaged(self, paths: Iterable[str]) -> None:
        """Keep in mind that files are to be staged: a process may die before it has done so.

        Where that cannot be written down, ``git status`` tells it all the same.
        """
        self._add_marks(_UNSTAGED, paths)

    def add_at_commit(self, paths: Iterable[str]) -> None:
        """Leave files to be staged by pre-commit."""
        self._add_marks(_AT_COMMIT, paths)

    def _add_marks(self, folder: str, paths: Iterable[str]) -> None:
        with contextlib.suppress(OSError):
            permissions.make_folder(os.path.join(self.folder, folder))
            for path in paths:
                # Empty: the name says it all, and no crash leaves half of it.
                mark = self._mark(folder, path)
                os.close(permissions.open_file(mark, os.O_WRONLY | os.O_CLOEXEC))

    def drop_unstaged(self, paths: Iterable[str]) -> None:
        """Forget files that have been staged, or are gone."""
        self._drop_marks(_UNSTAGED, paths)

    def drop_at_commit(self, paths: Iterable[str]) -> None:
        """Forget files that pre-commit has staged, or that are gone."""
        self._drop_marks(_AT_COMMIT, paths)

    def _drop_marks(self, folder: str, paths: Iterable[str]) -> None:
        for path in paths:
            with contextlib.suppress(OSError):
                os.unlink(self._mark(folder, path))
