"""What an assistant should know when it starts, most relevant first, within a budget."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kagura_git import graph
from kagura_git.git.history import touched
from kagura_git.git.log import Commit, commits
from kagura_git.model.mapping import iso
from kagura_git.model.records import Decision, Error, Record, first_line
from kagura_git.model.tokens import count_tokens
from kagura_git.services.manifests import tech_stack
from kagura_git.workspace import Workspace

DEFAULT_TOKENS: Final = 4000
_RECENT: Final = 30
_GRAPH_COMMITS: Final = 200
_MOST_FILES: Final = 20_000
_SHORT: Final = 240
_SHORTEST: Final = 80
_BADGE: Final = re.compile(r"!\[[^\]]*\]\([^)]*\)|<[^>]+>|\[!\[.*?\]\(.*?\)\]\(.*?\)")
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
# In turn one of each, so that no section starves the others.
_TURNS: Final = ("decisions", "open_errors", "recent_changes", "tech_stack", "patterns")

Related = Callable[[str], Mapping[str, float]]


@dataclass
class ProjectContext:
    """The answer; ``token_count`` estimates what its JSON costs."""

    project_id: str
    summary: str
    tech_stack: list[dict[str, Any]] = field(default_factory=list)
    recent_changes: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    open_errors: list[dict[str, Any]] = field(default_factory=list)
    patterns: list[dict[str, Any]] = field(default_factory=list)
    token_count: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return dict(vars(self))


def project_context(
    ws: Workspace,
    *,
    focus: str | None = None,
    max_tokens: int | None = None,
    related: Related | None = None,
    patterns: list[dict[str, Any]] | None = None,
) -> ProjectContext:
    """Return the project's summary, stack, changes, decisions, errors and patterns.

    Args:
        focus: a topic or a path; what is close to it by meaning, by path or in
            the graph of records, files and commits comes first.
        max_tokens: the size of the whole answer as JSON, by our estimate.
        related: returns how close each record is to a topic by meaning.
    """
    records = [(s.path, s.record) for s in ws.files.read_all() if s.record is not None]
    paths = ws.repo.git.fields("ls-files", "-z")[:_MOST_FILES]
    near = _nearness(ws, [r for _, r in records], paths, focus, related)
    budget = DEFAULT_TOKENS if max_tokens is None else max_tokens
    # A small budget names more things with fewer words each.
    size = max(_SHORTEST, min(_SHORT, budget // 12))
    found = ProjectContext(ws.project_id, _summary(ws, records, paths))
    sections = {
        "tech_stack": [tech.to_dict() for tech in tech_stack(_reader(ws), paths)],
        "recent_changes": _recent(ws, near, size),
        "decisions": _decisions(records, near, size),
        "open_errors": _open_errors(records, near, size),
        "patterns": patterns or [],
    }
    _fill(found, sections, budget)
    return found


def _fill(found: ProjectContext, sections: dict[str, list[dict[str, Any]]], budget: int) -> None:
    room = budget - _cost(found.to_dict())
    if room < 0:  # the frame alone is too large: its summary has to give
        words = found.summary.split()
        while words and _cost(found.to_dict()) > budget:
            words = words[: len(words) * 2 // 3]
            found.summary = " ".join(words)
        room = 0
    turn = 0
    waiting = {name: list(items) for name, items in sections.items()}
    while any(waiting.values()):
        name = _TURNS[turn % len(_TURNS)]
        turn += 1
        if not waiting[name]:
            continue
        item = waiting[name].pop(0)
        cost = _cost(item) + 1
        if cost > room:
            waiting[name] = []  # the rest of this section is less relevant still
            continue
        room -= cost
        getattr(found, name).append(item)
    found.token_count = _cost(found.to_dict())


def _cost(value: Any) -> int:
    return count_tokens(json.dumps(value, ensure_ascii=False))


def _reader(ws: Workspace) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        try:
            return ws.repo.read(path)
        except OSError:
            return None

    return read


def _summary(ws: Workspace, records: list[tuple[str, Record]], paths: list[str]) -> str:
    told = []
    readme = next((p for p in paths if re.fullmatch(r"readme(\.\w+)?", p, re.IGNORECASE)), None)
    about = _first_paragraph(_reader(ws)(readme) if readme else None)
    if about:
        told.append(about)
    if ws.repo.head() is not None:
        count = ws.repo.git.text("rev-list", "--count", "HEAD")
        branch = ws.repo.git.run("symbolic-ref", "--short", "-q", "HEAD", ok=(0, 1)).stdout
        on = branch.decode("utf-8", "replace").strip() or "a detached HEAD"
        told.append(f"{count} commits on {on}.")
    kinds = [record.kind for _, record in records]
    open_ = sum(isinstance(r, Error) and not r.resolved for _, r in records)
    told.append(
        f"Memory: {kinds.count('decision')} decisions, {kinds.count('error')} errors "
        f"({open_} open), {kinds.count('session')} sessions."
    )
    active = ws.working.active_session()
    if active:
        named = next(
            (r.description for _, r in records if r.id == active and hasattr(r, "description")), ""
        )
        told.append(f"Active session {active}: {named}".rstrip(": ") + ".")
    return " ".join(told)


def _first_paragraph(data: bytes | None) -> str:
    if data is None:
        return ""
    text = _LINK.sub(r"\1", _BADGE.sub("", data[:20_000].decode("utf-8", "replace")))
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.splitlines()]
        prose = [
            line for line in lines if line and not line.startswith(("#", "|", "```", "- ", "* "))
        ]
        words = " ".join(prose).strip("=-> ")
        if len(words) > 20:
            return _short(words, 2 * _SHORT)
    return ""


def _short(text: str, size: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= size else flat[: size - 1].rsplit(" ", 1)[0] + "…"


def _nearness(
    ws: Workspace,
    records: list[Record],
    paths: list[str],
    focus: str | None,
    related: Related | None,
) -> dict[str, float]:
    """Return how close ids, paths and commits are to the focus; empty without one."""
    if not focus:
        return {}
    word = focus.strip().lower().removeprefix("./")
    named = [path for path in paths if word in path.lower()]
    meant = dict(related(focus)) if related else {}
    said = {r.id: 0.6 for r in records if word in json.dumps(_said(r)).lower()}
    starts = [*named, *(i for i, score in meant.items() if score >= 0.5), *said]
    history = {c.sha: (c.paths, ()) for c in touched(ws.repo, _GRAPH_COMMITS) if len(c.paths) < 50}
    near = graph.near(graph.build(records, history), starts)
    everything = {*near, *meant, *said}
    return {
        key: max(0.8 * near.get(key, 0.0), meant.get(key, 0.0), said.get(key, 0.0))
        for key in everything
    }


def _said(record: Record) -> list[str]:
    match record:
        case Decision():
            return [record.decision, *record.tags]
        case Error():
            return [record.error_type, record.message, *record.tags]
        case _:
            return [record.description, *record.tags]


def _decisions(
    records: list[tuple[str, Record]], near: Mapping[str, float], size: int
) -> list[dict[str, Any]]:
    live = [
        (path, record)
        for path, record in records
        if isinstance(record, Decision) and record.status in ("accepted", "proposed")
    ]
    live.sort(key=lambda item: item[1].created_at, reverse=True)
    live.sort(
        key=lambda item: (near.get(item[1].id, 0.0), item[1].status == "accepted"), reverse=True
    )
    return [
        {
            "id": record.id,
            "decision": _short(record.decision, size),
            "rationale": _short(record.rationale, size),
            "status": record.status,
            "tags": record.tags,
            "related_files": record.related_files,
            "path": path,
        }
        for path, record in live
    ]


def _open_errors(
    records: list[tuple[str, Record]], near: Mapping[str, float], size: int
) -> list[dict[str, Any]]:
    open_ = [r for _, r in records if isinstance(r, Error) and not r.resolved]
    open_.sort(key=lambda error: error.last_seen or error.created_at, reverse=True)
    open_.sort(key=lambda error: near.get(error.id, 0.0), reverse=True)
    return [
        {
            "id": error.id,
            "error_type": error.error_type,
            "message": _short(first_line(error.message), size),
            "file_path": error.file_path,
            "occurrences": error.occurrences,
            "last_seen": iso(error.last_seen or error.created_at),
        }
        for error in open_
    ]


def _recent(ws: Workspace, near: Mapping[str, float], size: int) -> list[dict[str, Any]]:
    waiting = [
        {
            "commit": None,
            "subject": f"{fact.get('action')} {fact.get('path')}, not committed yet",
            "date": fact.get("at"),
            "files": [fact.get("path")],
            "reasons": [_short(str(fact.get("reason")), size)],
        }
        for fact in ws.working.pending("C-").values()
    ]
    if ws.repo.head() is None:
        return waiting
    paths = {touch.sha: touch.paths for touch in touched(ws.repo, _RECENT)}
    found = commits(ws.repo.git, ["HEAD"], limit=_RECENT)
    # Newest first; with a focus, what is near it comes before.
    found.sort(key=lambda commit: _closest(commit, paths, near), reverse=True)
    return waiting + [_change(commit, paths.get(commit.sha, ()), size) for commit in found]


def _closest(
    commit: Commit, paths: Mapping[str, tuple[str, ...]], near: Mapping[str, float]
) -> float:
    keys = [commit.sha, *paths.get(commit.sha, ()), *commit.ids("decision"), *commit.ids("error")]
    return max((near.get(key, 0.0) for key in keys), default=0.0)


def _change(commit: Commit, paths: tuple[str, ...], size: int) -> dict[str, Any]:
    sessions = commit.ids("session")
    item: dict[str, Any] = {
        "commit": commit.sha[:12],
        "subject": _short(commit.subject, size),
        "date": commit.date,
        "author": commit.author.split(" <")[0],
        "files": list(paths[:5]),
        "reasons": [_short(str(c["reason"]), size) for c in commit.changes() if c.get("reason")][
            :3
        ],
    }
    if len(paths) > 5:
        item["more_files"] = len(paths) - 5
    if sessions:
        item["session"] = sessions[0]
    if commit.ids("decision"):
        item["decisions"] = commit.ids("decision")
    return item
