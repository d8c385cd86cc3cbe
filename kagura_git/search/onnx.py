"""Running an exported model: onnxruntime, tokenizers and numpy, nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kagura_git.search.embed import Taken

# A query of 18 word pieces on 4 cores: 5.2 ms with one thread, 2.9 with two, 2.1 with three.
# One core is left to whatever else runs: threads that wait for a busy one lose twice as much.
_QUERY_THREADS: Final = 4
_FEW: Final = 8
_BATCH: Final = 32
# Taken apart at a time: word pieces of a hundred thousand texts would take gigabytes.
_CHUNK: Final = 1_024
_CUDA: Final = ("CUDAExecutionProvider", {"use_tf32": "0"})


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
        opening = Thread(target=lambda: opened.append(_for_queries(self._graph)))
        opening.start()
        self._tokenizer = _tokenizer(folder, meta.max_seq_length)
        opening.join()
        # Nothing opened: open it again here, for its exception.
        self._session = opened[0] if opened else _for_queries(self._graph)

    def embed(self, texts: Sequence[str], taken: Taken | None = None) -> NDArray[Any]:
        """Return one L2-normalised float32 row per text; ``taken`` hears of them as they come."""
        import numpy as np

        out = np.empty((len(texts), self.dim), np.float32)
        # Opened for the occasion: its threads and buffers go when the work is done.
        session = self._session if len(texts) <= _FEW else _for_bulk(self._graph)
        # Long beside long: padding costs as much as text.
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        for start in range(0, len(order), _CHUNK):
            chunk = order[start : start + _CHUNK]
            found = self._tokenizer.encode_batch([texts[row] for row in chunk])
            ids = {row: one.ids for row, one in zip(chunk, found, strict=True)}
            chunk.sort(key=lambda row: -len(ids[row]))
            for first in range(0, len(chunk), _BATCH):
                rows = chunk[first : first + _BATCH]
                out[rows] = self._run(session, [ids[row] for row in rows])
                if taken:
                    taken(rows, out[rows])
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


def _for_queries(graph: str) -> Any:
    cores = os.cpu_count() or 1
    return _session(graph, min(_QUERY_THREADS, max(2, cores - 1), cores), [])


def _for_bulk(graph: str) -> Any:
    import onnxruntime

    offered = _CUDA[0] in onnxruntime.get_available_providers()
    return _session(graph, os.cpu_count() or 1, [_CUDA] if offered else [])


def _session(graph: str, threads: int, before: list[Any]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # It was optimised when it was exported.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    providers = [*before, "CPUExecutionProvider"]
    return onnxruntime.InferenceSession(graph, options, providers=providers)
