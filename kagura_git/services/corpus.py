"""What a search looks through: record files, commits' reasons, reasons that wait for a commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kagura_git.errors import InvalidRecord
from kagura_git.git.links import Links
from kagura_git.model.ids import is_id
from kagura_git.model.mapping import change_from_mapping
from kagura_git.model.records import AnyRecord, Change
from kagura_git.store.files import blob_id
from kagura_git.workspace import Workspace

if TYPE_CHECKING:
    from kagura_git.search.document import Document
    from kagura_git.services.lost import Lost

ABANDONED: Final = "index-abandoned"
"""The folder, beside ``index``, of an index that holds the abandoned too."""

# Where the abandoned stand in an index, beside the paths of record files.
_JOURNAL: Final = "journal/"
_NO_AUTHOR: Final = "unknown"


class Corpus(NamedTuple):
    """Every document there is to find.

    Attributes:
        listing: each one's digest by its key.
        others: those that are no record files: changes, and what is abandoned.
        lost: what is abandoned, by key.
    """

    listing: Mapping[str, str]
    others: Mapping[str, AnyRecord]
    lost: dict[str, Lost]

    def joined(self, found: Iterable[Lost]) -> Corpus:
        """Return the same with what is abandoned."""
        lost = {f"{_JOURNAL}{item.id}.{item.blob}": item for item in found}
        listing = {**self.listing, **{key: item.blob for key, item in lost.items()}}
        return Corpus(
            listing, {**self.others, **{k: item.record for k, item in lost.items()}}, lost
        )


class Corpora:
    """What there is to find on this branch, again and again: the same object while it is."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._links: Links | None = None
        self._committed: dict[str, Change] = {}
        self._made_of: tuple[Any, ...] = (None, None, None)
        self._corpus = Corpus({}, {}, {})

    def now(self, links: Links) -> Corpus:
        """Return the records of the work tree, the commits' reasons, and those that wait."""
        if links is not self._links:
            self._links, self._committed = links, {c.id: c for c in committed(links)}
        files, waiting = self._ws.files.listing(), self._ws.working.pending("C-")
        known_files, known_links, known_waiting = self._made_of
        if files is not known_files or links is not known_links or waiting != known_waiting:
            changes = self._committed | {c.id: c for c in waiting_changes(waiting)}
            digests = {name: _digest(change) for name, change in changes.items()}
            self._corpus = Corpus({**files, **digests}, changes, {})
            self._made_of = (files, links, waiting)
        return self._corpus


def committed(links: Links) -> Iterator[Change]:
    """Yield the reasons for changes that commits' notes hold."""
    for sha, entries in links.changes.items():
        for entry in entries:
            if is_id(str(entry.get("id"))):
                yield from _change(entry, sha)


def waiting_changes(facts: Mapping[str, Mapping[str, Any]]) -> Iterator[Change]:
    """Yield the reasons for changes that wait for a commit."""
    for fact in facts.values():
        yield from _change(fact, "")


def _digest(change: Change) -> str:
    said = f"{change.path}\0{change.reason}"  # a name that is not UTF-8 counts too
    return blob_id(said.encode("utf-8", "surrogatepass"))


def _change(entry: Mapping[str, Any], sha: str) -> Iterable[Change]:
    fields = {n: entry[n] for n in ("id", "path", "action", "reason", "old_path") if entry.get(n)}
    fields |= {n: entry[n] for n in ("related_files", "line_range", "session") if entry.get(n)}
    fields["author"] = entry.get("author") or _NO_AUTHOR
    fields["created_at"] = entry.get("created_at") or entry.get("at")
    try:
        yield change_from_mapping(fields, where=sha[:12])
    except InvalidRecord:
        return  # a note edited by hand, or by a newer version


def documents(ws: Workspace, keys: Iterable[str], corpus: Corpus) -> Iterator[Document]:
    """Yield the documents of some keys as the index wants them."""
    from kagura_git.search.document import document

    for key in keys:
        record = record_of(ws, key, corpus)
        if record is not None:  # `doctor` reports it; the others must still be found
            yield document(record, key, corpus.listing[key])


def record_of(ws: Workspace, key: str, corpus: Corpus) -> AnyRecord | None:
    """Return the record that stands under a key; None if it cannot be read."""
    try:
        return corpus.others.get(key) or ws.files.read(key)
    except (InvalidRecord, FileNotFoundError):
        return None
