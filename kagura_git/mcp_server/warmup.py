"""Getting the search ready behind the handshake, so that the first question is answered at once.

A thread with a memory of its own brings the index up to date on disk and loads
the embedding model. It never downloads, and it steps back as soon as a call
searches: that call does the rest itself, so nothing is computed twice at once.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from kagura_git.errors import KaguraError
from kagura_git.mcp_server.home import Home

_PAUSE: Final = 0.3  # lets the answer to the request that started us leave first
logger = logging.getLogger(__name__)


class _Enough(Exception):
    """A call searches, or the server ends."""


class Warmup:
    """The background thread of one server; started once, at most."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread unless it was started before."""
        if self._thread is None and not self._over.is_set():
            self._thread = threading.Thread(target=self._run, name="kagura-warmup", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Tell the thread to end at its next step."""
        self._over.set()

    def _run(self) -> None:
        if self._over.wait(_PAUSE):
            return
        try:
            self._work()
        except (_Enough, KaguraError) as reason:
            logger.debug("warm-up ended: %r", reason)
        except Exception:  # a courtesy: what fails here, the calls will say themselves
            logger.warning("the search could not be prepared", exc_info=True)

    def _work(self) -> None:
        with self.home.memory() as memory:
            model = memory.recaller.model
        own = self.home.open_memory()
        if not own.ws.files.listing():
            return
        if not self.home.searching.is_set():
            own.recaller.refresh(self._step)
        self._step(0, 0)
        model.embedder()

    def _step(self, done: int, total: int) -> None:
        if self._over.is_set() or self.home.searching.is_set():
            raise _Enough
