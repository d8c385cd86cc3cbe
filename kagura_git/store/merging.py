"""Merging record files: bytes in, bytes out, and a sentence for everything decided.

A side that cannot be read (broken YAML) is never dropped: its whole text stands
under ``conflicts: {file: [...]}`` of the side that can be read. A side that is
another record, which git took for this one renamed, is no side of this merge:
what the merge does to that record is seen, and mended, after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from kagura_git.errors import InvalidRecord
from kagura_git.model.ids import id_in_name
from kagura_git.model.mapping import to_mapping
from kagura_git.model.merge import merge
from kagura_git.model.merge_values import same, united
from kagura_git.model.records import Record
from kagura_git.store import codec, strict_yaml
from kagura_git.store.marked import doubled, marked, sides

__all__ = ["Merged", "merge_bytes", "salvage", "sides"]

# Conflicts of several lengths in one file: each length doubles the versions to look at.
_DEPTH: Final = 3
FILE: Final = "file"  # the entry under `conflicts` that holds a side's whole text


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge made.

    Attributes:
        data: the file's bytes; empty where the record is gone.
        said: a sentence for each thing decided that somebody may want to look at.
        record: what ``data`` holds; None where it needs a person to mend it, or is gone.
        stray: another record that git took for this one, and which may be lost by that.
    """

    data: bytes
    said: list[str] = field(default_factory=list)
    record: Record | None = None
    stray: tuple[str, bytes] | None = None


def merge_bytes(
    base: bytes | None,
    ours: bytes | None,
    theirs: bytes | None,
    path: str,
    *,
    moved: bool = False,
) -> Merged:
    """Return the three-way merge of a record file's versions; None stands for no such file.

    Symmetric: the same versions the other way round give the same bytes.

    Args:
        path: the file's path in the repository; its name holds the record's id.
        moved: it is the path before a rename, and the result goes elsewhere.
    """
    if ours is None or theirs is None:
        return _one_sided(base, theirs if ours is None else ours, path)
    if ours == theirs or theirs == base:
        return Merged(ours, record=_strictly(ours, path))
    if ours == base:
        return Merged(theirs, record=_strictly(theirs, path))
    if (apart := _apart(ours, theirs, path, moved=moved)) is not None:
        return apart
    said: list[str] = []
    mine, yours = _read(ours, path, said), _read(theirs, path, said)
    if mine is None and yours is None:
        return _by_lines(base, ours, theirs, path)
    if mine is None:
        assert yours is not None
        record = _with_text(yours, ours, said)
    elif yours is None:
        record = _with_text(mine, theirs, said)
    else:
        start = None if base is None else _read(base, path, [])
        record = _told(merge(start, mine, yours), (mine, yours), said)
    # A side that says it all already keeps its own spelling, comments and all.
    spelled = {data for data in (ours, theirs) if _holds(data, path, record)}
    try:
        data = spelled.pop() if len(spelled) == 1 else codec.dumps(record)
    except InvalidRecord as problem:
        return _by_lines(base, ours, theirs, path, problem.message)
    return Merged(data, said, record)


def _holds(data: bytes, path: str, record: Record) -> bool:
    found = _strictly(data, path)
    return found is not None and same(to_mapping(found), to_mapping(record))


def _by_lines(
    base: bytes | None, ours: bytes, theirs: bytes, path: str, wrong: str = "neither side is valid"
) -> Merged:
    """Return what git's own merge of the texts makes of them."""
    data = marked(base, ours, theirs)
    return Merged(data, [f"{path}: {wrong}; merged as text"], _strictly(data, path))


def salvage(data: bytes, path: str) -> Merged | None:
    """Return the record in a file that a text merge has damaged, or None where none can be read.

    Conflict markers: the sides between them are merged, by their base if the
    markers hold it. Fields that stand twice: read as two sides, one with the
    first and one with the last of each, so that no value goes unseen.
    """
    said: list[str] = []
    record = _salvaged(data, path, said)
    if record is None:
        return None
    try:
        return Merged(codec.dumps(record), said, record)
    except InvalidRecord:  # both versions together are too long for one record
        return None


