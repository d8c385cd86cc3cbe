"""The search index of one worktree: kept fresh by blob id, asked by words and by meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kagura_git.search import generation, layers, manifest
from kagura_git.search.embed import LazyModel, Progress
from kagura_git.search.generation import Generation
from kagura_git.search.manifest import Entry
from kagura_git.search.vectors import VectorCache

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kagura_git.search.refresh import Load
    from kagura_git.search.rerank import LazyReranker

__all__ = ["Entry", "Hit", "Plan", "RefreshReport", "SearchIndex", "SearchResult", "Status"]

Ranking = Literal["hybrid", "lexical"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a refresh would do; ``vectors`` tells that those of the model are missing."""

    changed: list[str]
    removed: list[str]
    vectors: bool = False

    @property
    def fresh(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.changed or self.removed or self.vectors)


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh did; ``reason`` says why there are no vectors, if there are none.

    ``problem`` says why the index is in memory only, for this process alone.
    """

    records: int
    vectors: int
    embedded_now: int
    changed: int
    reason: str = ""
    problem: OSError | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found, its score in 0..1 and the line that fits best."""

    entry: Entry
    score: float
    snippet: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first; ``ranking`` is "lexical" when meaning could not be asked."""

    ranking: Ranking
    hits: list[Hit]


@dataclass(frozen=True, slots=True)
class Status:
    """What the index holds now; ``reason`` says why the ranking is only lexical, if it is."""

    records: int
    vectors: int
    model: str
    digest: str | None
    ranking: Ranking
    reason: str = ""


class SearchIndex:
    """The index in one folder. Other processes may refresh and read it at the same time.

    Args:
        folder: where its files lie (the worktree's git directory).
        cache: the vectors of every text ever embedded.
        model: the embedding model, loaded when first needed.
        reranker: reads the first hits again, if there is one.
    """

    def __init__(
        self,
        folder: Path,
        cache: VectorCache,
        model: LazyModel,
        reranker: LazyReranker | None = None,
    ) -> None:
        self.folder = folder
        self.cache = cache
        self.model = model
        self.reranker = reranker
        self._generation: Generation | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._same: tuple[Mapping[str, str] | None, Generation | None] = (None, None)

    def _current(self, before_vectors: Callable[[], None] | None = None) -> Generation | None:
        """Return the generation on disk, opened again only when another took its place."""
        stamp = manifest.stamp(self.folder)
        if stamp != self._stamp:
            before = self._generation.segments if self._generation else ()
            found = generation.load(self.folder, before_vectors, before) if stamp else None
            self._generation, self._stamp = found, stamp
        return self._generation

    def plan(self, listing: Mapping[str, str]) -> Plan:
        """Compare ``{key: digest}`` with what is indexed."""
        return self._plan(listing, self._current())

    def _plan(self, listing: Mapping[str, str], now: Generation | None) -> Plan:
        if now is None:
            return Plan(sorted(listing), [], vectors=False)
        digest = self.model.digest
        lacking = digest is not None and now.manifest.model != digest
        vectors = lacking and now.records > 0
        known = now.digests
        # The very same listing as the last time need not be looked through again.
        if (listing is self._same[0] and now is self._same[1]) or listing == known:
            self._same = listing, now
            return Plan([], [], vectors)
        changed = sorted(key for key, digest in listing.items() if known.get(key) != digest)
        removed = sorted(known.keys() - listing.keys())
        return Plan(changed, removed, vectors)

    def refresh(
        self,
        listing: Mapping[str, str],
        load: Load,
        progress: Progress | None = None,
        *,
        waiting: bool = True,
    ) -> RefreshReport:
        """Bring the index up to the listing: a new generation, put in place at once.

        Does nothing if all is fresh. Two processes may refresh at the same time:
        the last one wins, and both are right.

        Args:
            listing: every record there is, ``{key: digest}``; not to be changed afterwards:
                the same object is not looked through again.
            load: reads the documents of the keys that changed.
            progress: called with texts embedded so far, and their number.
            waiting: somebody waits for an answer; otherwise segments are joined sooner.

        Where the disk takes no index (full, read-only), this process answers from memory.
        """
        now = self._current()
        plan = self._plan(listing, now)
        if plan.fresh and now is not None:
            status = self.status()
            return RefreshReport(status.records, status.vectors, 0, 0, status.reason)
        embedded = 0
        for part in _in_steps(listing, plan, now):
            report = self._next(part, self._current(), load, progress, waiting)
            embedded += report.embedded_now
        return replace(report, embedded_now=embedded, changed=len(plan.changed))

    def _next(
        self,
        listing: Mapping[str, str],
        now: Generation | None,
        load: Load,
        progress: Progress | None,
        waiting: bool,
    ) -> RefreshReport:
        """Put the generation of a listing in place."""
        from kagura_git.search.next_generation import following
        from kagura_git.search.writing import write

        plan = self._plan(listing, now)
        built, embedded = following(
            now, listing, plan.changed, plan.removed, load,
            cache=self.cache, model=self.model, progress=progress, waiting=waiting,
        )  # fmt: skip
        problem = None
        try:
            write(self.folder, built)
        except OSError as error:
            problem = error
            self._generation, self._stamp = built.generation(), manifest.stamp(self.folder)
        # Counted here: opening the new generation is for the search that needs it.
        made = built.generation()
        reason = self.model.reason
        return RefreshReport(made.records, made.rows, embedded, len(plan.changed), reason, problem)

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        keep: Callable[[Entry], bool] | None = None,
        min_score: float = 0.0,
        fingerprint: str | None = None,
    ) -> SearchResult:
        """Return the k records nearest to the query, as the index stands.

        Args:
            query: words, a question, an error message or a stack trace.
            k: how many at most.
            keep: which records may be found; asked before the cut to k.
            min_score: leave out what scores less.
            fingerprint: records of the same error come first, with score 1.
        """
        from kagura_git.search.query import answer

        # A cold start opens the model beside the index: 60 ms of it are in neither's way.
        now = self._current(self.model.prepare)
        if now is None:
            return SearchResult("lexical", [])
        lines, hybrid = answer(
            now, self.model, query, k, keep, min_score, fingerprint, self.reranker
        )
        hits = [Hit(entry, score, snippet) for entry, score, snippet in lines]
        return SearchResult("hybrid" if hybrid else "lexical", hits)

    def vectors(self, kind: str) -> dict[str, NDArray[Any]]:
        """Return the vector of each record of a kind, by id; none without a model."""
        now = self._current()
        if now is None or not now.dim:
            return {}
        found = ((e.id, now.vector(number)) for number, e in now.live() if e.kind == kind)
        return {name: vector for name, vector in found if vector is not None}

    def status(self) -> Status:
        """Return what the index holds, without loading the model."""
        now = self._current()
        digest = self.model.digest
        rows = now.rows if now else 0
        hybrid = rows > 0 and now is not None and now.manifest.model == digest
        return Status(
            records=now.records if now else 0,
            vectors=rows,
            model=self.model.model,
            digest=digest,
            ranking="hybrid" if hybrid else "lexical",
            reason=self.model.reason,
        )


def _in_steps(
    listing: Mapping[str, str], plan: Plan, now: Generation | None
) -> Iterator[Mapping[str, str]]:
    """Yield listings that lead to this one, none of which brings too much at once."""
    size = layers.MOST
    if len(plan.changed) > size:
        before = now.digests if now else {}
        later = set(plan.changed)
        for start in range(0, len(plan.changed) - size, size):
            later.difference_update(plan.changed[start : start + size])
            yield {
                key: before[key] if key in later else digest
                for key, digest in listing.items()
                if key not in later or key in before
            }
    yield listing
