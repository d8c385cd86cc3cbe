"""The public Python API: one thin facade over the services.

:class:`SyncCodingMemory` does the work, :class:`CodingMemory` is the same with
``await``; MCP and the command line call these too, so that a word means one
thing everywhere.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from kagura_git.api.finding import Finding
from kagura_git.api.opened import cache_folder
from kagura_git.api.recorded import Recorded
from kagura_git.api.recording import Recording
from kagura_git.api.understanding import Understanding
from kagura_git.api.working import Working
from kagura_git.model.inputs import Texts
from kagura_git.model.mapping import to_mapping
from kagura_git.model.records import AnyRecord, Record
from kagura_git.services.recall import Hit

if TYPE_CHECKING:
    from kagura_git.llm.approval import Ask
    from kagura_git.services.context import Level
    from kagura_git.services.spending import CodingAnalyzer


__all__ = ["CodingMemory", "Hit", "Recorded", "SyncCodingMemory", "as_dict", "cache_folder"]

P = ParamSpec("P")
T = TypeVar("T")


class SyncCodingMemory(Working, Recording, Finding, Understanding):
    """The memory of one repository.

    Args:
        repo: any folder of its work tree.
        user_id: who signs new records; default: git's identity.
        project_id: the label of new records; default: the repository's name.
            Given here, searches leave out records of other projects.
        model, vision_model, auto_approve, cost_threshold: for language models;
            None takes them from the settings.

    Raises:
        GitError: ``repo`` is not in a git work tree.
    """


def as_dict(record: AnyRecord) -> dict[str, Any]:
    """Return a record as JSON-ready values."""
    return to_mapping(record)


class CodingMemory:
    """The memory of one repository, for asynchronous code; see :class:`SyncCodingMemory`.

    Each call runs in a worker thread, one at a time, so that an event loop is
    never held up by a disk or a model.
    """

    def __init__(
        self,
        repo: str | os.PathLike[str] = ".",
        user_id: str | None = None,
        project_id: str | None = None,
        model: str | None = None,
        vision_model: str | None = None,
        auto_approve: bool | None = None,
        cost_threshold: float | None = None,
    ) -> None:
        self._sync = SyncCodingMemory(
            repo, user_id, project_id, model, vision_model, auto_approve, cost_threshold
        )
        self._turn = threading.Lock()

    @classmethod
    def sync(
        cls,
        repo: str | os.PathLike[str] = ".",
        user_id: str | None = None,
        project_id: str | None = None,
        model: str | None = None,
        vision_model: str | None = None,
        auto_approve: bool | None = None,
        cost_threshold: float | None = None,
    ) -> SyncCodingMemory:
        """Return the same memory for code without ``await``."""
        return SyncCodingMemory(
            repo, user_id, project_id, model, vision_model, auto_approve, cost_threshold
        )

    async def _call(self, verb: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        import asyncio  # 30 ms that the command line need not spend

        def work() -> T:
            with self._turn:
                return verb(*args, **kwargs)

        return await asyncio.to_thread(work)

    async def start_coding_session(self, description: str, tags: Texts = None) -> Recorded:
        """Start this worktree's session; raises ``Conflict`` while another one is active."""
        return await self._call(self._sync.start_coding_session, description, tags)

    async def end_coding_session(
        self,
        summary: str | None = None,
        success: bool | None = None,
        *,
        approve: bool = False,
        ask: Ask | None = None,
    ) -> dict[str, Any]:
        """End the active session and return it with all that belongs to it."""
        return await self._call(
            self._sync.end_coding_session, summary, success, approve=approve, ask=ask
        )

    async def track_file_change(
        self,
        file_path: str,
        action: str,
        diff: str = "",
        reason: str = "",
        related_files: Texts = None,
        line_range: Sequence[int] | str | None = None,
    ) -> Recorded:
        """Keep why a file was changed; the next commit of that path takes it into its note."""
        return await self._call(
            self._sync.track_file_change, file_path, action, diff, reason, related_files, line_range
        )

    async def record_error(
        self,
        error_type: str,
        message: str,
        stack_trace: str = "",
        file_path: str | None = None,
        line_number: int | str | None = None,
        solution: str | None = None,
        screenshot: str | None = None,
        tags: Texts = None,
        *,
        keep_screenshot: bool = False,
        approve: bool = False,
        ask: Ask | None = None,
    ) -> Recorded:
        """Record an error; the same error again is counted and answers with its solution."""
        return await self._call(
            self._sync.record_error, error_type, message, stack_trace, file_path, line_number,
            solution, screenshot, tags, keep_screenshot=keep_screenshot, approve=approve, ask=ask,
        )  # fmt: skip

    async def analyze_architecture_diagram(
        self, path: str, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return the components, relationships and more that a diagram shows."""
        return await self._call(
            self._sync.analyze_architecture_diagram, path, approve=approve, ask=ask
        )

    async def extract_code(
        self, path: str, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return the source code in a picture."""
        return await self._call(self._sync.extract_code, path, approve=approve, ask=ask)

    async def resolve_error(
        self, error_id: str, solution: str, commit: str | None = None
    ) -> Recorded:
        """Store an error's solution."""
        return await self._call(self._sync.resolve_error, error_id, solution, commit)

    async def record_decision(
        self,
        decision: str,
        rationale: str,
        alternatives: Texts = None,
        impact: str | None = None,
        tags: Texts = None,
        related_files: Texts = None,
        confidence: float | str = 0.8,
    ) -> Recorded:
        """Record a design decision; ``similar`` names earlier ones that say nearly the same."""
        return await self._call(
            self._sync.record_decision, decision, rationale, alternatives, impact, tags,
            related_files, confidence,
        )  # fmt: skip

    async def search_errors(self, query: str, k: int = 5, *, abandoned: bool = False) -> list[Hit]:
        """Return the recorded errors that fit a description or a traceback best."""
        return await self._call(self._sync.search_errors, query, k, abandoned=abandoned)

    async def search(
        self, query: str, k: int = 10, kinds: Texts = None, *, abandoned: bool = False
    ) -> list[Hit]:
        """Return the records of any kind that fit a query best, those git has lost if asked."""
        return await self._call(self._sync.search, query, k, kinds, abandoned=abandoned)

    async def summarize_session(
        self, session_id: str, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Let the user's language model write the summary of a session that has ended."""
        return await self._call(self._sync.summarize_session, session_id, approve=approve, ask=ask)

    async def suggest_solution(
        self, error: str, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return how an error may be solved, by the cases that were solved before."""
        return await self._call(self._sync.suggest_solution, error, approve=approve, ask=ask)

    async def analyze_error_patterns(
        self, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return the kinds of errors that came more than once, most frequent first."""
        return await self._call(self._sync.analyze_error_patterns, approve=approve, ask=ask)

    async def estimate(self, operation: str, target: str | None = None) -> dict[str, Any]:
        """Return what an operation would cost now, on the very data it would send."""
        return await self._call(self._sync.estimate, operation, target)

    async def costs(self, month: str | None = None) -> dict[str, Any]:
        """Return what this user has spent in a month (``2026-11``; default: this one)."""
        return await self._call(self._sync.costs, month)

    @property
    def coding_analyzer(self) -> CodingAnalyzer:
        """What the models asked by this object have cost."""
        return self._sync.coding_analyzer

    async def get_project_context(
        self,
        focus: str | None = None,
        max_tokens: int | None = None,
        *,
        level: Level = "detailed",
        approve: bool = False,
        ask: Ask | None = None,
    ) -> dict[str, Any]:
        """Return the project's summary, stack, recent changes, decisions and open errors."""
        return await self._call(
            self._sync.get_project_context, focus, max_tokens, level=level, approve=approve,
            ask=ask,
        )  # fmt: skip

    async def analyze_coding_patterns(
        self, *, save: bool = False, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return the habits that history and records show; ``save`` keeps them as records."""
        return await self._call(
            self._sync.analyze_coding_patterns, save=save, approve=approve, ask=ask
        )

    async def recall(self, id: str) -> AnyRecord:
        """Return a record by its id; raises ``NotFound``."""
        return await self._call(self._sync.recall, id)

    async def store(self, id: str, record: Record) -> Recorded:
        """Store a recalled record with the changes made to it."""
        return await self._call(self._sync.store, id, record)

    update = store

    async def record_many(self, records: Iterable[Record | Mapping[str, Any]]) -> list[Recorded]:
        """Store many records at once: one lock, one flush to disk; each is stored as it is."""
        return await self._call(self._sync.record_many, records)
