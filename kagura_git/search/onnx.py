"""Running an exported model: onnxruntime, tokenizers and numpy, nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from numpy.typing import NDArray

# One query gains little beyond two threads, and a busy machine loses.
_QUERY_THREADS: Final = 2
_FEW: Final = 8
_BATCH: Final = 32


class _Meta(msgspec.Struct):
    dim: int
    max_seq_length: int
    pad: int


class OnnxEmbedder:
    """The embedder of an exported model.

    Args:
        folder: graph, tokenizer and description, as ``export`` writes them.
        digest: the model's.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        self.digest = digest
        self._graph = str(folder / "model.onnx")
        meta = msgspec.json.decode((folder / "meta.json").read_bytes(), type=_Meta)
        self.dim = meta.dim
        self._pad = meta.pad
        # Side by side: 60 ms in C++ for the graph, 25 ms in Rust for the vocabulary.
        # (A bare thread: concurrent.futures would cost 8 ms of what this gains.)
        opened: list[Any] = []
        opening = Thread(target=lambda: opened.append(_session(self._graph, _QUERY_THREADS)))
        opening.start()
        self._tokenizer = _tokenizer(folder, meta.max_seq_length)
        opening.join()
        # Nothing opened: open it again here, for its exception.
        self._session = opened[0] if opened else _session(self._graph, _QUERY_THREADS)

    def embed(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[Any]:
        """Return one L2-normalised float32 row per text."""
        import numpy as np

        ids = [self._tokenizer.encode(text).ids for text in texts]
        out = np.empty((len(texts), self.dim), np.float32)
        session = self._session
        if len(texts) > _FEW:
            # Opened for the occasion: its threads and buffers go when the work is done.
            session = _session(self._graph, os.cpu_count() or 1)
        order = sorted(range(len(ids)), key=lambda row: -len(ids[row]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            out[rows] = self._run(session, [ids[row] for row in rows])
            if progress:
                progress(start + len(rows), len(order))
        return out

    def _run(self, session: Any, ids: Sequence[Sequence[int]]) -> NDArray[Any]:
        import numpy as np

        words = np.full((len(ids), max(map(len, ids))), self._pad, np.int64)
        mask = np.zeros_like(words)
        for row, some in enumerate(ids):
            words[row, : len(some)] = some
            mask[row, : len(some)] = 1
        vectors: NDArray[Any] = session.run(None, {"input_ids": words, "attention_mask": mask})[0]
        return vectors


def _tokenizer(folder: Path, longest: int) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    # Such files may carry a fixed padding (MiniLM's: 128), ten times the work for a query.
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def _session(graph: str, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(threads, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # It was optimised when it was exported.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
