"""Finding records again: by id, by words and by meaning.

The index follows the work tree: before every answer its listing of blob ids
is compared with the files, so a branch switch or an edit by hand is never
answered from before. Commits' reasons and reasons still waiting for a commit
are searched beside the record files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kagura_git import atomic
from kagura_git.errors import InvalidRecord, NotFound, UsageError
from kagura_git.git import links as links_
from kagura_git.git import snapshot
from kagura_git.git.links import Links
from kagura_git.git.notes import REF
from kagura_git.model import inputs
from kagura_git.model.fingerprint import fingerprint
from kagura_git.model.ids import KINDS, Kind, is_id, kind_of
from kagura_git.model.mapping import change_from_mapping, iso
from kagura_git.model.records import AnyRecord, Change, governs
from kagura_git.store import codec
from kagura_git.store.files import Marks, blob_id, folder_of
from kagura_git.workspace import Workspace

if TYPE_CHECKING:
    from kagura_git.search.document import Document
    from kagura_git.search.embed import LazyModel
    from kagura_git.search.index import RefreshReport, SearchIndex
    from kagura_git.search.manifest import Entry

Progress = Callable[[int, int], None]
_NO_AUTHOR: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found, with how well it fits (0 to 1)."""

    id: str
    kind: Kind
    score: float
    title: str
    snippet: str
    path: str
    resolved: bool | None
    status: str | None
    commits: tuple[str, ...]
    record: AnyRecord


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a query; ``ranking`` says whether meaning took part (``hybrid``)."""

    query: str
    ranking: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a hit must be; an empty filter lets everything pass."""

    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    file: str | None = None
    since: datetime | None = None
    unresolved: bool = False
    project_id: str | None = None
    author: str | None = None

    def keep(self, entry: Entry) -> bool:
        """Tell whether an index entry passes every filter."""
        if self.kinds and entry.kind not in self.kinds:
            return False
        if self.tags and not set(self.tags) <= set(entry.tags):
            return False
        if self.file and not any(governs(self.file, path) for path in entry.files):
            return False
        if self.since and entry.created_at < iso(self.since):
            return False
        if self.unresolved and (entry.kind != "error" or entry.resolved):
            return False
        if self.project_id and entry.project_id not in (None, self.project_id):
            return False
        return not (self.author and entry.author != self.author)


