"""What is noted about a commit: its changes joined with the facts that waited for it.

Light on purpose: the hooks use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kagura_git.git.diff import CommitChanges, FileChange
from kagura_git.git.versions import RECORDS
from kagura_git.model.ids import id_in_name, kind_of

MAX_UNEXPLAINED: Final = 1000
# What a person or an assistant may know better than a comparison of two trees.
_TOLD: Final = ("refactor", "test")

Fact = dict[str, Any]


def describe(
    changes: CommitChanges, facts: Mapping[str, Fact], session: str | None, known: Iterable[Fact]
) -> tuple[list[Fact], list[str]]:
    """Return a commit's entries, and the keys of the facts that they use up.

    Args:
        changes: what the commit changed.
        facts: what waits, by key; only what may belong to this commit.
        session: the active session.
        known: for an amended commit, the entries of the one it replaces; git
            itself carries those over.
    """
    held = list(known)
    explained = {entry.get("path") for entry in held if entry["kind"] == "change"}
    recorded = {entry.get("id") for entry in held if entry["kind"] != "change"}
    merge = len(changes.parents) > 1
    entries: list[Fact] = []
    taken: list[str] = []
    unexplained = 0
    waiting = _by_path(facts)
    for file in changes.files:
        keys = [*waiting.get(file.path, ()), *waiting.get(file.old_path, ())]
        matching = {key: facts[key] for key in keys if _concerns(facts[key], file)}
        taken += matching
        if file.path.startswith(".kagura/"):
            found = _record_entries(file, matching.values(), session, quiet=merge)
            entries += [entry for entry in found if matching or entry["id"] not in recorded]
            continue
        entries += [_change_entry(file, session, fact) for fact in matching.values()]
        # A merge repeats what the other side's commits explain.
        if not matching and session and not merge and file.path not in explained:
            unexplained += 1
            if unexplained <= MAX_UNEXPLAINED:
                entries.append(_change_entry(file, session, {}))
    if unexplained > MAX_UNEXPLAINED:
        entries.append({"kind": "truncated", "count": unexplained - MAX_UNEXPLAINED})
    named = {entry.get("id") for entry in entries if entry.get("relation") == "recorded"}
    if session and session not in named:
        entries.append({"kind": "session", "id": session})
    return entries, taken


def _by_path(facts: Mapping[str, Fact]) -> dict[str | None, list[str]]:
    """Return the facts' keys by path: thousands of files may meet thousands of facts."""
    found: dict[str | None, list[str]] = {}
    for key, fact in facts.items():
        if path := fact.get("path"):
            found.setdefault(path, []).append(key)
    return found


def _concerns(fact: Fact, file: FileChange) -> bool:
    return fact.get("kind") != "change" or not file.path.startswith(".kagura/")


def _change_entry(file: FileChange, session: str | None, fact: Fact) -> Fact:
    told = fact.get("action")
    entry: Fact = {
        "kind": "change",
        "id": fact.get("id"),
        "path": file.path,
        "old_path": file.old_path,
        "action": told if told in _TOLD else file.action,
        "lines": None if file.added is None else [file.added, file.deleted],
        "reason": fact.get("reason"),
        "session": fact.get("session") or session,
        "author": fact.get("author"),
        "at": fact.get("at"),
        "related_files": fact.get("related_files") or None,
        "line_range": fact.get("line_range"),
    }
    return {name: value for name, value in entry.items() if value is not None}


def _record_entries(
    file: FileChange, facts: Iterable[Fact], session: str | None, *, quiet: bool
) -> Iterator[Fact]:
    """Yield what a record file's change says; ``quiet``: only if a fact waited for it."""
    identifier = id_in_name(file.path.rsplit("/", 1)[-1])
    if identifier is None or not file.path.startswith(RECORDS):
        return
    seen = {"A": "recorded", "D": "removed"}.get(file.status, "changed")
    relations = [] if seen == "removed" else [fact.get("relation") for fact in facts]
    for relation in dict.fromkeys(relations) or ([] if quiet else [seen]):
        entry = {"kind": kind_of(identifier), "id": identifier, "relation": relation or seen}
        yield {**entry, "session": session} if session not in (None, identifier) else entry


# post-rewrite
