"""Finding records again: by id, by words and by meaning.

The index follows the work tree: before every answer its listing of blob ids
is compared with the files, so a branch switch or an edit by hand is never
answered from before. Commits' reasons and reasons still waiting for a commit
are searched beside the record files.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kagura_git import atomic
from kagura_git.errors import KaguraError, NotFound, UsageError
from kagura_git.git import links as links_
from kagura_git.git import snapshot
from kagura_git.git.links import Links
from kagura_git.git.notes import REF
from kagura_git.model import inputs
from kagura_git.model.fingerprint import PLACE, fingerprint
from kagura_git.model.ids import KINDS, is_id, kind_of
from kagura_git.model.records import AnyRecord, Change
from kagura_git.model.trace_lines import plain
from kagura_git.services import successors
from kagura_git.services.corpus import ABANDONED, Corpora, Corpus, documents, record_of
from kagura_git.services.found import Filters, Found, Hit
from kagura_git.store import codec
from kagura_git.store.files import Marks, folder_of
from kagura_git.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kagura_git.search.embed import LazyModel
    from kagura_git.search.index import RefreshReport, SearchIndex
    from kagura_git.search.rerank import LazyReranker
    from kagura_git.services.lost import Lost

__all__ = ["Filters", "Found", "Hit", "Recall"]

Progress = Callable[[int, int], None]


class Recall:
    """The search over one workspace, kept open between queries.

    Args:
        cache_dir: where exported models live, once per machine.
    """

    def __init__(self, ws: Workspace, cache_dir: Path) -> None:
        self.ws = ws
        self.cache_dir = cache_dir
        self._index: SearchIndex | None = None
        self._wider: SearchIndex | None = None
        self._model: LazyModel | None = None
        self._links: Links | None = None
        self._links_mark: tuple[object, ...] = ()
        self._corpora = Corpora(ws)
        self._saved_marks: Marks = {}

    @property
    def index(self) -> SearchIndex:
        """The worktree's index, opened on first use."""
        if self._index is None:
            from kagura_git.search.index import SearchIndex
            from kagura_git.search.vectors import VectorCache

            folder = Path(self.ws.repo.private, "index")
            cache = VectorCache(Path(self.ws.repo.shared, "vectors.sqlite"))
            self._index = SearchIndex(folder, cache, self.model, self.reranker)
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

    @cached_property
    def reranker(self) -> LazyReranker | None:
        """The cross-encoder that the user has named, if any; not loaded until a search."""
        name = self.ws.settings.reranker
        if not name:
            return None
        from kagura_git.search.rerank import LazyReranker

        return LazyReranker(name, cache_dir=self.cache_dir)

    def forget_model(self) -> None:
        """Look for the model anew at the next use: it has just been fetched."""
        self._model, self._index, self._wider = None, None, None

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
        """Bring the index up to date with the work tree and the notes, and in good shape."""
        return self._refreshed(self._corpus(), progress, waiting=False)

    def _refreshed(
        self, corpus: Corpus, progress: Progress | None, *, waiting: bool = True
    ) -> RefreshReport:
        report = self.index.refresh(
            corpus.listing,
            lambda keys: documents(self.ws, keys, corpus),
            progress,
            waiting=waiting,
        )
        marks = self.ws.files.marks()
        if marks != self._saved_marks:
            _write_marks(self._marks_file, marks)
            self._saved_marks = dict(marks)
        return report

    def vectors(self, kind: str) -> dict[str, NDArray[Any]]:
        """Return the vector of each record of a kind on this branch, by id."""
        self._refreshed(self._corpus(), None)
        return self.index.vectors(kind)

    def stale(self) -> int:
        """Return how many records differ from what the index holds."""
        plan = self.index.plan(self._corpus().listing)
        return len(plan.changed) + len(plan.removed)

    def ranking(self) -> tuple[str, str]:
        """Return ``hybrid`` if a query can be ranked by meaning, else ``lexical`` and why."""
        return ("hybrid", "") if self.model.digest else ("lexical", self.model.reason)

    def _corpus(self) -> Corpus:
        """Return what there is to find on this branch."""
        _ = self.index  # opened first: it knows what an earlier process has read
        return self._corpora.now(self.links())

    def _with_abandoned(
        self, corpus: Corpus, progress: Progress | None
    ) -> tuple[SearchIndex, Corpus]:
        """Return an index of its own that holds the abandoned too, and what it holds.

        The words of roads not taken must not weigh in the ranking of those who
        have not asked for them.
        """
        from kagura_git.search.index import SearchIndex
        from kagura_git.search.seed import seed
        from kagura_git.services import lost

        found = lost.find(self.ws, commits=False)
        if not found:
            return self.index, corpus
        if self._wider is None:
            folder = Path(self.ws.repo.private, ABANDONED)
            seed(folder, self.index.folder)
            self._wider = SearchIndex(folder, self.index.cache, self.model, self.reranker)
        wider = corpus.joined(found)
        self._wider.refresh(wider.listing, lambda keys: documents(self.ws, keys, wider), progress)
        return self._wider, wider

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        filters: Filters | None = None,
        min_score: float = 0.0,
        mark: str | None = None,
        abandoned: bool = False,
        progress: Progress | None = None,
    ) -> Found:
        """Return the records that fit a query best, at most ``k``.

        Args:
            mark: an error's fingerprint; the record that has it comes first.
            abandoned: also look among the records that only the journal still has.

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
        index, corpus = self.index, self._corpus()
        self._refreshed(corpus, progress)
        if abandoned:
            index, corpus = self._with_abandoned(corpus, progress)
        keep = None if wanted == Filters() else wanted.keep
        result = index.search(
            text, k, keep=keep, min_score=min_score, fingerprint=mark or _trace_mark(text)
        )
        links = self._links or Links()
        hits = []
        for hit in result.hits:
            record = record_of(self.ws, hit.entry.key, corpus)
            if record is not None:
                hits.append(_hit(hit, record, links, corpus.lost.get(hit.entry.key)))
        kept = successors.placed(hits, self._decision, wanted, k)
        kept = tuple(
            hit if hit.commits else replace(hit, commits=tuple(links.commits_of(hit.id)))
            for hit in kept
        )
        return Found(text, result.ranking, kept, abandoned)

    def _decision(self, record_id: str) -> tuple[str | None, AnyRecord] | None:
        """Return a record and its path, None where it is missing or cannot be read."""
        try:
            return self.get(record_id)
        except KaguraError:
            return None

    def is_abandoned(self, record_id: str) -> bool:
        """Tell whether only the journal has a record, or its latest version."""
        from kagura_git.services import lost

        return any(item.id == record_id for item in lost.find(self.ws, commits=False))

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
            change = self._corpora.now(self.links()).others.get(record_id)
            if change is None:
                raise NotFound("no such change on this branch", where=record_id)
            return None, change
        path = self.ws.files.path_of(record_id)
        if path is not None:
            return path, self.ws.files.read(path)
        kept = self.ws.journal.newest(record_id)
        if kept is None:
            return None, self._on_another_branch(record_id)
        return None, codec.loads(kept, f"{record_id}.yaml")

    def _on_another_branch(self, record_id: str) -> AnyRecord:
        folder = folder_of(kind_of(record_id))
        found = snapshot.find(self.ws.repo, folder, record_id)
        if found is None:
            return self.ws.files.get(record_id)[1]  # raises NotFound with its hint
        return codec.loads(found.data, found.path)


def _hit(hit: Any, record: AnyRecord, links: Links, lost: Lost | None) -> Hit:
    entry = hit.entry
    return Hit(
        id=entry.id,
        kind=entry.kind,
        score=round(hit.score, 4),
        title=entry.title,
        snippet=hit.snippet,
        path=record.path if isinstance(record, Change) else lost.path if lost else entry.key,
        resolved=entry.resolved,
        status=entry.status,
        commits=tuple(links.commits_of(entry.id)),
        record=record,
        abandoned=lost is not None,
    )


def _trace_mark(query: str) -> str | None:
    """Return the place of a pasted traceback: which type it calls itself, its text need not say."""
    lines = plain(query).strip().splitlines()
    if len(lines) < 3:
        return None
    head = next((line for line in (lines[-1], lines[0]) if ":" in line), "")
    error_type, _, message = head.partition(":")
    return fingerprint(error_type, message, query)[:PLACE]


def _read_marks(path: str) -> Marks:
    try:
        return msgspec.msgpack.decode(Path(path).read_bytes(), type=Marks)
    except (OSError, msgspec.MsgspecError):
        return {}


def _write_marks(path: str, marks: Marks) -> None:
    with contextlib.suppress(OSError):  # a disk that takes nothing only costs time
        atomic.make_folder(os.path.dirname(path))
        atomic.write(path, msgspec.msgpack.encode(marks), durable=False)
