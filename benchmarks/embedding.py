"""How fast are texts embedded, beside onnxruntime alone and sentence-transformers?

    python benchmarks/embedding.py [--texts 1000] [--runs 3]

The passages of the shipped corpus, with words replaced at random so that no two
are alike, embedded in turn by: onnxruntime alone (the same graph, its own
default options on all cores, word pieces prepared beforehand and not counted,
batches of 32 sorted by length: the limit of this machine); the index's
embedder, which also takes the texts apart; the whole path of a first refresh,
which also keeps every vector in the cache; sentence-transformers as a script
uses it. Best of the runs, in texts a second.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kagura_git.memory import cache_folder
from kagura_git.search.document import document
from kagura_git.search.embed import LazyModel
from kagura_git.search.export import load_original
from kagura_git.search.model_files import locate
from kagura_git.search.refresh import Known
from kagura_git.search.vectors import VectorCache, text_digest
from kagura_git.settings import DEFAULT_MODEL
from kagura_git.store.files import RecordFiles

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus"
BATCH = 32


def passages(count: int) -> list[str]:
    """Return that many different texts of the lengths that records have."""
    stored = RecordFiles(str(CORPUS)).read_all()
    base = [p for s in stored if s.record for p in document(s.record, s.path, "0").passages]
    vocabulary = sorted({word for text in base for word in text.split()})
    rng = random.Random(count)
    texts = []
    for number in range(count):
        words = base[number % len(base)].split(" ")
        texts.append(" ".join(w if rng.random() > 0.2 else rng.choice(vocabulary) for w in words))
    return texts


def alone(embedder: Any, texts: list[str]) -> Callable[[], None]:
    """Return what runs the graph over all texts, and nothing else."""
    import onnxruntime

    pieces = [e.ids for e in embedder._tokenizer.encode_batch(texts)]
    pieces.sort(key=len, reverse=True)
    batches = []
    for start in range(0, len(pieces), BATCH):
        some = pieces[start : start + BATCH]
        words = np.zeros((len(some), len(some[0])), np.int64)
        mask = np.zeros_like(words)
        for row, ids in enumerate(some):
            words[row, : len(ids)], mask[row, : len(ids)] = ids, 1
        batches.append({"input_ids": words, "attention_mask": mask})
    session = onnxruntime.InferenceSession(embedder._graph, providers=["CPUExecutionProvider"])

    def run() -> None:
        for batch in batches:
            session.run(None, batch)

    return run


def main() -> None:
    """Time the four ways in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    cache = cache_folder(os.environ)
    embedder: Any = LazyModel(DEFAULT_MODEL, cache_dir=cache).embedder()
    found = locate(DEFAULT_MODEL, cache_dir=cache)
    assert found is not None
    texts = passages(given.texts)
    sizes = [len(e.ids) for e in embedder._tokenizer.encode_batch(texts)]
    original = load_original(str(found.path))
    by_digest = {text_digest(text): text for text in texts}

    def refresh() -> None:
        with tempfile.TemporaryDirectory() as folder:
            Known(VectorCache(Path(folder) / "v"), "m").embed(by_digest, embedder, None)

    ways = {
        "onnxruntime alone": alone(embedder, texts),
        "embedder": lambda: embedder.embed(texts),
        "first refresh": refresh,
        "sentence-transformers": lambda: original.encode(texts, show_progress_bar=False),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(given.runs):
        for name, run in ways.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    limit = best["onnxruntime alone"]
    print(
        f"{len(texts):,} texts, {np.mean(sizes):.0f} word pieces on average, {max(sizes)} at most"
    )
    print(f"{'':<24}{'texts/s':>9}{'of the limit':>14}")
    for name, seconds in best.items():
        print(f"{name:<24}{len(texts) / seconds:>9.1f}{limit / seconds:>13.1%}")


if __name__ == "__main__":
    main()
