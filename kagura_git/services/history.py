"""History with its memory: ``log`` and ``why``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from kagura_git.errors import NotFound, UsageError
from kagura_git.git import blame, diff
from kagura_git.git.log import Commit, commits
from kagura_git.git.run import revision
from kagura_git.model.ids import is_id
from kagura_git.model.records import Decision, Error, governs
from kagura_git.workspace import Workspace

_WHY_COMMITS: Final = 20
_LIVE: Final = ("accepted", "proposed")
_LINE: Final = re.compile(r"(.*):(\d+)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Remembered:
    """One commit with what is remembered of it.

    ``changes``: every changed file: path, action, reason (None where nobody said), old_path.
    """

    commit: Commit
    session: str | None
    decisions: tuple[str, ...]
    errors: tuple[str, ...]
    changes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Why a file, or a line of it, is as it is."""

    path: str
    line: int | None
    commit: str | None
    subject: str | None
    author: str | None = None
    date: str | None = None
    reasons: tuple[dict[str, Any], ...] = ()
    decisions: tuple[Decision, ...] = ()
    errors: tuple[Error, ...] = ()
    sessions: tuple[str, ...] = field(default=())


def log(
    ws: Workspace, *, path: str | None = None, limit: int = 20, range_: str | None = None
) -> list[Remembered]:
    """Return commits newest first, each with its session, decisions, errors and reasons.

    Raises:
        GitError: the range names no commits.
    """
    if limit < 1:
        raise UsageError("the number of commits must be at least 1", where="-n")
    if ws.repo.head() is None and range_ is None:
        return []
    revisions = [revision(range_)] if range_ else ["HEAD"]
    found = commits(ws.repo.git, revisions, paths=[path] if path else (), limit=limit)
    return [_remembered(ws, commit) for commit in found]


def _remembered(ws: Workspace, commit: Commit) -> Remembered:
    noted = {entry["path"]: entry for entry in commit.changes() if not entry.get("reason")}
    reasons: dict[str, list[dict[str, Any]]] = {}
    for entry in commit.changes():
        if entry.get("reason"):
            reasons.setdefault(entry["path"], []).append(entry)
    changes: list[dict[str, Any]] = []
    for change in diff.commit_changes(ws.repo.git, commit.sha).files:
        if change.path.startswith(".kagura/"):
            continue
        known = reasons.pop(change.path, None) or [noted.get(change.path, {})]
        changes += [
            {
                "path": change.path,
                "action": entry.get("action") or change.action,
                "reason": entry.get("reason"),
                "old_path": change.old_path,
            }
            for entry in known
        ]
    sessions = commit.ids("session")
    return Remembered(
        commit=commit,
        session=sessions[0] if sessions else None,
        decisions=tuple(commit.ids("decision")),
        errors=tuple(commit.ids("error")),
        changes=tuple(changes),
    )


def split_line(target: str) -> tuple[str, int | None]:
    """Return path and line of ``PATH:LINE``; without a line it is None."""
    match = _LINE.match(target)
    return (match[1], int(match[2])) if match else (target, None)


def why(ws: Workspace, path: str, line: int | None = None) -> Why:
    """Return why a file or a line is as it is: blame, then the memory of that commit.

    For a whole file, the reasons of its newest commits that carry any, and
    the accepted or proposed decisions that name it.

    Raises:
        NotFound: git knows no such file, or it has no such line.
    """
    if line is None:
        return _why_file(ws, path)
    blamed = blame.line(ws.repo, path, line)
    if blamed is None:
        waiting = _pending_reasons(ws, path)
        return Why(
            path=path,
            line=line,
            commit=None,
            subject=None,
            reasons=tuple(waiting),
            decisions=_governing(ws, path, ()),
        )
    (commit,) = commits(ws.repo.git, [blamed.sha], walk=False)
    return _why_commit(ws, path, line, commit, blamed.path)


