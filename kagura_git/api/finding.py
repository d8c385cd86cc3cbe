"""Finding records again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kagura_git.api.opened import Opened
from kagura_git.model import inputs
from kagura_git.model.inputs import Texts
from kagura_git.model.records import AnyRecord
from kagura_git.services.recall import Filters, Found, Hit

if TYPE_CHECKING:
    pass


class Finding(Opened):
    """Searches, and returns records."""

    def search_errors(
        self,
        query: str,
        k: int = 5,
        *,
        unresolved: bool = False,
        min_score: float | None = None,
        abandoned: bool = False,
    ) -> list[Hit]:
        """Return the recorded errors that fit a description or a traceback best.

        None where nothing similar was recorded, see :meth:`find_errors`.
        ``abandoned``: also those that git has lost; such hits say so in ``.abandoned``.
        """
        found = self.find_errors(
            query, k, unresolved=unresolved, min_score=min_score, abandoned=abandoned
        )
        return list(found.hits)

    def find_errors(
        self,
        query: str,
        k: int = 5,
        *,
        unresolved: bool = False,
        min_score: float | None = None,
        abandoned: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Found:
        """Return the errors that fit a query, with how they were ranked.

        Args:
            min_score: leave out what scores less. By default nothing is left out, but
                nothing is answered either if not even the best is likely.
        """
        found = self.find(
            query, k, kinds=["error"], unresolved=unresolved, min_score=min_score,
            abandoned=abandoned, progress=progress,
        )  # fmt: skip
        return found.or_nothing() if min_score is None else found

    def search(
        self, query: str, k: int = 10, kinds: Texts = None, *, abandoned: bool = False
    ) -> list[Hit]:
        """Return the records of any kind that fit a query best.

        ``abandoned``: also those that git has lost; such hits say so in ``.abandoned``.
        """
        return list(self.find(query, k, kinds=kinds, abandoned=abandoned).hits)

    def find(
        self,
        query: str,
        k: int = 10,
        *,
        kinds: Texts = None,
        tags: Texts = None,
        file: str | None = None,
        since: str | None = None,
        unresolved: bool = False,
        min_score: float | None = None,
        author: str | None = None,
        abandoned: bool = False,
        cwd: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Found:
        """Return the records that fit a query and every filter, with how they were ranked."""
        filters = Filters(
            kinds=tuple(inputs.texts(kinds, "kinds")),
            tags=tuple(inputs.texts(tags, "tags")),
            file=inputs.said_path(self.ws.repo.relative(file, cwd)) if file else None,
            since=inputs.since(since, self.ws.now()) if since else None,
            unresolved=unresolved,
            project_id=self.ws.given_project_id,
            author=author,
        )
        return self.recaller.search(
            query, k, filters=filters, min_score=min_score or 0.0, abandoned=abandoned,
            progress=progress,
        )  # fmt: skip

    def recall(self, id: str) -> AnyRecord:
        """Return a record by its id; raises ``NotFound``."""
        return self.recaller.get(id)[1]
