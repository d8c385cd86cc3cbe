"""How well search finds: Recall, MRR and nDCG on public sets of traces, bugs and decisions.

    python benchmarks/retrieval.py --data FOLDER [--set bip_traces] [--queries 300]

Each set is a folder in BEIR's form: corpus.jsonl, queries.jsonl, qrels.tsv. The
sets are for measuring only and are no part of this repository.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kagura_git.model.records import AnyRecord, Decision, Error
from kagura_git.search import generation
from kagura_git.search.candidates import Candidates, candidates
from kagura_git.search.document import Document, document
from kagura_git.search.embed import LazyModel
from kagura_git.search.fuse import fused
from kagura_git.search.index import SearchIndex
from kagura_git.search.passages import essence
from kagura_git.search.tokens import tokens
from kagura_git.search.vectors import VectorCache

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
Ranker = Callable[[Candidates], Any]


def main() -> int:
    """Print one table for each set."""
    options = _options()
    folders = sorted(path for path in options.data.glob("*/") if (path / "qrels.tsv").is_file())
    folders = [path for path in folders if not options.set or path.name in options.set]
    if not folders:
        print(f"no data set (a folder with qrels.tsv) in {options.data}", file=sys.stderr)
        return 1
    for folder in folders:
        _measure(folder, options)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--set", action="append", help="only this set (may be repeated)")
    parser.add_argument("--queries", type=int, default=0, help="take every n-th so that n remain")
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/kagura-bench"))
    return parser.parse_args()


def _measure(folder: Path, options: argparse.Namespace) -> None:
    model = LazyModel(options.model, cache_dir=options.cache)
    work = options.cache / folder.name
    index = SearchIndex(work, VectorCache(work / "vectors.db"), model)
    documents = {item.key: item for item in _corpus(folder)}
    listing = {item.key: item.digest for item in documents.values()}
    started = time.perf_counter()
    report = index.refresh(listing, lambda keys: [documents[key] for key in keys], _progress)
    took = time.perf_counter() - started
    print(f"\n{folder.name}: {report} in {took:.1f} s")
    rankers: dict[str, Ranker] = {"lexical": lambda c: c.cover}
    if report.vectors:
        rankers |= {"dense": lambda c: c.cosines, "fused": fused}
    _table(folder, options, index, rankers)


def _progress(done: int, total: int) -> None:
    print(f"\r{done}/{total} texts embedded", end="", file=sys.stderr, flush=True)


def _table(
    folder: Path, options: argparse.Namespace, index: SearchIndex, rankers: dict[str, Ranker]
) -> None:
    wanted = _judgements(folder)
    asked = [q for q in _lines(folder / "queries.jsonl") if q["_id"] in wanted]
    if options.queries:
        asked = asked[:: max(1, len(asked) // options.queries)]
    rankings: dict[str, list[tuple[str, list[str], set[str]]]] = defaultdict(list)
    times = []
    now = generation.load(index.folder)
    assert now is not None
    embedder = index.model.embedder()
    for query in asked:
        good = wanted[query["_id"]]
        text = query["text"]
        started = time.perf_counter()
        hits = index.search(text, 10).hits
        times.append(time.perf_counter() - started)
        rankings["search"].append((query["kind"], [hit.entry.key for hit in hits], good))
        vector = embedder.embed([essence(text)])[0] if embedder else None
        found = candidates(now, tokens(text), vector, None)
        for name, ranker in rankers.items():
            order = (-ranker(found)).argsort(kind="stable")[:10]
            keys = [now.manifest.entries[int(found.numbers[i])].key for i in order]
            rankings[name].append((query["kind"], keys, good))
    times.sort()
    print(f"{len(asked)} queries, p50 {times[len(times) // 2] * 1000:.1f} ms a search")
    print(f"{'':24}{'R@1':>8}{'R@5':>8}{'MRR@10':>8}{'nDCG@10':>8}")
    for name, rows in rankings.items():
        _line(name, rows)
    for kind in sorted({kind for kind, _, _ in rankings["search"]}):
        _line(f"  search {kind}"[:24], [row for row in rankings["search"] if row[0] == kind])


def _line(name: str, rows: list[tuple[str, list[str], set[str]]]) -> None:
    sums = [0.0] * 4
    for _, keys, good in rows:
        ranks = [rank for rank, key in enumerate(keys[:10], 1) if key in good]
        ideal = sum(1 / math.log2(i + 1) for i in range(1, min(10, len(good)) + 1))
        sums[0] += sum(rank == 1 for rank in ranks) / len(good)
        sums[1] += sum(rank <= 5 for rank in ranks) / len(good)
        sums[2] += 1 / ranks[0] if ranks else 0.0
        sums[3] += sum(1 / math.log2(rank + 1) for rank in ranks) / ideal
    print(f"{name:24}" + "".join(f"{value / len(rows):8.3f}" for value in sums))


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _judgements(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, key, score = line.split("\t")
        if float(score) > 0:
            found[query].add(key)
    return found


def _corpus(folder: Path) -> Iterator[Document]:
    for line in _lines(folder / "corpus.jsonl"):
        yield document(_record(folder.name, line), line["_id"], "1")


def _record(name: str, line: dict[str, Any]) -> AnyRecord:
    common: dict[str, Any] = {"author": "bench", "created_at": LONG_AGO}
    title = line.get("title") or line["_id"]
    if name == "bip_traces":
        meta = line["meta"]
        return Error(
            id="E-00000000",
            error_type=meta["type"],
            message=meta["message"],
            stack_trace=line["text"],
            **common,
        )
    if name == "nova_bugs":
        return Error(
            id="E-00000000", error_type="Bug", message=f"{title}\n{line['text']}", **common
        )
    return Decision(id="D-00000000", decision=title, rationale=line["text"], **common)


if __name__ == "__main__":
    sys.exit(main())