def _why_file(ws: Workspace, path: str) -> Why:
    if ws.repo.head() is None:
        raise NotFound("no commit yet", where=path)
    found = commits(ws.repo.git, ["HEAD"], paths=[path], limit=_WHY_COMMITS)
    waiting = _pending_reasons(ws, path)
    if not found and not waiting:
        raise NotFound(
            "git knows no such file on this branch",
            hint="Give the path as `git ls-files` shows it.",
            where=path,
        )
    reasons = [*waiting, *(entry for commit in found for entry in _reasons(commit, {path}))]
    ids = [value for commit in found for value in commit.ids("decision") if _names(ws, value, path)]
    newest = found[0] if found else None
    return Why(
        path=path,
        line=None,
        commit=newest.sha if newest else None,
        subject=newest.subject if newest else None,
        author=newest.author if newest else None,
        date=newest.date if newest else None,
        reasons=tuple(reasons),
        decisions=_governing(ws, path, ids),
        errors=tuple(_errors_of(ws, path, found)),
        sessions=tuple(dict.fromkeys(s for commit in found for s in commit.ids("session"))),
    )


def _why_commit(ws: Workspace, path: str, line: int, commit: Commit, old: str) -> Why:
    reasons = list(_reasons(commit, {path, old}))
    return Why(
        path=path,
        line=line,
        commit=commit.sha,
        subject=commit.subject,
        author=commit.author,
        date=commit.date,
        reasons=tuple(reasons),
        decisions=_governing(ws, path, commit.ids("decision")),
        errors=tuple(_errors_of(ws, path, [commit], all_of_commit=True)),
        sessions=tuple(commit.ids("session")),
    )


def _reasons(commit: Commit, paths: set[str]) -> Iterator[dict[str, Any]]:
    for entry in commit.changes():
        if entry.get("reason") and (entry["path"] in paths or entry.get("old_path") in paths):
            yield {
                "reason": entry["reason"],
                "action": entry.get("action"),
                "commit": commit.sha,
                "session": entry.get("session"),
                "id": entry.get("id"),
                "at": commit.date,
            }


def _pending_reasons(ws: Workspace, path: str) -> list[dict[str, Any]]:
    return [
        {
            "reason": fact.get("reason"),
            "action": fact.get("action"),
            "commit": None,
            "session": fact.get("session"),
            "id": fact.get("id"),
            "at": fact.get("at"),
        }
        for fact in ws.working.pending("C-").values()
        if fact.get("kind") == "change" and fact.get("path") == path
    ]


def _names(ws: Workspace, decision_id: str, path: str) -> bool:
    """Tell whether a linked decision is about this file, or names none."""
    record = _record(ws, decision_id)
    return isinstance(record, Decision) and (
        not record.related_files or path in record.related_files
    )


def _record(ws: Workspace, record_id: str) -> Decision | Error | None:
    if not is_id(record_id) or record_id[0] not in "DE":
        return None
    try:
        record = ws.files.get(record_id)[1]
    except NotFound:
        return None
    return record if isinstance(record, (Decision, Error)) else None


def _governing(ws: Workspace, path: str, linked: Iterable[str]) -> tuple[Decision, ...]:
    """Return the linked decisions, then the live ones whose related files name the path."""
    found = {r.id: r for i in linked if isinstance(r := _record(ws, i), Decision)}
    for stored in ws.files.read_all(("decision",)):
        decision = stored.record
        if not isinstance(decision, Decision) or decision.status not in _LIVE:
            continue
        if any(governs(related, path) for related in decision.related_files):
            found.setdefault(decision.id, decision)
    return tuple(found.values())


def _errors_of(
    ws: Workspace, path: str, found: list[Commit], *, all_of_commit: bool = False
) -> Iterator[Error]:
    seen = set()
    for commit in found:
        for error_id in commit.ids("error"):
            record = _record(ws, error_id)
            if not isinstance(record, Error) or record.id in seen:
                continue
            if all_of_commit or record.file_path in (None, path):
                seen.add(record.id)
                yield record
