"""What a search costs as the memory grows: build, refresh, query, memory; beside plain FAISS.

    python benchmarks/search.py [--sizes 1000,10000,100000,1000000]

The index alone, driven as the program drives it. Each size runs in a process of
its own. Records are the shipped corpus with words replaced at random, two
passages each; their vectors are those of real passages, turned a little at
random, and lie in the cache beforehand, so that building does not wait for the
model: how fast that is is measured by ``benchmarks/embedding.py``. Queries are
the 109 questions of the shipped corpus, embedded for real, and as many of its
stack traces.

``branch`` is a switch to a branch without a tenth of the records and back: the
refresh, and the first query after it beside the median of the others.
``found of 10 nearest`` compares the index of vectors with an exact one.

Beside it: the same vectors in a plain ``IndexFlatIP`` of
faiss, asked with a vector from sentence-transformers, as a script would.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kagura_git.memory import cache_folder
from kagura_git.search import candidates, near, query
from kagura_git.search.document import Document, document
from kagura_git.search.embed import LazyModel
from kagura_git.search.index import SearchIndex
from kagura_git.search.model_files import locate
from kagura_git.search.original import OriginalEmbedder
from kagura_git.search.vectors import VectorCache, text_digest
from kagura_git.settings import DEFAULT_MODEL
from kagura_git.store.files import RecordFiles

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus"
QUERIES = ("queries.jsonl", "queries-oblique.jsonl")
TURN = 0.35  # how far a vector is turned, against its length


class Stopwatch:
    """Times the parts of a query by wrapping the functions that do them."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add what passes inside to a part."""
        start = time.perf_counter()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - start

    def wrap(self, owner: Any, name: str, part: str) -> None:
        """Time every call of a function."""
        inner: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(part):
                return inner(*args, **kwargs)

        setattr(owner, name, timed)


def shipped() -> list[Document]:
    """Return the documents of the shipped corpus."""
    stored = RecordFiles(str(CORPUS)).read_all()
    return [document(s.record, s.path, "0") for s in stored if s.record is not None]


def varied(count: int, base: list[Document], rng: random.Random) -> Iterator[Document]:
    """Yield documents made of the base's, each with a third of its words replaced."""
    vocabulary = sorted({word for item in base for word in item.words.split()})
    lines = [item.words.split() for item in base]
    for number in range(count):
        item = base[number % len(base)]
        words = lines[number % len(base)]
        words = [w if rng.random() > 0.33 else rng.choice(vocabulary) for w in words[:120]]
        text = " ".join(words)
        yield Document(
            key=f".kagura/{item.kind}s/{number:07}.yaml", digest=f"{number:040x}",
            id=f"{item.id[:2]}{number:08}", kind=item.kind, title=text[:60], words=text,
            passages=(f"{number} {text[:400]}", f"{number} again"), body=text,
            created_at=item.created_at, tags=item.tags, files=item.files,
            resolved=item.resolved, status=item.status, fingerprint=f"2-{number:024x}{number:08x}",
            author=item.author,
        )  # fmt: skip


def turned(real: Any, count: int, rng: np.random.Generator) -> Any:
    """Return unit vectors: real ones, each turned a little at random."""
    out = np.empty((count, real.shape[1]), np.float32)
    for start in range(0, count, 100_000):
        rows = real[np.arange(start, min(start + 100_000, count)) % len(real)]
        noise = rng.standard_normal(rows.shape, np.float32) * (TURN / np.sqrt(rows.shape[1]))
        rows = rows + noise
        out[start : start + len(rows)] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return out


