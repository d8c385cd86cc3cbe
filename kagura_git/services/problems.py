"""Errors: recorded once, counted when they come again, solved, listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from kagura_git.errors import GitError, InvalidRecord, NotFound
from kagura_git.model import inputs, transitions
from kagura_git.model.fingerprint import fingerprint, of_error
from kagura_git.model.records import Error, Occurrence
from kagura_git.workspace import Workspace

_SIMILAR = 3


@dataclass(frozen=True, slots=True)
class Alike:
    """An error that resembles the one just recorded."""

    id: str
    score: float
    title: str
    resolved: bool
    solution: str | None


@dataclass(frozen=True, slots=True)
class RecordedError:
    """What :func:`record` did: a new record, or one more occurrence of a known one."""

    error: Error
    path: str
    new: bool
    similar: tuple[Alike, ...]
    redacted: tuple[str, ...]
    staged: bool


def record(
    ws: Workspace,
    error_type: str,
    message: str,
    *,
    stack_trace: str = "",
    file_path: str | None = None,
    line_number: int | str | None = None,
    solution: str | None = None,
    screenshot: str | None = None,
    visible_code: str | None = None,
    suggested_cause: str | None = None,
    tags: inputs.Texts = None,
    session: str | None = None,
    cwd: str | None = None,
) -> RecordedError:
    """Record an error, or count the same error again and answer with its solution.

    Raises:
        UsageError: an empty type, a line number that is none.
        Conflict: ``git kagura init`` has not been run here.
    """
    now = ws.now()
    draft = Error(
        id=ws.new_id("error"),
        error_type=inputs.required(error_type, "error_type"),
        message=inputs.text(message),
        file_path=_own_path(ws, file_path, cwd),
        line_number=inputs.number(line_number, "line_number") or None,
        stack_trace=inputs.trace(stack_trace),
        screenshot=inputs.optional(screenshot),
        visible_code=inputs.optional(visible_code),
        suggested_cause=inputs.optional(suggested_cause),
        tags=inputs.texts(tags, "tags"),
        session=session,
        project_id=ws.project_id,
        author=ws.author,
        created_at=now,
        last_seen=now,
        seen=[Occurrence(at=now, session=session)],
    )
    if inputs.optional(solution):
        draft = transitions.resolve(draft, inputs.required(solution, "solution"), now)
    draft, redacted = inputs.checked(draft)
    mark = fingerprint(draft.error_type, draft.message, draft.stack_trace, draft.file_path)
    draft = replace(draft, fingerprint=mark)
    with ws.lock():
        ws.heads.refresh()
        known = _known(ws, mark)
        similar = _similar(ws, draft) if known is None else []
        if known is None:
            error, path = draft, ws.save(draft)
        else:
            error = _again(known[1], draft, now)
            path = ws.save(error, known[0], "solved" if draft.solution else None)
    return RecordedError(
        error=error,
        path=path,
        new=known is None,
        similar=tuple(similar),
        redacted=tuple(redacted),
        staged=path not in ws.unstaged,
    )


def _own_path(ws: Workspace, file_path: str | None, cwd: str | None) -> str | None:
    """Return a path as it is said in the record; one outside the repository stays as given."""
    if not file_path or file_path == "unknown":
        return None
    if file_path.startswith("~"):
        return inputs.said_path(file_path)
    try:
        return inputs.said_path(ws.repo.relative(file_path, cwd))
    except GitError:  # a library's file, or a path of another machine: true all the same
        return inputs.said_path(file_path)


def _known(ws: Workspace, mark: str) -> tuple[str, Error] | None:
    for head in ws.heads.by_fingerprint(mark):
        try:
            found = ws.files.read(head.path)
        except (FileNotFoundError, InvalidRecord):
            continue
        if isinstance(found, Error) and of_error(found) == mark:
            return head.path, found
    return None


def _again(known: Error, draft: Error, now: datetime) -> Error:
    error = transitions.seen_again(known, now, draft.session)
    if draft.solution:
        error = transitions.resolve(error, draft.solution, now)
    tags = list(dict.fromkeys([*error.tags, *draft.tags]))
    return replace(
        error,
        tags=tags,
        screenshot=error.screenshot or draft.screenshot,
        visible_code=error.visible_code or draft.visible_code,
        suggested_cause=error.suggested_cause or draft.suggested_cause,
    )


def _similar(ws: Workspace, error: Error) -> list[Alike]:
    found = []
    for score, head in ws.heads.alike(error)[:_SIMILAR]:
        try:
            other = ws.files.read(head.path)
        except (FileNotFoundError, InvalidRecord):
            continue  # changed since it was known: what resembles is a courtesy
        if isinstance(other, Error):
            found.append(Alike(other.id, score, other.title, other.resolved, other.solution))
    return found


def solve(
    ws: Workspace, error_id: str, solution: str, commit: str | None = None
) -> tuple[str, Error]:
    """Store an error's solution; returns the record's path and the record.

    The commit that carries the solution is linked by its note once it exists;
    ``commit`` names one that exists already.

    Raises:
        NotFound: no such error on this branch.
        NotFound: ``commit`` names no commit.
    """
    text = inputs.required(solution, "solution")
    fixed_in = None
    if commit:
        fixed_in = ws.repo.commit(commit)
    with ws.lock():
        path, error = get(ws, error_id)
        solved, _ = inputs.checked(transitions.resolve(error, text, ws.now(), fixed_in))
        ws.save(solved, path, "solved")
    return path, solved


def get(ws: Workspace, error_id: str) -> tuple[str, Error]:
    """Return an error's path and record; raises ``NotFound`` for an id of another kind too."""
    path, error = ws.files.get(inputs.record_id(error_id, "error"))
    if not isinstance(error, Error):
        raise NotFound("not an error record", where=error_id)
    return path, error


def listed(ws: Workspace, *, unresolved: bool = False) -> list[tuple[str, Error]]:
    """Return the errors of this branch with their paths, last seen first."""
    found: Sequence[tuple[str, Error]] = [
        (stored.path, stored.record)
        for stored in ws.files.read_all(("error",))
        if isinstance(stored.record, Error) and not (unresolved and stored.record.resolved)
    ]
    return sorted(found, key=lambda pair: pair[1].last_seen or pair[1].created_at, reverse=True)
