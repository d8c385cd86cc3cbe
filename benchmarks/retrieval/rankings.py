"""One query ranked every way: as shipped, by one side alone, and with a signal switched off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kagura_git.memory import SyncCodingMemory
from kagura_git.search import generation
from kagura_git.search.adjacent import with_pairs
from kagura_git.search.candidates import candidates
from kagura_git.search.fuse import Candidates, fused
from kagura_git.search.generation import Generation
from kagura_git.search.passages import clean, essence
from kagura_git.search.tokens import tokens

SHIPPED = "search"
LEXICAL = "lexical"


class Ranker:
    """Ranks queries over one memory's index."""

    def __init__(self, memory: SyncCodingMemory) -> None:
        self.memory = memory
        index = memory.recaller.index
        now = generation.load(index.folder)
        assert now is not None
        self.now: Generation = now
        self._last: tuple[str | None, Any] = None, None
        self.embedder = index.model.embedder() if now.dim else None

    def found(self, query: str, *, repeated: bool = True) -> Candidates:
        """Return the candidates of a query; ``repeated``: repeated words count more."""
        text = clean(query)
        terms = tokens(text) if repeated else list(dict.fromkeys(tokens(text)))
        vector = self._vector(essence(text))
        return with_pairs(
            candidates(self.now, self.now.words.scores(terms), vector, None), self.now, text
        )

    def _vector(self, text: str) -> Any:
        if text != self._last[0] and self.embedder:
            self._last = text, self.embedder.embed([text])[0]
        return self._last[1]

    def rankings(self, query: str) -> Iterator[tuple[str, list[str]]]:
        """Yield the name of each ranking with the ids of its first ten."""
        yield SHIPPED, [hit.id for hit in self.memory.search(query, 10)]
        found, once = self.found(query), self.found(query, repeated=False)
        plain = replace(once, pairs=None)
        yield LEXICAL, self._ids(once, once.cover)
        if found.cosines is None:
            return
        yield "dense", self._ids(found, found.cosines)
        yield "plain min-max .5", self._ids(plain, fused(plain, 0.5))
        yield "- neighbouring words", self._ids(found, fused(replace(found, pairs=None)))
        yield "- repeated words", self._ids(once, fused(once))
        yield "- weight by question", self._ids(found, fused(found, 0.5))

    def _ids(self, found: Candidates, scores: Any) -> list[str]:
        entries = self.now.entries
        best = (-scores).argsort(kind="stable")[:10]
        return [entries[int(found.numbers[place])].id for place in best]
