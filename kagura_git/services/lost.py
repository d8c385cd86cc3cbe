"""Roads not taken: the records that only the journal still has, and how they were lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from kagura_git.git.versions import record_at
from kagura_git.model.ids import Kind
from kagura_git.model.records import Record, Session
from kagura_git.services.remains import Remains, compare
from kagura_git.store.lineage import Lineage
from kagura_git.workspace import Workspace

What = Literal["gone", "newer", "apart"]

# A file's time may be anything, a calendar ends.
_LATEST: Final = 99_999_999_999.0
_SAID: Final[dict[What, str]] = {
    "gone": "gone from every branch",
    "newer": "newer than what any branch has",
    "apart": "edited apart from what the branches have",
}


@dataclass(frozen=True, slots=True)
class Lost:
    """A record, or its latest version, that neither git nor any work tree has.

    Attributes:
        record: as it was written last.
        blob: the journal's name for that version.
        versions: that one and others that were lost beside it, the newest first.
        what: ``gone`` from everywhere; ``newer`` than the versions that are
            there; edited ``apart`` from them.
        why: what happened, as far as it can be told, as one sentence.
        branch: where it was written, if that is known.
        commit: the commit that held it, if a reflog still knows it.
        path: where its file was, or would be.
    """

    record: Record
    blob: str
    versions: tuple[str, ...]
    written: datetime
    what: What
    why: str
    branch: str | None
    commit: str | None
    path: str

    @property
    def id(self) -> str:
        """The record's id."""
        return self.record.id

    @property
    def kind(self) -> Kind:
        """The record's kind."""
        return self.record.kind

    @property
    def title(self) -> str:
        """The record's title."""
        return self.record.title

    @property
    def author(self) -> str:
        """Who wrote the record."""
        return self.record.author

    @property
    def session(self) -> str | None:
        """The session it belongs to, if any."""
        return self.record.id if isinstance(self.record, Session) else self.record.session


def find(ws: Workspace, *, commits: bool = True) -> list[Lost]:
    """Return what is lost, newest first.

    Args:
        commits: whether to look for the commits that held it.

    Raises:
        GitError: history cannot be read, so nothing can be said about what is lost.
    """
    return described(compare(ws), commits=commits) if ws.journal.months() else []


def described(remains: Remains, *, commits: bool = True) -> list[Lost]:
    """Return what is lost of what remains, with what can be told about each."""
    ends = remains.lost()
    if not ends:
        return []
    wanted = {blob for blobs in ends.values() for blob in blobs}
    dropped = remains.held.dropped(wanted) if commits else {}
    found = []
    for record_id, blobs in ends.items():
        lineage = remains.lineages[record_id]
        record = remains.record(lineage, blobs[0])
        if record is not None:
            commit = next((dropped[blob] for blob in blobs if blob in dropped), None)
            found.append(_lost(remains, lineage, record, blobs, commit))
    return sorted(found, key=lambda lost: (lost.written, lost.id), reverse=True)


def _lost(
    remains: Remains,
    lineage: Lineage,
    record: Record,
    blobs: list[str],
    commit: tuple[str, str] | None,
) -> Lost:
    others = set(remains.elsewhere(record.id))
    what: What = "gone"
    if others:
        what = "newer" if others.issubset(lineage.ancestors(blobs[0])) else "apart"
    branch = lineage.branches.get(blobs[0])
    said = [_SAID[what]]
    if commit is not None:
        said.append(f"was in commit {commit[0][:10]} ({commit[1]})")
    if branch is not None:
        gone = "" if branch in remains.held.tips.branches else ", a branch that is gone"
        said.append(f"written on {branch}{gone}")
    return Lost(
        record=record,
        blob=blobs[0],
        versions=tuple(blobs),
        written=_moment(lineage.written.get(blobs[0], 0.0)),
        what=what,
        why="; ".join(said),
        branch=branch,
        commit=commit[0] if commit else None,
        path=_path(remains, lineage, blobs[0], record),
    )


def _path(remains: Remains, lineage: Lineage, blob: str, record: Record) -> str:
    """Return the path of a record's file: as it stands elsewhere, or as it was first given."""
    known = [copy.path for copy in remains.copies.get(record.id, ())]
    known += [place.path for place in remains.held.places(record.id).values()]
    for path in known:
        if path.count("/") == 3 and record_at(path) == record.id:
            return path
    first = record
    for older in lineage.ancestors(blob):
        first = remains.record(lineage, older) or first
    return remains.ws.files.place(first)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0.0), _LATEST), UTC)
