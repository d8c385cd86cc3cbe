"""The repository that a server speaks for: opened when first needed, used by one call at a time."""

from __future__ import annotations

import copy
import dataclasses
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mcp.server.mcpserver import Context

from kagura_git.config.environment import frozen
from kagura_git.errors import GitError
from kagura_git.settings import FILE

if TYPE_CHECKING:
    from kagura_git.memory import SyncCodingMemory

_MEND: Final = (
    "Start the server with `git kagura -C /path/to/repo mcp serve`, or set KAGURA_REPO or the "
    "server's cwd in the assistant's configuration."
)
_OTHERS_KEPT: Final = 16


class Home:
    """One repository and who speaks in it.

    Args:
        folder: any folder of the work tree; it need not be one yet.
        environ: the server's environment, copied: what changes later does not count.
    """

    def __init__(self, folder: str, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = frozen(environ)
        self.searching = threading.Event()
        self._turn = threading.Lock()
        self._memory: SyncCodingMemory | None = None
        self._stamp: tuple[int, int] | None = None
        self._others: dict[tuple[str, str], SyncCodingMemory] = {}

    @contextmanager
    def memory(self, user_id: str = "", project_id: str = "") -> Iterator[SyncCodingMemory]:
        """Yield the memory, for this thread alone.

        Args:
            user_id: who signs what is recorded; default: as the server was started.
            project_id: labels what is recorded and filters what is found.

        Raises:
            GitError: the folder is not in a work tree, with what to do.
        """
        with self._turn:
            memory = self._opened()
            yield self._as(memory, user_id, project_id) if user_id or project_id else memory

    def open_memory(self) -> SyncCodingMemory:
        """Return a memory of one's own, which shares nothing with that of the calls."""
        from kagura_git.memory import SyncCodingMemory

        return SyncCodingMemory(
            self.folder, self._said("USER_ID"), self._said("PROJECT_ID"), environ=self.environ
        )

    def _said(self, name: str) -> str | None:
        return self.environ.get(f"KAGURA_{name}") or self.environ.get(name) or None

    def _opened(self) -> SyncCodingMemory:
        if self._memory is None or self._stamp != _stamp(self._memory.ws.repo.top):
            self._others.clear()
            try:
                memory = self.open_memory()
            except GitError as error:
                # git's own advice for a repository of another user is better than ours.
                hint = error.hint if "safe.directory" in error.hint else _MEND
                raise GitError(error.message, hint=hint, where=self.folder) from None
            self._memory, self._stamp = memory, _stamp(memory.ws.repo.top)
        return self._memory

    def _as(self, memory: SyncCodingMemory, user_id: str, project_id: str) -> SyncCodingMemory:
        """Return the memory as another author or project sees it; index and model are shared."""
        key = (user_id, project_id)
        if key not in self._others:
            if len(self._others) >= _OTHERS_KEPT:
                self._others.clear()
            other = copy.copy(memory)
            other.ws = dataclasses.replace(
                memory.ws,
                user_id=user_id or memory.ws.user_id,
                given_project_id=project_id or memory.ws.given_project_id,
            )
            other.ws.heads = memory.ws.heads
            self._others[key] = other
        return self._others[key]


Ctx = Context[Home, object]


def home_of(ctx: Ctx) -> Home:
    """Return the home that a call works in."""
    return ctx.request_context.lifespan_context


def _stamp(top: str) -> tuple[int, int]:
    """Return what tells one state of the repository's settings from the next."""
    try:
        stat = os.stat(os.path.join(top, FILE))
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)
