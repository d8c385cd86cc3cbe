"""sentence-transformers itself, for models that cannot be exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kagura_git.search.export import load_original

if TYPE_CHECKING:
    from numpy.typing import NDArray


class OriginalEmbedder:
    """The embedder of a model's folder, by way of torch."""

    def __init__(self, folder: Path, digest: str) -> None:
        self.digest = digest
        self._model = load_original(str(folder))
        self.dim = int(self._model.get_sentence_embedding_dimension())

    def embed(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[Any]:
        """Return one L2-normalised float32 row per text."""
        rows: NDArray[Any] = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False
        )
        if progress:
            progress(len(texts), len(texts))
        return rows.astype("float32")
