"""Recording what happened, and storing records again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from kagura_git.api.opened import Opened
from kagura_git.api.recorded import Recorded
from kagura_git.api.screenshots import Completed, completed, picture_path
from kagura_git.errors import InvalidRecord, KaguraError, UsageError
from kagura_git.model import inputs
from kagura_git.model.fingerprint import fingerprint
from kagura_git.model.ids import STORED_KINDS
from kagura_git.model.inputs import Texts
from kagura_git.model.mapping import from_mapping, iso
from kagura_git.model.records import Change, Error, Record, schema_name
from kagura_git.services import attachments, capture, decisions, problems
from kagura_git.services.recall import Filters

if TYPE_CHECKING:
    from kagura_git.llm.approval import Ask

# From here on a decision is about the same question: it repeats the other or overrules it.
_ALIKE = 0.6


class Recording(Opened):
    """Records changes, errors and decisions."""

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
        keep_screenshot: bool = False,
        approve: bool = False,
        ask: Ask | None = None,
        cwd: str | None = None,
    ) -> Recorded:
        """Record an error; the same error again is counted and answers with its solution.

        What is left open ("", "Unknown", 0 ...) is read from the screenshot, if there
        is one: ``read_by`` says by whom, ``reason`` why not.

        Args:
            screenshot: a picture's path, counted from ``cwd``.
            keep_screenshot: keep the picture under ``.kagura/attachments``, without metadata.
            approve, ask: as for :meth:`end_coding_session`.
        """
        told = Completed(
            {
                "error_type": error_type, "message": message, "stack_trace": stack_trace,
                "file_path": file_path, "line_number": line_number,
            }
        )  # fmt: skip
        if screenshot:
            purse = self.purse(approved=approve, ask=ask)
            told = completed(purse, told.fields, screenshot, cwd or os.getcwd())
            if keep_screenshot:
                screenshot = attachments.keep(self.ws, picture_path(screenshot, cwd or os.getcwd()))
        done = problems.record(
            self.ws, **told.fields, solution=solution, screenshot=screenshot, tags=tags,
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
            path=done.path, staged=done.staged, **_about(told, bool(screenshot)),
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
            if kind not in STORED_KINDS:
                raise UsageError(
                    f"a record of kind {kind!r} cannot be stored",
                    hint=f"One of {', '.join(STORED_KINDS)}.",
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
        if kind == "pattern":
            fields.setdefault("learned_at", fields["created_at"])
        record = from_mapping(fields, where=fields["id"])
        if isinstance(record, Error) and record.fingerprint is None:
            mark = fingerprint(
                record.error_type, record.message, record.stack_trace, record.file_path
            )
            record = replace(record, fingerprint=mark)
        return record


def _about(told: Completed, pictured: bool) -> dict[str, Any]:
    """Return what became of a screenshot."""
    if not pictured:
        return {}
    about: dict[str, Any] = {"read_by": told.read_by}
    if told.reason:
        about["reason"] = told.reason
    if told.llm:
        about["llm"] = told.llm
    return about
