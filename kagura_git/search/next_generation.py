"""From one generation of the index to the next: what stays, what is written, what is embedded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from kagura_git.search import layers
from kagura_git.search.embed import LazyModel, Progress
from kagura_git.search.generation import Generation
from kagura_git.search.refresh import (
    Changes,
    Known,
    Load,
    Source,
    carried,
    changes,
    has_vectors,
    vector_rows,
)
from kagura_git.search.vectors import VectorCache, split
from kagura_git.search.writing import Built, build


def following(
    old: Generation | None,
    listing: Mapping[str, str],
    changed: Sequence[str],
    removed: Sequence[str],
    load: Load,
    *,
    cache: VectorCache,
    model: LazyModel,
    progress: Progress | None,
    waiting: bool,
) -> tuple[Built, int]:
    """Return the generation that follows, not yet written, and how many texts were embedded.

    Args:
        changed: the keys that are new or hold something else.
        removed: the keys that are gone.
        waiting: somebody waits for an answer, see :func:`layers.kept`.
    """
    digest = model.digest
    known = Known(cache, digest) if digest else None
    usable = None
    if old is not None and known and old.manifest.model != digest:
        usable = partial(has_vectors, known=known)
        known.look(d for entry in old.entries for d in split(entry.passages))
        unseen = [e.key for _, e in old.live() if e.key in listing and not usable(e)]
        changed = sorted({*changed, *unseen})
    made = changes(listing, changed, removed, old, load, usable)
    keep = 0
    if old is not None and old.manifest.model == digest:
        keep = layers.kept(old, made, waiting=waiting)
    coming = _coming(old, keep, made)
    vectors, embedded = None, 0
    if known and coming:
        vectors, embedded = vector_rows(coming, old, known, model, progress)
        if keep and vectors is None:
            # The model cannot be loaded after all: then none of it is searched by meaning.
            keep, coming = 0, _coming(old, 0, made)
    searched = vectors is not None or (keep > 0 and not coming)
    kept = old.segments[:keep] if old else []
    name = (model.model, digest if searched else None)
    return build(kept, coming, made, old, vectors, name), embedded


def _coming(old: Generation | None, keep: int, made: Changes) -> list[Source]:
    carried_on = carried(old, keep, made) if old else []
    return sorted([*carried_on, *made.coming], key=lambda source: source.entry.key)
