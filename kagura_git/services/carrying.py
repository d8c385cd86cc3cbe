"""What a commit takes over, and what its own record files say."""

from __future__ import annotations

from collections.abc import Iterator, Set

from kagura_git.git.notes import Entry
from kagura_git.git.trailers import Linked
from kagura_git.git.versions import record_at
from kagura_git.model import carried as entries_
from kagura_git.model.ids import kind_of
from kagura_git.services.traces import Origin, Traces


def carried(t: Traces, sha: str, origin: Origin) -> list[Entry]:
    """Return the entries that a commit takes over, without those that it has."""
    steps = t.steps(sha)
    touched = steps.keys() if origin.paths is None else steps.keys() & origin.paths.keys()
    taker = entries_.Taker(
        sha=sha,
        changed=steps.keys(),
        records={record for path in touched if (record := record_at(path)) is not None},
        held=t.entries.get(sha, ()),
        named=t.ids(sha),
        whole=origin.whole,
        paths=origin.paths,
    )
    return entries_.carried(taker, ((source, _entries(t, source)) for source in origin.commits))


def _entries(t: Traces, sha: str) -> Iterator[Entry]:
    """Yield a commit's entries, and the records that only its message names."""
    yield from t.entries.get(sha, ())
    kin = t.kin.commits.get(sha)
    linked = kin.linked if kin else Linked((), ())
    noted = {entry.get("id") for entry in t.entries.get(sha, ())}
    for kind, ids in (("session", linked.sessions), ("decision", linked.decisions)):
        for name in ids:
            if name not in noted and name in t.known:
                yield {"kind": kind, "id": name}


def recorded(t: Traces, sha: str, first: Set[str]) -> list[Entry]:
    """Return an entry for each record whose file this commit adds; ``from`` names the file.

    Args:
        first: the records whose files no earlier commit has added.
    """
    held = {entry.get("id") for entry in t.entries.get(sha, ())}
    return [
        {"kind": kind_of(record), "id": record, "relation": "recorded", "from": path}
        for path, step in t.steps(sha).items()
        if step.adds and (record := record_at(path)) is not None
        if record in first and record not in held
    ]
