"""History with its memory: ``log`` and ``why``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from kagura_git.errors import InvalidRecord, NotFound, UsageError
from kagura_git.git import blame, diff
from kagura_git.git.log import Commit, commits
from kagura_git.git.run import revision
from kagura_git.model.ids import id_in_name
from kagura_git.model.records import Decision, Error, governs
from kagura_git.services import claims
from kagura_git.workspace import Workspace

_WHY_COMMITS: Final = 20
_LIVE: Final = ("accepted", "proposed")
_LINE_DIGITS: Final = 12
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
    _catch_up(ws)
    revisions = [revision(range_)] if range_ else ["HEAD"]
    found = commits(ws.repo.git, revisions, paths=[path] if path else (), limit=limit)
    return [_remembered(ws, commit) for commit in claims.checked(ws, found)]


def _catch_up(ws: Workspace) -> None:
    """Take the reasons of commits made without hooks into account."""
    if ws.working.has_pending("C-"):
        from kagura_git.services import waiting_reasons  # with all of relink's comparing

        waiting_reasons.catch_up(ws)


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
    """Return path and line of ``PATH:LINE``; without a line it is None.

    Raises:
        UsageError: a line beyond what any file has.
    """
    match = _LINE.match(target)
    if match is None:
        return target, None
    if len(match[2]) > _LINE_DIGITS:
        raise UsageError(
            f"line {match[2][:20]}... has {len(match[2]):,} digits; no file has that many lines",
            where=match[1],
        )
    return match[1], int(match[2])


def why(ws: Workspace, path: str, line: int | None = None) -> Why:
    """Return why a file or a line is as it is: blame, then the memory of that commit.

    For a whole file, the reasons of its newest commits that carry any, and
    the accepted or proposed decisions that name it.

    Raises:
        NotFound: git knows no such file, or it has no such line.
    """
    _catch_up(ws)
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
    (commit,) = claims.checked(ws, commits(ws.repo.git, [blamed.sha], walk=False))
    return _why_commit(ws, path, line, commit, blamed.path)


def _why_file(ws: Workspace, path: str) -> Why:
    if ws.repo.head() is None:
        raise NotFound("no commit yet", where=path)
    newest_first = commits(ws.repo.git, ["HEAD"], paths=[path], limit=_WHY_COMMITS)
    found = claims.checked(ws, newest_first)
    waiting = _pending_reasons(ws, path)
    if not found and not waiting:
        raise NotFound(
            "git knows no such file on this branch",
            hint="Give the path as `git ls-files` shows it.",
            where=path,
        )
    reasons = [*waiting, *(entry for commit in found for entry in _reasons(commit, {path}))]
    linked = _linked(ws, found).values()
    about = [r for r in linked if not isinstance(r, Decision) or _names(r, path)]
    newest = found[0] if found else None
    return Why(
        path=path,
        line=None,
        commit=newest.sha if newest else None,
        subject=newest.subject if newest else None,
        author=newest.author if newest else None,
        date=newest.date if newest else None,
        reasons=tuple(reasons),
        decisions=_governing(ws, path, about),
        errors=_errors(linked, path),
        sessions=tuple(dict.fromkeys(s for commit in found for s in commit.ids("session"))),
    )


def _why_commit(ws: Workspace, path: str, line: int, commit: Commit, old: str) -> Why:
    reasons = list(_reasons(commit, {path, old}))
    linked = _linked(ws, [commit]).values()
    return Why(
        path=path,
        line=line,
        commit=commit.sha,
        subject=commit.subject,
        author=commit.author,
        date=commit.date,
        reasons=tuple(reasons),
        decisions=_governing(ws, path, linked),
        errors=_errors(linked, path, all_of_commit=True),
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


def _names(decision: Decision, path: str) -> bool:
    """Tell whether a linked decision is about this file, or names none."""
    return not decision.related_files or path in decision.related_files


def _linked(ws: Workspace, found: Iterable[Commit]) -> dict[str, Decision | Error]:
    """Return the records that commits link to and this branch has, read in one pass.

    A message may name thousands of ids that are nobody's.
    """
    named = {i: None for c in found for kind in ("decision", "error") for i in c.ids(kind)}
    records: dict[str, Decision | Error] = {}
    for path, _ in ws.files.entries(("decision", "error")) if named else ():
        identifier = id_in_name(path.rsplit("/", 1)[-1])
        if identifier is None or identifier not in named or identifier in records:
            continue
        try:
            record = ws.files.read(path)
        except (FileNotFoundError, InvalidRecord):
            continue  # `doctor` reports a broken one; the others must still be told
        if isinstance(record, (Decision, Error)):
            records[identifier] = record
    return {identifier: records[identifier] for identifier in named if identifier in records}


def _governing(
    ws: Workspace, path: str, linked: Iterable[Decision | Error]
) -> tuple[Decision, ...]:
    """Return the linked decisions, then the live ones whose related files name the path."""
    found = {record.id: record for record in linked if isinstance(record, Decision)}
    for stored in ws.files.read_all(("decision",)):
        decision = stored.record
        if not isinstance(decision, Decision) or decision.status not in _LIVE:
            continue
        if any(governs(related, path) for related in decision.related_files):
            found.setdefault(decision.id, decision)
    return tuple(found.values())


def _errors(
    linked: Iterable[Decision | Error], path: str, *, all_of_commit: bool = False
) -> tuple[Error, ...]:
    return tuple(
        record
        for record in linked
        if isinstance(record, Error) and (all_of_commit or record.file_path in (None, path))
    )
