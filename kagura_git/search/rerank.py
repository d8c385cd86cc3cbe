"""A second look at the first hits: a cross-encoder reads the query and a record together.

Optional, and off unless the user names a model. It sees what vectors made apart
cannot (Nogueira and Cho, "Passage Re-ranking with BERT", arXiv:1901.04085), and
costs a pass of the network for every record it looks at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kagura_git.errors import KaguraError, MissingExtra, NotFound
from kagura_git.search.export import refuse_foreign_code, silence
from kagura_git.search.model_files import ModelFolder, full_name, locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How many of the first hits it looks at.
DEPTH: Final = 20
# Rerankers read 512 word pieces at most, the query's among them.
_QUERY_LIMIT: Final = 1_000
_TEXT_LIMIT: Final = 2_000
_ORGANISATION: Final = "cross-encoder"


class LazyReranker:
    """A cross-encoder by name: looked up, and loaded, when first asked for. Never downloads.

    Args:
        model: a hub id, a name of the cross-encoder organisation, or a folder's path.
        cache_dir: the user's cache folder, where a model's digest is remembered.
    """

    def __init__(self, model: str, *, cache_dir: Path) -> None:
        self.model = reranker_name(model)
        self.cache_dir = cache_dir
        self.reason = ""
        self._folder: ModelFolder | None = None
        self._model: Any = None
        self._lock = threading.Lock()

    def at_hand(self) -> bool:
        """Tell whether the model is on this machine; if not, ``reason`` says what is missing."""
        with self._lock:
            if self._folder is None and not self.reason:
                try:
                    self._folder = _find(self.model, self.cache_dir)
                except KaguraError as error:
                    self.reason = str(error)
            return self._folder is not None

    def scores(self, query: str, texts: Iterable[str]) -> NDArray[Any] | None:
        """Return how well each text answers the query; None (and a ``reason``) without a model."""
        if not self.at_hand():
            return None
        with self._lock:
            try:
                if self._model is None and self._folder is not None:
                    self._model = _load(self._folder)
            except KaguraError as error:
                self.reason, self._folder = str(error), None
                return None
            pairs = [(query[:_QUERY_LIMIT], text[:_TEXT_LIMIT]) for text in texts]
            found: NDArray[Any] = self._model.predict(pairs, show_progress_bar=False)
            return found


def reranker_name(model: str) -> str:
    """Return a hub name with its organisation: cross-encoder unless another is given."""
    full = full_name(model)
    return full if full == model else f"{_ORGANISATION}/{model}"


def reordered(
    ranked: Sequence[tuple[int, float]],
    known: frozenset[int],
    score: Callable[[Sequence[int]], Iterable[float] | None],
) -> list[tuple[int, float]]:
    """Return documents and probabilities with the first ones put in a reranker's order.

    The probabilities stay with the places: a reranker's scores order the hits of one
    query, and are calibrated to nothing. What is known to be the same error stays first.
    """
    head = [number for number, _ in ranked[:DEPTH] if number not in known]
    scores = score(head) if len(head) > 1 else None
    if scores is None:
        return list(ranked)
    better = dict(zip(head, scores, strict=True))
    places = [place for place, (number, _) in enumerate(ranked[:DEPTH]) if number in better]
    out = list(ranked)
    for place, number in zip(places, sorted(head, key=lambda n: -better[n]), strict=True):
        out[place] = number, ranked[place][1]
    return out


def _find(model: str, cache_dir: Path) -> ModelFolder:
    if find_spec("sentence_transformers") is None:
        raise MissingExtra(
            "reranking needs sentence-transformers",
            hint='Install it: pip install "kagura-git[semantic]"',
        )
    found = locate(model, cache_dir=cache_dir)
    if found is None:
        raise NotFound(
            f"the reranker {model} is not on this machine",
            hint=f"The order stays as it is until then. Run: git kagura model pull {model}",
        )
    return found


def _load(folder: ModelFolder) -> Any:
    refuse_foreign_code(str(folder.path))
    silence()
    import torch
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(
            str(folder.path),
            device="cuda" if torch.cuda.is_available() else "cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except Exception as error:  # whatever the files hold, it is the library's own word for it
        raise KaguraError(
            f"the reranker does not load: {str(error).strip().splitlines()[0]}",
            hint="Name a cross-encoder in [search] reranker; its files may be damaged.",
            where=str(folder.path),
        ) from error
    if model.num_labels != 1:
        raise KaguraError(
            f"the reranker gives {model.num_labels} numbers for a pair, not one",
            hint="Name a cross-encoder that scores relevance, such as ms-marco-MiniLM-L6-v2.",
            where=folder.name,
        )
    return model