def resident() -> float:
    """Return this process's resident memory in MiB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def one_size(count: int) -> dict[str, Any]:
    """Measure one size in this process."""
    rng = random.Random(count)
    model = LazyModel(DEFAULT_MODEL, cache_dir=cache_folder(os.environ))
    embedder = model.embedder()
    assert embedder is not None, model.reason
    base = shipped()
    real = embedder.embed([p for item in base for p in item.passages[:2]])
    with tempfile.TemporaryDirectory() as folder:
        out = _filled(Path(folder), count, rng, model, base, real)
        for part in ("--ask", "--plain"):
            args = [sys.executable, __file__, part, folder]
            done = subprocess.run(args, check=True, stdout=subprocess.PIPE, text=True)
            out.update(json.loads(done.stdout.splitlines()[-1]))
        return out


def _filled(
    folder: Path, count: int, rng: random.Random, model: LazyModel, base: list[Document], real: Any
) -> dict[str, Any]:
    """Build the index of that many records, change it, and switch branches."""
    digest = model.digest
    assert digest
    out: dict[str, Any] = {"records": count}
    cache = VectorCache(folder / "vectors.sqlite")
    held = {item.key: item for item in varied(count, base, rng)}
    fresh = {item.key: item for item in varied(count // 100, base, random.Random(count + 1))}
    fresh = {k: _renewed(item) for k, item in fresh.items()}
    texts = [p for item in (*held.values(), *fresh.values()) for p in item.passages]
    vectors = turned(real, len(texts), np.random.default_rng(count))
    for start in range(0, len(texts), 50_000):
        stretch = range(start, min(start + 50_000, len(texts)))
        cache.put_many(digest, {text_digest(texts[i]): vectors[i].tobytes() for i in stretch})
    np.save(folder / "rows.npy", vectors)
    first = vectors[0].tobytes()
    del texts, vectors
    index = SearchIndex(folder / "index", cache, model)
    listing = {key: item.digest for key, item in held.items()}
    with _timer(out, "build s"):
        index.refresh(listing, partial(_loaded, held))
    out["size MiB"] = sum(f.stat().st_size for f in (folder / "index").iterdir()) / 2**20
    index.search("nothing in particular")
    changed = {**held, **fresh}
    listing = {key: item.digest for key, item in changed.items()}
    with _timer(out, "refresh 1 % s"):
        index.refresh(listing, partial(_loaded, changed))
    one = _renewed(next(varied(1, base, random.Random(7))), "one")
    cache.put_many(digest, {text_digest(p): first for p in one.passages})
    listing = {**listing, one.key: one.digest}
    with _timer(out, "one more s"):
        index.refresh(listing, lambda keys: [one])
    changed[one.key] = one
    asked = questions()
    for text in asked[:20]:
        index.search(text)
    _branch(out, index, listing, changed, asked)
    return out


def asked_anew(folder: Path) -> dict[str, Any]:
    """Measure the queries to an index, in a process that did not build it."""
    out: dict[str, Any] = {}
    model = LazyModel(DEFAULT_MODEL, cache_dir=cache_folder(os.environ))
    index = SearchIndex(folder / "index", VectorCache(folder / "vectors.sqlite"), model)
    asked, pasted = questions(), traces()
    with _timer(out, "open s"):
        index.search("nothing in particular")
    _queries(out, index, asked)
    out["trace p50 ms"] = statistics.median(_times(index, pasted))
    out["resident MiB"] = resident()
    out["found of 10 nearest"] = _recall(index, asked, model)
    return out


def _loaded(held: dict[str, Document], keys: list[str]) -> list[Document]:
    return [held[key] for key in keys]


def _branch(
    out: dict[str, Any],
    index: SearchIndex,
    listing: dict[str, str],
    changed: dict[str, Document],
    asked: list[str],
) -> None:
    away = {key: digest for i, (key, digest) in enumerate(listing.items()) if i % 10}
    refreshed, first = [], []
    for there in (away, dict(listing), dict(away), listing):
        with _timer(out, "branch refresh s"):
            index.refresh(there, partial(_loaded, changed))
        refreshed.append(out["branch refresh s"])
        first.append(_times(index, asked[:1])[0])
    out["branch refresh s"] = statistics.median(refreshed)
    out["branch first ms"] = statistics.median(first)


def _queries(out: dict[str, Any], index: SearchIndex, asked: list[str]) -> None:
    for text in asked:  # what they need is in memory from here on
        index.search(text)
    spent = _times(index, asked)
    out["query p50 ms"] = statistics.median(spent)
    out["query p99 ms"] = sorted(spent)[int(len(spent) * 0.99)]
    watch = Stopwatch()
    watch.wrap(query, "_vector", "embed")
    watch.wrap(query, "candidates", "words and vectors")
    watch.wrap(candidates, "_nearest", "vectors")
    spent = _times(index, asked)
    parts = {name: value * 1000 / len(asked) for name, value in watch.spent.items()}
    out["  embed ms"] = parts["embed"]
    out["  vectors ms"] = parts["vectors"]
    out["  words ms"] = parts["words and vectors"] - parts["vectors"]
    out["  rest ms"] = statistics.mean(spent) - parts["embed"] - parts["words and vectors"]


def _times(index: SearchIndex, asked: list[str]) -> list[float]:
    spent = []
    for text in asked:
        start = time.perf_counter()
        index.search(text)
        spent.append((time.perf_counter() - start) * 1000)
    return spent


def _recall(index: SearchIndex, asked: list[str], model: LazyModel) -> float:
    """Return how many of the ten nearest passages of a query the index finds."""
    now, embedder = index._current(), model.embedder()
    assert now is not None
    assert embedder is not None
    held = total = 0
    for part in now.segments:
        for text in asked if len(part.entries) > 100 else ():
            vector = embedder.embed([text])[0]
            found = near.search(part.nearest, vector, 300, None)[1].tolist()
            assert part.vectors is not None
            exact = np.argpartition(part.vectors @ vector, -10)[-10:].tolist()
            held, total = held + len(set(exact) & set(found)), total + 10
    return held / total


def plain(folder: Path) -> dict[str, float]:
    """Time what a script does: sentence-transformers for the query, a flat faiss index."""
    import faiss

    found = locate(DEFAULT_MODEL, cache_dir=cache_folder(os.environ))
    assert found is not None
    encoder = OriginalEmbedder(found.path, found.digest)
    vectors = np.load(folder / "rows.npy", mmap_mode="r")
    flat = faiss.IndexFlatIP(vectors.shape[1])
    for start in range(0, len(vectors), 100_000):
        flat.add(np.array(vectors[start : start + 100_000]))
    asked = questions()
    encoder.embed(asked[:3])
    encode, search = [], []
    for text in asked:
        start_at = time.perf_counter()
        vector = encoder.embed([text])
        middle = time.perf_counter()
        flat.search(vector, 10)
        encode.append((middle - start_at) * 1000)
        search.append((time.perf_counter() - middle) * 1000)
    return {
        "plain embed ms": statistics.median(encode),
        "plain faiss ms": statistics.median(search),
        "plain resident MiB": resident(),
    }


def _renewed(item: Document, mark: str = "new") -> Document:
    from dataclasses import replace

    return replace(
        item, key=f"{item.key}.{mark}", digest=f"{mark}{item.digest}", id=f"{item.id}{mark[0]}",
        passages=tuple(f"{mark} {p}" for p in item.passages),
    )  # fmt: skip


def questions() -> list[str]:
    """Return the shipped corpus's questions."""
    lines = [line for name in QUERIES for line in (CORPUS / name).read_text("utf-8").splitlines()]
    return [json.loads(line)["query"] for line in lines]


def traces() -> list[str]:
    """Return the shipped corpus's stack traces."""
    stored = RecordFiles(str(CORPUS)).read_all()
    return [s.record.stack_trace for s in stored if getattr(s.record, "stack_trace", "")]  # type: ignore[union-attr]


@contextmanager
def _timer(out: dict[str, Any], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    out[name] = time.perf_counter() - start


def main() -> None:
    """Run each size in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--plain", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask or given.plain:
        print(json.dumps(asked_anew(given.ask) if given.ask else plain(given.plain)))
        return
    if given.one:
        print(json.dumps(one_size(given.one)))
        return
    rows = []
    for size in given.sizes.split(","):
        args = [sys.executable, __file__, "--one", size]
        done = subprocess.run(args, check=True, stdout=subprocess.PIPE, text=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(f"{int(size):,} done", file=sys.stderr)
    for name in rows[0]:
        print(f"{name:<20}" + "".join(_cell(name, row[name]) for row in rows))


def _cell(name: str, value: float) -> str:
    places = 0 if name == "records" else 3 if name.endswith((" s", "nearest")) else 1
    return f"{value:>12,.{places}f}"


if __name__ == "__main__":
    main()
