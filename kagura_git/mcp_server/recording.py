"""The tools that record: sessions, changes, errors and their solutions, decisions."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from mcp_types import CallToolResult
from pydantic import Field

from kagura_git.errors import GitError
from kagura_git.mcp_server import results
from kagura_git.mcp_server.approval import (
    ScreenshotApproval,
    SummaryApproval,
    answer_of,
)
from kagura_git.mcp_server.arguments import (
    CONFIDENCE,
    Flag,
    Fraction,
    LineRange,
    OptionalText,
    Text,
    Texts,
    Whole,
)
from kagura_git.mcp_server.home import Ctx, home_of
from kagura_git.mcp_server.sizes import clip, place
from kagura_git.model.records import ACTIONS

if TYPE_CHECKING:
    from kagura_git.api.recorded import Recorded
    from kagura_git.git.repo import Repository

_CHANGES = 20
_Action = Annotated[Text, Field(json_schema_extra={"enum": list(ACTIONS)})]


def coding_start_session(
    ctx: Ctx,
    description: Text,
    tags: Texts = (),
    user_id: OptionalText = "",
    project_id: OptionalText = "",
) -> Annotated[CallToolResult, results.SessionStarted]:
    """Call when a task begins (feature, fix, refactoring), before the first edit.

    What is recorded until coding_end_session belongs to this session; one at a time.
    """
    with home_of(ctx).memory(user_id, project_id) as memory:
        done = memory.start_coding_session(description, tags)
    found = results.SessionStarted(
        id=done.id,
        description=done.description,
        tags=done.tags,
        started_at=done.started_at,
        path=done.path,
    )
    return results.answer(found, f"Session {done.id} started.")


def coding_end_session(
    ctx: Ctx,
    approval: SummaryApproval,
    summary: OptionalText = "",
    success: Flag = None,
    user_id: OptionalText = "",
    project_id: OptionalText = "",
) -> Annotated[CallToolResult, results.SessionEnded]:
    """Call when the task is done or given up; success says which.

    Without summary one is made of what was recorded.
    """
    with home_of(ctx).memory(user_id, project_id) as memory:
        done = memory.end_coding_session(summary or None, success, ask=answer_of(approval))
    changes = [
        results.ChangeMade(
            path=change["path"] or "",
            action=change["action"] or "",
            reason=clip(change["reason"], 160),
            commit=(change["commit"] or "")[:12] or None,
        )
        for change in done["changes"]
    ]
    found = results.SessionEnded(
        id=done["id"],
        description=done["description"],
        summary=done["summary"] or "",
        success=done["success"],
        duration_minutes=done["duration_minutes"],
        decisions=done["decisions"],
        errors=done["errors"],
        changes=changes[:_CHANGES],
        changes_total=len(changes),
        commits=[sha[:12] for sha in done["commits"]],
        llm=results.model_asked(done.get("llm")),
    )
    return results.answer(found, f"Session {found.id} ended after {found.duration_minutes:g} min.")


def coding_track_file_change(
    ctx: Ctx,
    file_path: Text,
    action: _Action,
    reason: Text,
    diff: OptionalText = "",
    related_files: Texts = (),
    line_range: LineRange = None,
    user_id: OptionalText = "",
    project_id: OptionalText = "",
) -> Annotated[CallToolResult, results.ChangeTracked]:
    """Call after each file you change. reason: WHY, not what; the file's next commit carries it.

    diff: the change as text. line_range: first,last.
    """
    home = home_of(ctx)
    with home.memory(user_id, project_id) as memory:
        repo = memory.ws.repo
        done = memory.track_file_change(
            _below(repo, home.folder, file_path),
            action,
            diff,
            reason,
            [_below(repo, home.folder, path) for path in related_files],
            line_range,
        )
    found = results.ChangeTracked(
        id=done.id, path=done.path, action=done.action, redacted=done.redacted
    )
    return results.answer(found, f"{done.id}: {done.action} {done.path} kept for its commit.")


def coding_record_error(
    ctx: Ctx,
    approval: ScreenshotApproval,
    error_type: Text,
    message: Text,
    stack_trace: OptionalText = "",
    file_path: OptionalText = "",
    line_number: Whole = None,
    solution: OptionalText = "",
    screenshot: OptionalText = "",
    tags: Texts = (),
    user_id: OptionalText = "",
    project_id: OptionalText = "",
) -> Annotated[CallToolResult, results.ErrorRecorded]:
    """Call when a command, test or build fails or raises.

    A known error is counted and answers with its solution; others like it are named.
    error_type: such as TypeError. stack_trace: all of it. file_path, line_number: where.
    solution: the fix, once known. screenshot: an image's path.
    """
    home = home_of(ctx)
    with home.memory(user_id, project_id) as memory:
        done = memory.record_error(
            error_type,
            message,
            stack_trace,
            _below(memory.ws.repo, home.folder, file_path) if file_path else None,
            line_number,
            solution or None,
            screenshot or None,
            tags,
            cwd=home.folder,
            ask=answer_of(approval),
        )
    found = results.ErrorRecorded(
        id=done.id,
        new=done.new,
        occurrences=done.occurrences,
        resolved=done.resolved,
        solution=clip(done.solution, 1500) or None,
        similar=[
            results.AlikeError(
                id=item["id"],
                score=round(item["score"], 2),
                title=clip(item["title"], 120),
                resolved=item["resolved"],
                solution=clip(item["solution"], 200) or None,
            )
            for item in done.similar
        ],
        redacted=done.redacted,
        path=done.path,
        read=_read_of(done) if screenshot else None,
    )
    return results.answer(found, _said_of(found))


def _read_of(done: Recorded) -> results.ScreenshotRead:
    """Return what a screenshot filled in, and who read it."""
    about, error = done.to_dict(), done.record
    return results.ScreenshotRead(
        by=about.get("read_by"),
        title=clip(error.title, 200),
        file=place(done.file_path, done.line_number, 200),
        cause=clip(done.suggested_cause, 300) or None,
        llm=results.model_asked(about.get("llm")),
    )


def _said_of(found: results.ErrorRecorded) -> str:
    times = "recorded" if found.new else f"seen {found.occurrences} times"
    if found.solution:
        return f"{found.id} {times}; solved before. {results.NOTICE} {clip(found.solution, 160)}"
    return f"{found.id} {times}; no solution yet: coding_resolve_error once there is one."


def coding_resolve_error(
    ctx: Ctx,
    error_id: Text,
    solution: Text,
    user_id: OptionalText = "",
    project_id: OptionalText = "",
) -> Annotated[CallToolResult, results.ErrorSolved]:
    """Call when a recorded error is fixed.

    error_id: E-... as recorded or found. solution: the cause and the fix.
    """
    with home_of(ctx).memory(user_id, project_id) as memory:
        done = memory.resolve_error(error_id.strip(), solution)
    found = results.ErrorSolved(
        id=done.id,
        title=clip(done.record.title, 120),
        resolved=True,
        solution=clip(done.solution, 200),
        path=done.path,
    )
    return results.answer(found, f"{done.id} solved.")


def coding_record_decision(
    ctx: Ctx,
    decision: Text,
    rationale: Text,
    alternatives: Texts = (),
    impact: OptionalText = "",
    tags: Texts = (),
    related_files: Texts = (),
    confidence: Fraction = CONFIDENCE,
    user_id: OptionalText = "",
    project_id: OptionalText = "",
) -> Annotated[CallToolResult, results.DecisionRecorded]:
    """Call when you or the user choose one way over another: library, design, convention.

    Nearly equal earlier decisions are named. rationale: why. alternatives: what was turned down
    and why. impact: what follows. related_files: what it governs. confidence: 0 to 1, default 0.8.
    """
    home = home_of(ctx)
    home.searching.set()  # it looks for decisions that say the same
    with home.memory(user_id, project_id) as memory:
        repo = memory.ws.repo
        done = memory.record_decision(
            decision,
            rationale,
            alternatives,
            impact or None,
            tags,
            [_below(repo, home.folder, path) for path in related_files],
            confidence,
        )
    found = results.DecisionRecorded(
        id=done.id,
        status=done.status,
        similar=[
            results.AlikeDecision(
                id=item["id"],
                score=round(item["score"], 2),
                title=clip(item["title"], 160),
                status=item["status"],
            )
            for item in done.similar
        ],
        redacted=done.redacted,
        path=done.path,
    )
    alike = f"; much like {', '.join(item.id for item in found.similar)}" if found.similar else ""
    return results.answer(found, f"{found.id} recorded, {found.status}{alike}.")


def _below(repo: Repository, folder: str, path: str) -> str:
    """Return a path that an assistant gives, counted from the folder it works in.

    Some count from the top all the same; the file that exists is the one that is meant.
    """
    found = []
    for base in (folder, repo.top):
        with suppress(GitError):
            found.append(os.path.join(repo.top, repo.relative(path, base)))
    there = (name for name in found if os.path.lexists(name))
    return next(there, found[0] if found else os.path.join(folder, path))
