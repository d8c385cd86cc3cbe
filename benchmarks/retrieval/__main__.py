"""Recall, MRR and nDCG with 95 % bootstrap intervals, each signal on and off.

    python -m benchmarks.retrieval --data FOLDER [--set NAME] [--queries 300]

Stores each set through the public API in a repository of its own and asks its
queries. The last column is the difference to words alone on the same queries.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

if not __package__:  # python benchmarks/retrieval
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import numpy as np

from benchmarks.retrieval import measures, sets
from benchmarks.retrieval.rankings import LEXICAL, SHIPPED, Ranker
from benchmarks.retrieval.store import stored


def main() -> int:
    """Print one table for each set."""
    given = options(__doc__)
    found = sets.folders(given.data, given.set)
    if not found:
        print(sets.MISSING.format(folder=given.data), file=sys.stderr)
        return 1
    for folder in found:
        _measure(sets.read(folder, given.queries), given)
    return 0


def options(said: str | None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        description=said, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--set", action="append", help="only this set (may be repeated)")
    parser.add_argument("--queries", type=int, default=0, help="take every n-th so that n remain")
    parser.add_argument("--model", help="another embedding model")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/kagura-bench"))
    return parser.parse_args()


def _measure(data: sets.Set, given: argparse.Namespace) -> None:
    rows: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    times = []
    with stored(data, given.cache, given.model) as (memory, keys):
        ranker = Ranker(memory)
        for query in data.queries:
            rankings = ranker.rankings(query.text)
            started = time.perf_counter()
            shipped = next(rankings)
            times.append(time.perf_counter() - started)
            for name, ids in (shipped, *rankings):
                rows[name].append(measures.of([keys[i] for i in ids], query.wanted))
    print(
        f"{len(data.queries)} queries, p50 {sorted(times)[len(times) // 2] * 1000:.1f} ms a search"
    )
    print(
        f"{'':24}" + "".join(f"{name:>9}" for name in measures.NAMES) + "   95 %        - lexical"
    )
    words = np.array(rows[LEXICAL])[:, 3]
    for name, values in rows.items():
        _line(name, np.array(values), words)
    kinds = np.array([query.kind for query in data.queries])
    for kind in sorted(set(kinds.tolist())):
        _line(f"  {kind}"[:24], np.array(rows[SHIPPED])[kinds == kind], words[kinds == kind])
    print(flush=True)


def _line(name: str, values: np.ndarray, words: np.ndarray) -> None:
    low, high = measures.interval(values[:, 3])
    less, more = measures.interval(values[:, 3] - words)
    means = "".join(f"{mean:9.3f}" for mean in values.mean(axis=0))
    print(f"{name:24}{means}   {low:.3f}-{high:.3f}  {less:+.3f} {more:+.3f}")


if __name__ == "__main__":
    sys.exit(main())
