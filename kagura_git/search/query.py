"""One query against one generation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kagura_git.search.adjacent import with_pairs
from kagura_git.search.candidates import DEPTH, candidates
from kagura_git.search.embed import LazyModel
from kagura_git.search.fuse import Candidates
from kagura_git.search.generation import Generation
from kagura_git.search.manifest import Entry
from kagura_git.search.passages import clean, essence
from kagura_git.search.ranking import ranked
from kagura_git.search.rerank import DEPTH as RERANKED
from kagura_git.search.rerank import LazyReranker, reordered
from kagura_git.search.snippet import snippet
from kagura_git.search.tokens import tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QUERY_LIMIT = 40_000


def answer(
    now: Generation,
    model: LazyModel,
    query: str,
    k: int,
    keep: Callable[[Entry], bool] | None,
    min_score: float,
    fingerprint: str | None,
    reranker: LazyReranker | None = None,
) -> tuple[list[tuple[Entry, float, str]], bool]:
    """Return entries with score and snippet, best first, and whether meaning was asked too."""
    entries = now.entries
    text = clean(query[:_QUERY_LIMIT])
    terms = tokens(text)
    vector = _vector(now, model, text)
    allowed = _allowed(now, keep)
    alike = now.by_fingerprint.get(fingerprint, ()) if fingerprint else ()
    same = frozenset(number for number in alike if keep is None or keep(entries[number]))
    found = candidates(now, now.words.scores(terms), vector, allowed, max(DEPTH, 2 * k))
    found = with_pairs(found, now, text)
    if missing := same.difference(found.numbers.tolist()):
        found = _with(found, sorted(missing))
    best = ranked(found, entries, same, max(k, RERANKED) if reranker else k)
    if reranker:
        best = reordered(best, same, lambda numbers: reranker.scores(text, map(now.text, numbers)))
    out = []
    for number, score in best[: max(k, 0)]:
        if score >= min_score:
            entry = entries[number]
            out.append((entry, score, snippet(now.text(number), terms)))
    return out, vector is not None


def _allowed(now: Generation, keep: Callable[[Entry], bool] | None) -> NDArray[Any] | None:
    if keep is None:
        return None  # what is gone is found by neither side
    import numpy as np

    allowed = np.fromiter((keep(entry) for entry in now.entries), bool, len(now.entries))
    return allowed if now.alive is None else allowed & now.alive


def _vector(now: Generation, model: LazyModel, text: str) -> NDArray[Any] | None:
    if not now.dim or not text.strip() or now.manifest.model != model.digest:
        return None
    embedder = model.embedder()
    if embedder is None or embedder.dim != now.dim:  # a damaged cache of vectors
        return None
    vector: NDArray[Any] = embedder.embed([essence(text)])[0]
    return vector


def _with(found: Candidates, more: list[int]) -> Candidates:
    """Return the candidates and those that are known to be the same error."""
    import numpy as np

    nothing = np.zeros(len(more))
    return replace(
        found,
        numbers=np.append(found.numbers, more),
        cover=np.append(found.cover, nothing),
        cosines=None if found.cosines is None else np.append(found.cosines, nothing),
        pairs=None if found.pairs is None else np.append(found.pairs, nothing),
    )
