"""What an assistant should know when it starts, most relevant first, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Literal

from kagura_git.git.history import FileTouch, touched
from kagura_git.git.links import Links
from kagura_git.git.log import Commit, commits
from kagura_git.model.records import Record
from kagura_git.model.tokens import count_tokens
from kagura_git.services.context_fit import Count, Items, added, cost, fit
from kagura_git.services.context_focus import Related, nearness
from kagura_git.services.context_items import decisions, open_errors, sessions
from kagura_git.services.context_older import Group, item
from kagura_git.services.context_older import groups as groups_of
from kagura_git.services.context_summary import summary
from kagura_git.services.manifests import reader, tech_stack
from kagura_git.services.wording import clean, short
from kagura_git.store.files import FOLDER
from kagura_git.workspace import Workspace

Level = Literal["brief", "detailed", "comprehensive"]
# Of each level: tokens where the caller sets none, and how much longer a text is told whole.
LEVELS: Final[dict[Level, tuple[int, int]]] = {
    "brief": (1_000, 1),
    "detailed": (4_000, 4),
    "comprehensive": (16_000, 16),
}
_RECENT: Final = 30
_FOCUSED: Final = 200
_MOST_FILES: Final = 20_000
_MOST_ITEMS: Final = 100
_SHORT: Final = 240
_SHORTEST: Final = 80
_NAMES: Final = 5
# Of the budget, for records that are told by the group.
_OLDER: Final = 0.15
Digested = Callable[[Group], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ProjectContext:
    """The answer; ``token_count`` is what its JSON costs."""

    project_id: str
    summary: str
    tech_stack: Items = field(default_factory=list)
    recent_changes: Items = field(default_factory=list)
    decisions: Items = field(default_factory=list)
    open_errors: Items = field(default_factory=list)
    sessions: Items = field(default_factory=list)
    patterns: Items = field(default_factory=list)
    older: Items = field(default_factory=list)
    token_count: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


def project_context(
    ws: Workspace,
    links: Links | None = None,
    *,
    focus: str | None = None,
    max_tokens: int | None = None,
    related: Related | None = None,
    patterns: Items | None = None,
    level: Level = "detailed",
    count: Count = count_tokens,
    digest: Digested | None = None,
) -> ProjectContext:
    """Return the project's summary, stack, changes, decisions, errors, sessions and patterns.

    What is nearest or newest is told whole where there is room, the rest in few
    words, each with its id, by which all of it can be had. Records for which there is no
    room are told by the group, older ones together. Where the caller named a project,
    the records of others are left out.

    Args:
        links: what the whole history says about records; without it only the
            newest commits are asked.
        focus: a topic or a path; what is close to it by meaning, by words, by
            path or in the graph of records, files and commits comes first.
        max_tokens: the size of the whole answer as JSON; default: as the level has it.
        related: returns how close each record is to a topic by meaning.
        level: how much is told of each thing.
        count: counts tokens, by default on the safe side of every model's tokenizer.
        digest: makes an item of a group of older records; by default by counting.
    """
    usual, longer = LEVELS[level]
    records, unreadable = _records(ws)
    paths = ws.repo.git.fields("ls-files", "-z", "--", ".", f":(exclude){FOLDER}")
    paths = [path for path in paths if path][:_MOST_FILES]
    reach = _FOCUSED if focus else _RECENT
    history, found = touched(ws.repo, reach), _commits(ws, reach)
    close: Mapping[str, float] = {}
    if focus and focus.strip():
        linked = _linked(found, links)
        close = nearness(focus, [r for _, r in records], paths, history, linked, related)
    budget = usual if max_tokens is None else max_tokens
    # A small budget names more things with fewer words each.
    size = max(_SHORTEST, min(_SHORT, budget // 12))
    sizes = (size, size * longer)
    stack, broken = _stack(ws, paths)
    about = summary(
        ws, [record for _, record in records], paths, reader(ws.repo),
        unreadable=unreadable, size=budget // 4,
    )  # fmt: skip
    sections: dict[str, Sequence[Any]] = {
        "tech_stack": stack,
        "recent_changes": _recent(ws, found, history, close, size),
        "decisions": decisions(records, close, sizes),
        "open_errors": open_errors(records, close, sizes),
        "sessions": sessions(records, close, sizes),
        "patterns": patterns or [],
    }
    frame = {
        "project_id": short(ws.project_id, _SHORTEST), "summary": f"{about}{broken}", "older": [],
    }  # fmt: skip
    told = fit(frame, sections, budget, count)
    if groups := _untold(records, told):
        # Some room for what is told by the group: a few ids cost as much as an item.
        told = fit(frame, sections, budget - int(budget * _OLDER), count)
        groups = _untold(records, told)
    return ProjectContext(**added(told, "older", map(digest or _counted, groups), budget, count))


def with_model(
    told: dict[str, Any], llm: Mapping[str, Any] | None, budget: int, count: Count
) -> dict[str, Any]:
    """Return a context with what became of a model, where the budget has room for that too."""
    if llm is None:
        return told
    more = {**told, "llm": llm, "token_count": budget}
    if cost(more, count) > budget and told["older"]:
        more = added(more, "older", told["older"], budget, count)
    size = cost({**more, "token_count": budget}, count)
    return told if size > budget else {**more, "token_count": size}


def _untold(records: Sequence[tuple[str, Record]], told: Mapping[str, Any]) -> list[Group]:
    sections = ("decisions", "open_errors", "sessions")
    ids = [item["id"] for name in sections for item in told[name]]
    return groups_of((record for _, record in records), ids)


def _counted(group: Group) -> dict[str, Any]:
    return item(group, None)[0]


def _stack(ws: Workspace, paths: Sequence[str]) -> tuple[Items, str]:
    """Return the stack, and a sentence about the manifests that could not be read."""
    broken: list[str] = []
    found = tech_stack(reader(ws.repo), paths, broken)[:_MOST_ITEMS]
    told = ", ".join(short(path, 60) for path in broken[:3])
    return [tech.to_dict() for tech in found], f" Not readable: {told}." if broken else ""


def _records(ws: Workspace) -> tuple[list[tuple[str, Record]], int]:
    """Return the records with their paths, and how many could not be read."""
    found: list[tuple[str, Record]] = []
    unreadable = 0
    wanted = ws.given_project_id
    for stored in ws.files.read_all():
        record = stored.record
        if record is None:
            unreadable += 1
        elif not wanted or record.project_id in (None, wanted):
            found.append((stored.path, record))
    return found, unreadable


def _commits(ws: Workspace, limit: int) -> list[Commit]:
    if ws.repo.head() is None:
        return []
    return commits(ws.repo.git, ["HEAD"], limit=limit)


def _linked(found: Sequence[Commit], links: Links | None) -> dict[str, Sequence[str]]:
    """Return per commit the ids of the records linked to it."""
    linked: dict[str, Sequence[str]] = {
        commit.sha: [one for kind in ("session", "decision", "error") for one in commit.ids(kind)]
        for commit in found
    }
    if links is not None:
        linked.update((sha, list(ids)) for sha, ids in links.records.items())
    return linked


def _recent(
    ws: Workspace,
    found: Sequence[Commit],
    history: Sequence[FileTouch],
    close: Mapping[str, float],
    size: int,
) -> Items:
    """Return what waits for a commit, then commits: newest first, with a focus nearest first."""
    facts = [
        fact for fact in ws.working.pending("C-").values() if isinstance(fact.get("path"), str)
    ]
    facts.sort(key=lambda fact: str(fact.get("at")), reverse=True)
    facts.sort(key=lambda fact: close.get(fact["path"], 0.0), reverse=True)
    changed = {touch.sha: touch.paths for touch in history}
    ranked = sorted(found, key=lambda commit: _closest(commit, changed, close), reverse=True)
    told = (_change(commit, changed.get(commit.sha, ()), close, size) for commit in ranked)
    return [*(_pending(fact, size) for fact in facts[:_RECENT]), *islice(told, _RECENT)]


def _pending(fact: Mapping[str, Any], size: int) -> dict[str, Any]:
    path = clean(str(fact["path"]))
    reason = fact.get("reason")
    return {
        "commit": None,
        "subject": f"{clean(str(fact.get('action') or 'edit'))} {path}, not committed yet",
        "date": fact.get("at") if isinstance(fact.get("at"), str) else None,
        "files": [path],
        "reasons": [short(str(reason), size)] if reason else [],
    }


def _closest(
    commit: Commit, changed: Mapping[str, Sequence[str]], close: Mapping[str, float]
) -> float:
    keys = [commit.sha, *changed.get(commit.sha, ()), *commit.ids("decision"), *commit.ids("error")]
    return max((close.get(key, 0.0) for key in keys), default=0.0)


def _change(
    commit: Commit, paths: Sequence[str], close: Mapping[str, float], size: int
) -> dict[str, Any]:
    sessions = commit.ids("session")
    reasons = [
        short(str(entry["reason"]), size) for entry in commit.changes() if entry.get("reason")
    ]
    nearest = sorted(paths, key=lambda path: close.get(path, 0.0), reverse=True)
    item: dict[str, Any] = {
        "commit": commit.sha[:12],
        "subject": short(commit.subject, size),
        "date": commit.date,
        "author": short(commit.author.split(" <")[0], 60),
        "files": [clean(path) for path in nearest[:_NAMES]],
        "reasons": reasons[:3],
    }
    if len(paths) > _NAMES:
        item["more_files"] = len(paths) - _NAMES
    if sessions:
        item["session"] = sessions[0]
    if commit.ids("decision"):
        item["decisions"] = commit.ids("decision")[:_NAMES]
    return item