def _one_sided(base: bytes | None, left: bytes | None, path: str) -> Merged:
    """Merge with a side that has no such file: an edit wins over a deletion."""
    if left is None or left == base:
        return Merged(b"")
    record = _strictly(left, path)
    if base is None:
        return Merged(left, record=record)
    before = _strictly(base, path)
    if before is not None and _holds(left, path, before):
        return Merged(b"")
    name = path if record is None else record.id
    return Merged(left, [f"{name}: deleted on one side, edited on the other: kept"], record)


def _strictly(data: bytes, path: str) -> Record | None:
    try:
        return codec.loads(data, path)
    except InvalidRecord:
        return None


def _apart(ours: bytes, theirs: bytes, path: str, *, moved: bool) -> Merged | None:
    """Return the side that this merge is about, where the other one is another record."""
    own = id_in_name(path.rpartition("/")[2])
    if own is None:
        return None
    mine, yours = _id(ours, path) or own, _id(theirs, path) or own
    if mine == yours:
        return None
    if own not in (mine, yours):
        # One file with two new names, says git: a conflict, and each side's tree has its own.
        name, data = min((mine, ours), (yours, theirs))
        return Merged(data, record=_strictly(data, f"{name}.yaml"))
    # git wants the text of the new name: before the rename that is the one without this id.
    if (mine == own) != moved:
        return Merged(ours, record=_strictly(ours, _named(path, mine)), stray=(yours, theirs))
    return Merged(theirs, record=_strictly(theirs, _named(path, yours)), stray=(mine, ours))


def _named(path: str, name: str) -> str:
    return path if name == id_in_name(path.rpartition("/")[2]) else f"{name}.yaml"


def _id(data: bytes, path: str) -> str | None:
    """Return the id of the record in a file, whatever its name; None if no record is in it."""
    try:
        name = strict_yaml.load(data, path)[0].get("id")
        return codec.loads(data, f"{name}.yaml").id if isinstance(name, str) else None
    except InvalidRecord:
        return None


def _read(data: bytes, path: str, said: list[str], depth: int = _DEPTH) -> Record | None:
    """Return a version's record, mended where a text merge has damaged it."""
    return _strictly(data, path) or (_salvaged(data, path, said, depth) if depth else None)


def _salvaged(data: bytes, path: str, said: list[str], depth: int = _DEPTH) -> Record | None:
    found = sides(data)
    if found is not None:
        base, ours, theirs = (
            None if text is None else _read(text, path, said, depth - 1) for text in found
        )
        if ours is None or theirs is None:
            return None
        record = merge(base, ours, theirs)
        said.append(f"{record.id}: the two sides between conflict markers were merged")
        return _told(record, (ours, theirs), said)
    versions = [_strictly(text, path) for text in doubled(data)]
    records = [record for record in versions if record is not None]
    if len(versions) < 2 or len(records) < len(versions):
        return None
    record = records[0]
    for other in records[1:]:
        record = merge(None, record, other)
    said.append(f"{record.id}: fields that stood twice were joined")
    return _told(record, records, said)


def _told(record: Record, sides: Iterable[Record], said: list[str]) -> Record:
    """Say which fields have come into conflict; returns the record."""
    known = [side.conflicts for side in sides]
    fresh = [
        name
        for name, values in record.conflicts.items()
        if not any(same(entry.get(name), values) for entry in known)
    ]
    if fresh:
        said.append(f"{record.id}: both sides changed {', '.join(fresh)}; both are kept")
    return record


def _with_text(record: Record, text: bytes, said: list[str]) -> Record:
    """Return the side that can be read, with the whole text of the other one in it."""
    entry = united([], record.conflicts.get(FILE, []), [text.decode("utf-8", "backslashreplace")])
    said.append(f"{record.id}: one side cannot be read as this record; its text is kept")
    return replace(record, conflicts={**record.conflicts, FILE: entry})
