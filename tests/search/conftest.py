from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kagura_git.search import embed
from kagura_git.search.embed import HASH_MODEL, LazyModel
from kagura_git.search.index import SearchIndex
from kagura_git.search.vectors import VectorCache


class Embedding:
    """What the test embedder was asked for."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.opened = 0


@pytest.fixture
def embedding(monkeypatch: pytest.MonkeyPatch) -> Embedding:
    seen = Embedding()

    class Counting(embed.HashEmbedder):
        def __init__(self) -> None:
            seen.opened += 1

        def embed(self, texts: Any, progress: Any = None) -> Any:
            seen.texts.extend(texts)
            return super().embed(texts, progress)

    monkeypatch.setattr(embed, "HashEmbedder", Counting)
    return seen


@pytest.fixture
def make_index(tmp_path: Path) -> Callable[..., SearchIndex]:
    def make(folder: str = "worktree", model: str = HASH_MODEL) -> SearchIndex:
        cache = VectorCache(tmp_path / "common" / "vectors.db")
        return SearchIndex(tmp_path / folder, cache, LazyModel(model, cache_dir=tmp_path / "user"))

    return make


@pytest.fixture
def index(make_index: Callable[..., SearchIndex]) -> SearchIndex:
    return make_index()
