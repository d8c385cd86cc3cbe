"""The tools that find and sum up: errors, records of any kind, the project, its habits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from mcp_types import CallToolResult

from kagura_git.mcp_server import results
from kagura_git.mcp_server.approval import HabitsApproval, answer_of
from kagura_git.mcp_server.arguments import Flag, OptionalText, Text, Texts, Whole
from kagura_git.mcp_server.home import Ctx, home_of
from kagura_git.mcp_server.sizes import clip, fitted, place
from kagura_git.model.records import Change, Error

if TYPE_CHECKING:
    from kagura_git.services.recall import Found, Hit

_MOST: Final = 50
_CONTEXT_TOKENS: Final = 2000
_NOTICE_TOKENS: Final = 20


def coding_search_errors(
    ctx: Ctx, query: Text, k: Whole = 5, user_id: OptionalText = "", project_id: OptionalText = ""
) -> Annotated[CallToolResult, results.ErrorHits]:
    """Call FIRST when anything fails, before trying a fix: was it met and solved before?

    query: the error's text, its traceback, or a description. k: default 5.
    """
    home = home_of(ctx)
    home.searching.set()
    with home.memory(user_id, project_id) as memory:
        found = memory.find_errors(query, _few(k, 5))

    def render(title: int, text: int) -> results.ErrorHits:
        hits = [_error_hit(hit, title, text) for hit in found.hits]
        return results.ErrorHits(ranking=found.ranking, results=hits)

    return results.answer(fitted(render, len(found.hits)), _count(found, "error"))


def _error_hit(hit: Hit, title: int, text: int) -> results.ErrorHit:
    record = hit.record
    if not isinstance(record, Error):
        raise TypeError(f"{hit.id} is no error")
    return results.ErrorHit(
        id=hit.id,
        score=round(hit.score, 2),
        title=clip(hit.title, title),
        resolved=record.resolved,
        solution=clip(record.solution, text) or None,
        file=place(record.file_path, record.line_number, title),
        occurrences=record.occurrences,
    )


def coding_search(
    ctx: Ctx,
    query: Text,
    k: Whole = 10,
    kinds: Texts = (),
    file: OptionalText = "",
    abandoned: Flag = None,
    user_id: OptionalText = "",
    project_id: OptionalText = "",
) -> Annotated[CallToolResult, results.RecordHits]:
    """Call before changing code you did not write or deciding anew: why is it so, what was tried?

    kinds: decision, error, session, pattern, change. file: a path or folder. k: default 10.
    abandoned: also what was tried on branches that are gone.
    """
    home = home_of(ctx)
    home.searching.set()
    wanted = [kind.lower().removesuffix("s") for kind in kinds]
    with home.memory(user_id, project_id) as memory:
        found = memory.find(
            query, _few(k, 10), kinds=wanted, file=file or None, abandoned=bool(abandoned),
            cwd=home.folder,
        )  # fmt: skip

    def render(title: int, text: int) -> results.RecordHits:
        hits = [_record_hit(hit, title, text) for hit in found.hits]
        return results.RecordHits(ranking=found.ranking, results=hits)

    return results.answer(fitted(render, len(found.hits)), _count(found, "record"))


def _record_hit(hit: Hit, title: int, text: int) -> results.RecordHit:
    record = hit.record
    said, file, status = hit.snippet, hit.path, hit.status
    if isinstance(record, Error):
        said = record.solution or hit.snippet
        file, status = record.file_path or "", "solved" if record.resolved else "open"
    elif not isinstance(record, Change):
        file = next(iter(getattr(record, "related_files", [])), "")
    if hit.superseded_by is not None:
        by = hit.superseded_by
        said = f"Superseded by {by.id}: {clip(by.title, 80) or 'missing here'}. {said}"
    return results.RecordHit(
        id=hit.id,
        kind=hit.kind,
        score=round(hit.score, 2),
        title=clip(hit.title, title),
        text=clip(said, text),
        file=place(file, None, title),
        status="abandoned" if hit.abandoned else status,
    )


def _few(k: int | None, default: int) -> int:
    return default if k is None else min(k, _MOST)


def _count(found: Found, what: str) -> str:
    if not found.hits:
        return f"Nothing similar: no {what} recorded that fits."
    best = found.hits[0]
    several = "s" if len(found.hits) > 1 else ""
    return f"{len(found.hits)} {what}{several}; best {best.id} ({best.score:.2f})."


def coding_get_project_context(
    ctx: Ctx,
    focus: OptionalText = "",
    max_tokens: Whole = None,
    user_id: OptionalText = "",
    project_id: OptionalText = "",
) -> Annotated[CallToolResult, results.ProjectContext]:
    """Call at the start of work in this repository: stack, decisions, open errors, recent changes.

    focus: a topic or path. max_tokens: default 2000.
    """
    home = home_of(ctx)
    if focus:
        home.searching.set()
    size = _CONTEXT_TOKENS if max_tokens is None else max_tokens
    with home.memory(user_id, project_id) as memory:
        data = memory.get_project_context(focus or None, max(size - _NOTICE_TOKENS, 1))
    found = results.ProjectContext.model_validate(data)
    text = (
        f"{clip(found.project_id, 60)}: {len(found.decisions)} decisions, "
        f"{len(found.open_errors)} open errors, {len(found.recent_changes)} recent changes."
    )
    return results.answer(found, text)


def coding_analyze_patterns(
    ctx: Ctx, approval: HabitsApproval, user_id: OptionalText = "", project_id: OptionalText = ""
) -> Annotated[CallToolResult, results.Patterns]:
    """Call when asked for habits or conventions here, or before writing much new code."""
    with home_of(ctx).memory(user_id, project_id) as memory:
        data = memory.analyze_coding_patterns(ask=answer_of(approval))
    found = results.Patterns.model_validate(data)
    if not found.enough:
        return results.answer(
            found, f"{found.changes_seen} changes seen, {found.changes_needed} more needed."
        )
    return results.answer(found, f"{len(found.patterns)} patterns.")
