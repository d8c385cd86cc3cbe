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

    listing: dict[str, str]
    others: dict[str, AnyRecord]
    lost: dict[str, Lost]

    def joined(self, found: Iterable[Lost]) -> Corpus:
        """Return the same with what is abandoned."""
        lost = {f"{_JOURNAL}{item.id}.{item.blob}": item for item in found}
        listing = {**self.listing, **{key: item.blob for key, item in lost.items()}}
        return Corpus(
            listing, {**self.others, **{k: item.record for k, item in lost.items()}}, lost
        )


def corpus_of(ws: Workspace, links: Links) -> Corpus:
    """Return what there is to find on this branch."""
    listing = ws.files.listing()
    others: dict[str, AnyRecord] = {}
    for change in changes(ws, links):
        others[change.id] = change
        said = f"{change.path}\0{change.reason}"  # a name that is not UTF-8 counts too
        listing[change.id] = blob_id(said.encode("utf-8", "surrogatepass"))
    return Corpus(listing, others, {})


def changes(ws: Workspace, links: Links) -> Iterator[Change]:
    """Yield the reasons for changes: those in commits, then those that wait for one."""
    for sha, entries in links.changes.items():
        for entry in entries:
            if is_id(str(entry.get("id"))):
                yield from _change(entry, sha)
    for fact in ws.working.pending("C-").values():
        yield from _change(fact, "")


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
