"""Which entries a commit takes over from the commits that it was made of.

On the hooks' path: standard library only.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

Entry = dict[str, Any]

_PATHS: Final = ("path", "old_path")


class Taker(NamedTuple):
    """The commit that takes entries over.

    Attributes:
        changed: the paths that it really changes.
        records: the records whose files it changes.
        held: the entries that it has.
        named: the records that it is linked to, by an entry or by its message.
        whole: it is one commit made again, so that all of that one's links are meant.
        paths: where the files of those commits are in this one, if they were moved,
            or the only ones that count.
    """

    sha: str
    changed: Container[str]
    records: Container[str]
    held: Sequence[Entry] = ()
    named: Container[str] = ()
    whole: bool = False
    paths: Mapping[str, str] | None = None


def carried(taker: Taker, sources: Iterable[tuple[str, Iterable[Entry]]]) -> list[Entry]:
    """Return the entries that a commit takes over, without those that it has.

    Each names in ``from`` the commit that it was first written for. Reasons
    come along only for paths that the new commit really changes.

    Args:
        sources: the commits it was made of, each with its entries.
    """
    held = {identity(entry) for entry in taker.held}
    found: dict[tuple[Any, ...], Entry] = {}
    for source, entries in sources:
        others = [entry for entry in entries if entry.get("from") != taker.sha]
        kept = [moved for entry in others if (moved := _fitted(entry, taker)) is not None]
        for entry in kept:
            if taker.paths is None or not is_mere(entry) or len(kept) > 1:
                found.setdefault(identity(entry), {"from": source, **entry})
    told = {entry.get("id") for entry in found.values() if not is_mere(entry)}
    return [
        entry
        for key, entry in found.items()
        if key not in held
        if not is_mere(entry) or (entry.get("id") not in told and entry["id"] not in taker.named)
    ]


def identity(entry: Entry) -> tuple[Any, ...]:
    """Return what makes two entries the same, wherever they come from."""
    kind, name = entry["kind"], entry.get("id")
    if kind == "change":
        return (kind, name, entry.get("path"), None if name else entry.get("reason"))
    return (kind, name, entry.get("relation"))


def is_mere(entry: Entry) -> bool:
    """Tell whether an entry says no more than that a commit belongs to a session or decision."""
    return entry["kind"] in ("session", "decision") and "id" in entry and "relation" not in entry


def _fitted(entry: Entry, taker: Taker) -> Entry | None:
    """Return an entry as it holds for the new commit, or None if it does not."""
    if entry["kind"] == "change":
        return _change(entry, taker)
    if entry["kind"] == "truncated":
        return entry if taker.whole else None
    if taker.whole or is_mere(entry):
        return entry
    # What one commit recorded and a later one removed again is not in their sum. A link
    # that never hung on a file, as a trailer's, has no relation.
    return entry if "relation" not in entry or entry.get("id") in taker.records else None


def _change(entry: Entry, taker: Taker) -> Entry | None:
    paths = {name: entry[name] for name in _PATHS if isinstance(entry.get(name), str)}
    if taker.paths is not None:
        paths = {name: taker.paths[path] for name, path in paths.items() if path in taker.paths}
    if "path" not in paths or not any(path in taker.changed for path in paths.values()):
        return None
    moved: Entry = {**entry, **paths}
    if taker.paths is not None and isinstance(entry.get("related_files"), list):
        moved["related_files"] = [taker.paths.get(path, path) for path in entry["related_files"]]
    return moved
