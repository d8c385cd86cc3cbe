"""The public Python API: one thin facade over the services.

:class:`SyncCodingMemory` does the work, :class:`CodingMemory` is the same with
``await``; MCP and the command line call these too, so that a word means one
thing everywhere.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from msgspec.structs import replace

from kagura_git.errors import InvalidRecord, KaguraError, UsageError
from kagura_git.model import inputs
from kagura_git.model.fingerprint import fingerprint
from kagura_git.model.inputs import Texts
from kagura_git.model.mapping import from_mapping, iso, to_mapping
from kagura_git.model.records import AnyRecord, Change, Error, Record, Session, schema_name
from kagura_git.model.tokens import count_tokens
from kagura_git.services import capture, decisions, problems, sessions
from kagura_git.services.recall import Filters, Found, Hit, Recall
from kagura_git.services.session_text import minutes
from kagura_git.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from kagura_git.llm.approval import Ask
    from kagura_git.llm.operation import Purse
    from kagura_git.services.context import Level
    from kagura_git.services.spending import CodingAnalyzer

__all__ = ["CodingMemory", "Hit", "Recorded", "SyncCodingMemory"]

P = ParamSpec("P")
T = TypeVar("T")
# From here on a decision is about the same question: it repeats the other or overrules it.
_ALIKE = 0.6


class Recorded(str):
    """The id of what was just recorded, and what became of it, as attributes.

    It is a plain ``str``; ``.id`` is the same text. What else is there depends
    on the kind: ``new``, ``occurrences``, ``resolved``, ``solution`` (errors),
    ``status`` (decisions), ``action`` (changes), ``similar``, ``redacted``,
    ``path`` and ``record``.
    """

    id: str
    record: AnyRecord

    def __new__(cls, record: AnyRecord, **facts: Any) -> Recorded:
        """Return the record's id carrying ``facts``."""
        self = super().__new__(cls, record.id)
        self.id = record.id
        self.record = record
        for name, value in facts.items():
            setattr(self, name, value)
        self._facts = facts
        return self

    _facts: dict[str, Any]

    @property
    def title(self) -> str:  # type: ignore[override]
        """The record's title; ``str.title`` has no use on an id."""
        return self.record.title

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return getattr(self.record, name)
        except AttributeError:
            raise AttributeError(f"{self.record.kind} {self.record.id} has no {name!r}") from None

    def to_dict(self) -> dict[str, Any]:
        """Return id and facts as JSON-ready values, as the command line prints them."""
        return {"id": self.id, **self._facts}


