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
from typing import Any

from kagura_git import atomic


class Working:
    """The working memory below ``folder`` (``$(git rev-parse --git-path kagura)``)."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

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
        try:
            with open(path, encoding="utf-8") as file:
                return file.readline().strip() or None
        except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
            return None

    def begin_session(self, session_id: str) -> str | None:
        """Make a session the active one; returns the id of another that is active already."""
        os.makedirs(self.folder, exist_ok=True)
        while not atomic.create(self._session, f"{session_id}\n".encode()):
            active = self.active_session()
            if active is not None:
                return active
            self._set_aside()  # or it has just been finished: try again
        return None

    def _set_aside(self) -> None:
        """Take away a session file that names no session, as a full disk may leave one."""
        aside = f"{self._session}.{os.getpid()}.{os.urandom(3).hex()}.tmp"
        with contextlib.suppress(FileNotFoundError):
            os.rename(self._session, aside)
            if self._first_line(aside) is not None:
                # Another process was quicker and has begun one: it keeps it.
                with contextlib.suppress(FileExistsError):
                    os.link(aside, self._session)
            os.unlink(aside)

    def finish_session(self) -> None:
        """Leave no session active."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._session)

    def add_pending(self, key: str, fact: dict[str, Any], *, durable: bool = True) -> None:
        """Keep a fact for the commit that will carry its path; the same key replaces.

        Args:
            durable: False for what the record's own file says too.
        """
        os.makedirs(self._pending, exist_ok=True)
        path = os.path.join(self._pending, f"{key}.json")
        atomic.write(path, json.dumps(fact, ensure_ascii=True).encode(), durable=durable)

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
                    fact = json.load(file)
            except (OSError, ValueError, RecursionError):
                continue
            if isinstance(fact, dict):
                found.append((str(fact.get("at", "")), name[:-5], fact))
        return {key: fact for _, key, fact in sorted(found, key=lambda item: item[:2])}

    def is_pending(self, key: str) -> bool:
        """Tell whether a fact with this key waits."""
        return os.path.exists(os.path.join(self._pending, f"{key}.json"))

    def drop_pending(self, key: str) -> None:
        """Forget a pending fact."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self._pending, f"{key}.json"))
