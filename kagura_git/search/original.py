"""sentence-transformers itself, for models that cannot be exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kagura_git.search.export import load_original

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kagura_git.search.embed import Taken

_CHUNK: Final = 256


class OriginalEmbedder:
    """The embedder of a model's folder, by way of torch."""

    def __init__(self, folder: Path, digest: str) -> None:
        import torch

        self.digest = digest
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = load_original(str(folder), device)
        self.dim = int(self._model.get_sentence_embedding_dimension())

    def embed(self, texts: Sequence[str], taken: Taken | None = None) -> NDArray[Any]:
        """Return one L2-normalised float32 row per text; ``taken`` hears of them as they come."""
        import numpy as np

        out = np.empty((len(texts), self.dim), np.float32)
        # Long beside long: padding costs as much as text.
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        for start in range(0, len(order), _CHUNK):
            rows = order[start : start + _CHUNK]
            out[rows] = self._model.encode(
                [texts[row] for row in rows], normalize_embeddings=True, show_progress_bar=False
            )
            if taken:
                taken(rows, out[rows])
        return out