class Recall:
    """The search over one workspace, kept open between queries.

    Args:
        cache_dir: where exported models live, once per machine.
    """

    def __init__(self, ws: Workspace, cache_dir: Path) -> None:
        self.ws = ws
        self.cache_dir = cache_dir
        self._index: SearchIndex | None = None
        self._model: LazyModel | None = None
        self._links: Links | None = None
        self._links_mark: tuple[object, ...] = ()
        self._saved_marks: Marks = {}

    @property
    def index(self) -> SearchIndex:
        """The worktree's index, opened on first use."""
        if self._index is None:
            from kagura_git.search.index import SearchIndex
            from kagura_git.search.vectors import VectorCache

            folder = Path(self.ws.repo.private, "index")
            cache = VectorCache(Path(self.ws.repo.shared, "vectors.sqlite"))
            self._index = SearchIndex(folder, cache, self.model)
            self._saved_marks = _read_marks(self._marks_file)
            self.ws.files.remember(self._saved_marks)
        return self._index

    @property
    def model(self) -> LazyModel:
        """The embedding model, not loaded until a text needs it."""
        if self._model is None:
            from kagura_git.search.embed import LazyModel

            self._model = LazyModel(self.ws.settings.model, cache_dir=self.cache_dir)
        return self._model

    def forget_model(self) -> None:
        """Look for the model anew at the next use: it has just been fetched."""
        self._model, self._index = None, None

    @property
    def _marks_file(self) -> str:
        return os.path.join(self.ws.repo.private, "index", "marks")

    def links(self) -> Links:
        """Return which commits belong to which records, as of now."""
        mark = self.ws.repo.refs_mark(REF)
        if self._links is None or mark != self._links_mark:
            cache = os.path.join(self.ws.repo.private, "links.json")
            self._links = links_.load(self.ws.repo.git, cache, self._links)
            self._links_mark = mark
        return self._links

    def refresh(self, progress: Progress | None = None) -> RefreshReport:
        """Bring the index up to date with the work tree and the notes."""
        index = self.index
        listing, changes = self._listing()
        report = index.refresh(
            listing, lambda keys: self._documents(keys, listing, changes), progress
        )
        marks = self.ws.files.marks()
        if marks != self._saved_marks:
            _write_marks(self._marks_file, marks)
            self._saved_marks = dict(marks)
        return report

    def stale(self) -> int:
        """Return how many records differ from what the index holds."""
        listing, _ = self._listing()
        plan = self.index.plan(listing)
        return len(plan.changed) + len(plan.removed)

    def ranking(self) -> tuple[str, str]:
        """Return ``hybrid`` if a query can be ranked by meaning, else ``lexical`` and why."""
        return ("hybrid", "") if self.model.digest else ("lexical", self.model.reason)

    def _listing(self) -> tuple[dict[str, str], dict[str, Change]]:
        """Return every document's key and digest, and the changes among them by key."""
        listing = self.ws.files.listing()
        changes = {}
        for change in self._changes():
            changes[change.id] = change
            listing[change.id] = blob_id(msgspec.json.encode((change.path, change.reason)))
        return listing, changes

    def _changes(self) -> Iterable[Change]:
        for sha, entries in self.links().changes.items():
            for entry in entries:
                if is_id(str(entry.get("id"))):
                    yield from _change(entry, sha)
        for fact in self.ws.working.pending("C-").values():
            yield from _change(fact, "")

    def _documents(
        self, keys: list[str], listing: Mapping[str, str], changes: Mapping[str, Change]
    ) -> Iterable[Document]:
        from kagura_git.search.document import document

        for key in keys:
            change = changes.get(key)
            if change is not None:
                yield document(change, key, listing[key])
                continue
            try:
                yield document(self.ws.files.read(key), key, listing[key])
            except (InvalidRecord, FileNotFoundError):
                continue  # `doctor` reports it; the others must still be found

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        filters: Filters | None = None,
        min_score: float = 0.0,
        mark: str | None = None,
        progress: Progress | None = None,
    ) -> Found:
        """Return the records that fit a query best, at most ``k``.

        Args:
            mark: an error's fingerprint; the record that has it comes first.

        Raises:
            UsageError: an empty query, a ``k`` below 1, an unknown kind.
        """
        text = inputs.required(query, "query")
        wanted = filters or Filters()
        if k < 1:
            raise UsageError("the number of results must be at least 1", where="k")
        unknown = [kind for kind in wanted.kinds if kind not in KINDS]
        if unknown:
            raise UsageError(
                f"unknown kind {unknown[0]!r}", hint=f"One of {', '.join(KINDS)}.", where="kind"
            )
        self.refresh(progress)
        result = self.index.search(
            text, k, keep=wanted.keep, min_score=min_score, fingerprint=mark or _trace_mark(text)
        )
        links = self._links or Links()
        hits = []
        for hit in result.hits:
            record = self._record(hit.entry)
            if record is not None:
                hits.append(_hit(hit, record, links))
        return Found(text, result.ranking, tuple(hits))

    def _record(self, entry: Entry) -> AnyRecord | None:
        if entry.kind == "change":
            return next((c for c in self._changes() if c.id == entry.id), None)
        try:
            return self.ws.files.read(entry.key)
        except (InvalidRecord, FileNotFoundError):
            return None

    def get(self, record_id: str) -> tuple[str | None, AnyRecord]:
        """Return a record of any kind and its path (None if only the journal or a note has it).

        Raises:
            NotFound: no record, change or kept version goes by that id.
        """
        if not is_id(record_id):
            raise NotFound(
                f"{record_id!r} is no record id",
                hint="An id looks like D-7k3f9q2m; `git kagura search` finds records.",
                where=record_id,
            )
        if kind_of(record_id) == "change":
            change = next((c for c in self._changes() if c.id == record_id), None)
            if change is None:
                raise NotFound("no such change on this branch", where=record_id)
            return None, change
        path = self.ws.files.path_of(record_id)
        if path is not None:
            return path, self.ws.files.read(path)
        kept = [version for version in self.ws.journal.versions() if version.id == record_id]
        if not kept:
            return None, self._on_another_branch(record_id)
        newest = max(kept, key=lambda version: version.written)
        return None, codec.loads(Path(newest.path).read_bytes(), f"{record_id}.yaml")

    def _on_another_branch(self, record_id: str) -> AnyRecord:
        folder = folder_of(kind_of(record_id))
        found = snapshot.find(self.ws.repo, folder, record_id)
        if found is None:
            return self.ws.files.get(record_id)[1]  # raises NotFound with its hint
        return codec.loads(found.data, found.path)


def _hit(hit: Any, record: AnyRecord, links: Links) -> Hit:
    entry = hit.entry
    if isinstance(record, Change):
        commits = [
            s for s, found in links.changes.items() if any(e["id"] == record.id for e in found)
        ]
    else:
        commits = links.commits_of(entry.id)
    return Hit(
        id=entry.id,
        kind=entry.kind,
        score=round(hit.score, 4),
        title=entry.title,
        snippet=hit.snippet,
        path=record.path if isinstance(record, Change) else entry.key,
        resolved=entry.resolved,
        status=entry.status,
        commits=tuple(commits),
        record=record,
    )


def _trace_mark(query: str) -> str | None:
    """Return the fingerprint of a pasted traceback: type and frames, wherever they stand."""
    lines = query.strip().splitlines()
    if len(lines) < 3:
        return None
    head = next((line for line in (lines[-1], lines[0]) if ":" in line), "")
    error_type, _, message = head.partition(":")
    return fingerprint(error_type, message, query) if error_type else None


def _change(entry: Mapping[str, Any], sha: str) -> Iterable[Change]:
    fields = {n: entry[n] for n in ("id", "path", "action", "reason", "old_path") if entry.get(n)}
    fields |= {n: entry[n] for n in ("related_files", "line_range", "session") if entry.get(n)}
    fields["author"] = entry.get("author") or _NO_AUTHOR
    fields["created_at"] = entry.get("created_at") or entry.get("at")
    try:
        yield change_from_mapping(fields, where=sha[:12])
    except InvalidRecord:
        return  # a note edited by hand, or by a newer version


def _read_marks(path: str) -> Marks:
    try:
        return msgspec.msgpack.decode(Path(path).read_bytes(), type=Marks)
    except (OSError, msgspec.MsgspecError):
        return {}


def _write_marks(path: str, marks: Marks) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    atomic.write(path, msgspec.msgpack.encode(marks), durable=False)