class SyncCodingMemory:
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

    def __init__(
        self,
        repo: str | os.PathLike[str] = ".",
        user_id: str | None = None,
        project_id: str | None = None,
        model: str | None = None,
        vision_model: str | None = None,
        auto_approve: bool | None = None,
        cost_threshold: float | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.ws: Workspace = open_workspace(
            os.fspath(repo), self.environ, user_id=user_id, project_id=project_id
        )
        self.model, self.vision_model = model, vision_model
        self.auto_approve, self.cost_threshold = auto_approve, cost_threshold
        self.recaller = Recall(self.ws, cache_folder(self.environ))
        self._purse: Purse | None = None

    # Language models

    def purse(self, *, approved: bool = False, ask: Ask | None = None) -> Purse:
        """Return who pays for a model here; see :mod:`kagura_git.llm.operation`.

        Args:
            approved: the user has approved the next operation, whatever it costs.
            ask: asks the user; by default on the terminal, if somebody sits at one.
        """
        from kagura_git.llm.terminal import on_terminal
        from kagura_git.services.spending import purse_of

        if self._purse is None:
            self._purse = purse_of(
                self.ws, self.environ, model=self.model, vision_model=self.vision_model,
                auto_approve=self.auto_approve, threshold=self.cost_threshold, ask=None,
            )  # fmt: skip
        purse = self._purse
        policy = dataclasses.replace(purse.policy, approved=approved)
        # The list of calls is one for all: that is what has been spent by this memory.
        return dataclasses.replace(purse, policy=policy, ask=ask or on_terminal())

    @cached_property
    def coding_analyzer(self) -> CodingAnalyzer:
        """What the models asked by this object have cost."""
        from kagura_git.services.spending import CodingAnalyzer

        return CodingAnalyzer(lambda: self._purse.calls if self._purse else [])

    def estimate(self, operation: str, target: str | None = None) -> dict[str, Any]:
        """Return what an operation would cost now, on the very data it would send.

        Args:
            operation: one of :data:`kagura_git.services.estimates.OPERATIONS`.
            target: what it is for, such as a session's id; default: the latest.
        """
        from kagura_git.services import estimates

        return estimates.estimate(self.ws, self.recaller.links(), self.purse(), operation, target)

    def costs(self, month: str | None = None) -> dict[str, Any]:
        """Return what this user has spent in a month (``2026-11``; default: this one)."""
        from kagura_git.services import spending

        wanted = month or f"{self.ws.now():%Y-%m}"
        budget = self.ws.settings.monthly_budget
        return spending.costs(spending.ledger_of(self.environ), wanted, budget)

    # Sessions

    def start_coding_session(self, description: str, tags: Texts = None) -> Recorded:
        """Start this worktree's session; raises ``Conflict`` while another one is active."""
        links = self.recaller.links()
        path, session = sessions.start(self.ws, links, description, tags)
        return Recorded(session, path=path, active=True, **self._said_of(session))

    def resume_coding_session(self, session_id: str) -> Recorded:
        """Make an earlier session the active one again."""
        path, session = sessions.resume(self.ws, session_id)
        return Recorded(session, path=path, active=True, **self._said_of(session))

    def end_coding_session(
        self,
        summary: str | None = None,
        success: bool | None = None,
        *,
        approve: bool = False,
        ask: Ask | None = None,
    ) -> dict[str, Any]:
        """End the active session and return it with all that belongs to it.

        Without ``summary`` one is made from the changes, decisions, errors and
        commits recorded in it: by the user's language model if there is one and
        its price is approved, else by our own hand. ``llm`` says which, and why.

        Args:
            approve: the user has approved the price beforehand.
            ask: asks the user to approve it; by default on the terminal.
        """
        _, joined = sessions.end(self.ws, self.recaller.links(), summary, success)
        if inputs.optional(summary) or not self.ws.settings.summarize_on_end:
            return self._session(joined)
        # The session is safe now, however long a model takes and whoever ends this process.
        return self._summarized(joined, approve, ask)

    def summarize_session(
        self, session_id: str, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Let the user's language model write the summary of a session that has ended.

        ``llm`` says what became of it; without an answer the summary stays as it was.
        """
        _, session = sessions.get(self.ws, session_id)
        joined = sessions.join(self.ws, self.recaller.links(), session)
        return {"llm": {"status": "no_model"}} | self._summarized(joined, approve, ask)

    def _summarized(
        self, joined: sessions.Joined, approve: bool, ask: Ask | None
    ) -> dict[str, Any]:
        """Return a session, its summary written by a model if there is one that may be asked."""
        purse = self.purse(approved=approve, ask=ask)
        if not purse.model:
            return self._session(joined)
        from kagura_git.services import summaries

        session = joined.session
        outcome = summaries.ask(
            purse,
            summaries.blocks(
                self.ws, session, joined.changes, joined.errors, joined.decisions, joined.commits
            ),
        )
        if outcome.answer is not None:
            text = summaries.markdown(session, minutes(session, self.ws.now()), outcome.answer)
            prompt = f"session_summary/{outcome.prompt_version}"
            by = sessions.WrittenBy(outcome.model, prompt, outcome.cost)
            session = sessions.rewrite(self.ws, session.id, text, by)
        return self._session(dataclasses.replace(joined, session=session)) | {
            "llm": outcome.to_dict()
        }

    def get_session(self, session_id: str | None = None) -> dict[str, Any] | None:
        """Return a session with all that belongs to it; None given: the active one, if any."""
        wanted = session_id or self.ws.working.active_session()
        if wanted is None:
            return None
        _, session = sessions.get(self.ws, wanted)
        return self._session(sessions.join(self.ws, self.recaller.links(), session))

    def list_sessions(self) -> list[dict[str, Any]]:
        """Return this branch's sessions, newest first."""
        active = self.ws.working.active_session()
        return [
            {"id": s.id, "active": s.id == active, "path": path, **self._said_of(s)}
            for path, s in sessions.listed(self.ws)
        ]

    def _said_of(self, session: Session) -> dict[str, Any]:
        return {
            "description": session.description,
            "tags": session.tags,
            "started_at": iso(session.started_at),
            "ended_at": iso(session.ended_at) if session.ended_at else None,
            "duration_minutes": minutes(session, self.ws.now()),
            "summary": session.summary,
            "summary_model": session.summary_model,
            "success": session.success,
        }

    def _session(self, joined: sessions.Joined) -> dict[str, Any]:
        return {
            "id": joined.session.id,
            "active": joined.active,
            **self._said_of(joined.session),
            "decisions": [record.id for record in joined.decisions],
            "errors": [record.id for record in joined.errors],
            "changes": [
                {name: change.get(name) for name in ("id", "path", "action", "reason", "commit")}
                for change in joined.changes
            ],
            "commits": list(joined.commits),
        }

    # Recording

    def track_file_change(
        self,
        file_path: str,
        action: str,
        diff: str = "",
        reason: str = "",
        related_files: Texts = None,
        line_range: Sequence[int] | str | None = None,
        *,
        old_path: str | None = None,
        cwd: str | None = None,
    ) -> Recorded:
        """Keep why a file was changed; the next commit of that path takes it into its note."""
        done = capture.track(
            self.ws, file_path, action, reason, diff=diff, related_files=related_files,
            line_range=line_range, old_path=old_path, cwd=cwd,
            session=self.ws.working.active_session(),
        )  # fmt: skip
        change = done.change
        return Recorded(
            change, path=change.path, action=change.action, redacted=list(done.redacted)
        )

    def record_error(
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
        cwd: str | None = None,
    ) -> Recorded:
        """Record an error; the same error again is counted and answers with its solution."""
        done = problems.record(
            self.ws, error_type, message, stack_trace=stack_trace, file_path=file_path,
            line_number=line_number, solution=solution, screenshot=screenshot, tags=tags,
            session=self.ws.working.active_session(), cwd=cwd,
        )  # fmt: skip
        error = done.error
        similar = [
            {"id": a.id, "score": a.score, "title": a.title, "resolved": a.resolved,
             "solution": a.solution}
            for a in done.similar
        ]  # fmt: skip
        return Recorded(
            error, new=done.new, occurrences=error.occurrences, resolved=error.resolved,
            solution=error.solution, similar=similar, redacted=list(done.redacted),
            path=done.path, staged=done.staged,
        )  # fmt: skip

    def resolve_error(self, error_id: str, solution: str, commit: str | None = None) -> Recorded:
        """Store an error's solution; ``commit`` names the one that fixed it, if there is one."""
        path, error = problems.solve(self.ws, error_id, solution, commit)
        return Recorded(error, resolved=True, solution=error.solution, path=path)

    def record_decision(
        self,
        decision: str,
        rationale: str,
        alternatives: Texts = None,
        impact: str | None = None,
        tags: Texts = None,
        related_files: Texts = None,
        confidence: float | str = 0.8,
        *,
        status: str = "proposed",
        supersedes: str | None = None,
        cwd: str | None = None,
    ) -> Recorded:
        """Record a design decision; ``similar`` names earlier ones that say nearly the same."""
        done = decisions.record(
            self.ws, decision, rationale, alternatives=alternatives, impact=impact, tags=tags,
            related_files=related_files, confidence=confidence, status=status,
            supersedes=supersedes, session=self.ws.working.active_session(), cwd=cwd,
        )  # fmt: skip
        record = done.decision
        return Recorded(
            record, status=record.status, path=done.path, similar=self._similar(record),
            redacted=list(done.redacted), staged=done.staged,
        )  # fmt: skip

    def _similar(self, record: Any) -> list[dict[str, Any]]:
        filters = Filters(kinds=("decision",), other_than=record.id)
        try:
            found = self.recaller.search(record.decision, 3, filters=filters, min_score=_ALIKE)
        except KaguraError:
            return []  # the decision is stored; what it resembles is a courtesy
        return [
            {"id": hit.id, "score": hit.score, "title": hit.title, "status": hit.status}
            for hit in found.hits
        ]

    # Finding

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

    def store(self, id: str, record: Record) -> Recorded:
        """Store a recalled record with the changes made to it.

        Raises:
            UsageError: the record has another id.
            InvalidRecord: a field breaks its rule.
        """
        if id != record.id:
            raise UsageError(f"the record's id is {record.id}, not {id}", where=id)
        if isinstance(record, Change):
            raise UsageError("a change is stored by its commit", where=id)
        relation = None
        path, known = self.recaller.get(id)
        if isinstance(record, Error) and isinstance(known, Error) and record.resolved:
            if not record.solution:
                raise InvalidRecord("resolved without a solution", hint="Set .solution.", where=id)
            if not known.resolved or known.solution != record.solution:
                relation = "solved"
                record = replace(record, resolved_at=record.resolved_at or self.ws.now())
        clean, redacted = inputs.checked(record)
        with self.ws.lock():
            path = self.ws.save(clean, path, relation)
        return Recorded(clean, path=path, redacted=redacted)

    update = store

    def record_many(self, records: Iterable[Record | Mapping[str, Any]]) -> list[Recorded]:
        """Store many records at once: one lock, one flush to disk; each is stored as it is.

        Args:
            records: records, or mappings with ``kind`` and the kind's fields;
                a missing id, author, project or time is filled in.
        """
        ready = [inputs.checked(self._complete(item))[0] for item in records]
        paths = self.ws.save_many(ready)
        return [Recorded(item, path=path) for item, path in zip(ready, paths, strict=True)]

    def _complete(self, item: Record | Mapping[str, Any]) -> Record:
        if not isinstance(item, Mapping):
            return item
        fields = dict(item)
        kind = fields.pop("kind", None)
        if "schema" not in fields:
            if kind not in ("decision", "error", "session"):
                raise UsageError(
                    f"a record of kind {kind!r} cannot be stored",
                    hint="One of decision, error, session.",
                    where="kind",
                )
            fields["schema"] = schema_name(kind)
        kind = fields["schema"].split("/")[1]
        now = iso(self.ws.now())
        fields.setdefault("id", self.ws.new_id(kind))
        fields.setdefault("author", self.ws.author)
        fields.setdefault("project_id", self.ws.project_id)
        fields.setdefault("created_at", now)
        if kind == "session":
            fields.setdefault("started_at", fields["created_at"])
        record = from_mapping(fields, where=fields["id"])
        if isinstance(record, Error) and record.fingerprint is None:
            mark = fingerprint(
                record.error_type, record.message, record.stack_trace, record.file_path
            )
            record = replace(record, fingerprint=mark)
        return record

    # Understanding

    def get_project_context(
        self,
        focus: str | None = None,
        max_tokens: int | None = None,
        *,
        level: Level = "detailed",
    ) -> dict[str, Any]:
        """Return the project's summary, stack, recent changes, decisions and open errors.

        Tokens are counted by the tokenizer of the user's model, if there is one.

        Raises:
            UsageError: no such level.
        """
        from kagura_git.services import context

        if level not in context.LEVELS:
            raise UsageError(f"no level {level!r}", hint=f"One of {', '.join(context.LEVELS)}.")
        found = context.project_context(
            self.ws,
            self.recaller.links(),
            focus=focus,
            max_tokens=max_tokens,
            related=self._related if focus else None,
            patterns=self.analyze_coding_patterns()["patterns"],
            level=level,
            count=self._counter(),
        )
        return found.to_dict()

    def _counter(self) -> Callable[[str], int]:
        model = self.purse().model
        if not model:
            return count_tokens
        from kagura_git.llm.counting import text_tokens

        return partial(text_tokens, model)

    def _related(self, focus: str) -> dict[str, float]:
        return {hit.id: hit.score for hit in self.recaller.search(focus, 50).hits}

    def analyze_coding_patterns(self) -> dict[str, Any]:
        """Return the habits that history and records show, with counts and examples."""
        from kagura_git.services import patterns

        return patterns.analyze(self.ws).to_dict()


def as_dict(record: AnyRecord) -> dict[str, Any]:
    """Return a record as JSON-ready values."""
    return to_mapping(record)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where exported models live: ``KAGURA_CACHE_DIR`` or the user's cache folder."""
    given = environ.get("KAGURA_CACHE_DIR")
    if given:
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_cache_dir("kagura-git"))


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
    ) -> Recorded:
        """Record an error; the same error again is counted and answers with its solution."""
        return await self._call(
            self._sync.record_error, error_type, message, stack_trace, file_path, line_number,
            solution, screenshot, tags,
        )  # fmt: skip

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

    async def get_project_context(
        self,
        focus: str | None = None,
        max_tokens: int | None = None,
        *,
        level: Level = "detailed",
    ) -> dict[str, Any]:
        """Return the project's summary, stack, recent changes, decisions and open errors."""
        return await self._call(self._sync.get_project_context, focus, max_tokens, level=level)

    async def analyze_coding_patterns(self) -> dict[str, Any]:
        """Return the habits that history and records show, with counts and examples."""
        return await self._call(self._sync.analyze_coding_patterns)

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
