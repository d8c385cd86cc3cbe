"""Does a paraphrased question find its record? hit@1 and hit@5 over the shipped corpus.

Stores the corpus of tests/data through the public API in a temporary
repository and asks its paraphrased queries: over all kinds of records at once
(``search``), and errors alone (``search_errors``); by words alone for
comparison. ``oblique``: questions that name nothing by its usual word.
Usage: python benchmarks/quality.py [--misses]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from kagura_git import CodingMemory
from kagura_git.memory import SyncCodingMemory
from kagura_git.store.files import RecordFiles

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus"
Ask = Callable[[SyncCodingMemory, str], Sequence[str]]


def open_memory(top: Path, model: str | None = None) -> SyncCodingMemory:
    """Return the memory of a new repository that holds the whole corpus."""
    subprocess.run(["git", "init", "--quiet", str(top)], check=True)
    (top / ".kagura").mkdir()
    if model is not None:
        os.environ["KAGURA_SEARCH_MODEL"] = model
    memory = CodingMemory.sync(top)
    memory.record_many([s.record for s in RecordFiles(str(CORPUS)).read_all() if s.record])
    return memory


def queries(name: str) -> list[dict[str, list[str] | str]]:
    """Return paraphrased queries with the ids they should find."""
    text = (CORPUS / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def rate(
    memory: SyncCodingMemory, ask: Ask, asked: list[dict[str, list[str] | str]]
) -> tuple[float, float, list[str]]:
    """Return hit@1, hit@5 and a line for every query whose first hit is another record."""
    first = five = 0
    misses = []
    for item in asked:
        found = list(ask(memory, str(item["query"])))
        first += found[:1] != [] and found[0] in item["expect"]
        five += any(i in item["expect"] for i in found[:5])
        if not found or found[0] not in item["expect"]:
            rank = next((n for n, i in enumerate(found, 1) if i in item["expect"]), None)
            got = memory.recall(found[0]).title if found else "nothing"
            misses.append(f"  rank {rank}: {item['query']!r} -> {got}")
    return first / len(asked), five / len(asked), misses


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="list every query that missed")
    show = parser.parse_args().misses
    asked, oblique = queries("queries.jsonl"), queries("queries-oblique.jsonl")
    errors = [item for item in asked if all(i.startswith("E-") for i in item["expect"])]

    def everything(memory: SyncCodingMemory, query: str) -> list[str]:
        return [hit.id for hit in memory.search(query, 5)]

    def errors_only(memory: SyncCodingMemory, query: str) -> list[str]:
        return [hit.id for hit in memory.search_errors(query, 5)]

    chosen = os.environ.get("KAGURA_SEARCH_MODEL")
    print(f"{'ranking':<10} {'asked':<22} {'queries':>7} {'hit@1':>7} {'hit@5':>7}")
    for model in (chosen, "/nowhere"):
        with tempfile.TemporaryDirectory() as folder:
            memory = open_memory(Path(folder, "repo"), model)
            ranking = memory.find(str(asked[0]["query"])).ranking
            for name, ask, some in (
                ("search, all kinds", everything, asked),
                ("search_errors", errors_only, errors),
                ("search, oblique", everything, oblique),
            ):
                one, five, misses = rate(memory, ask, some)
                print(f"{ranking:<10} {name:<22} {len(some):>7} {one:>7.3f} {five:>7.3f}")
                if show and model == chosen:
                    print("\n".join(misses))


if __name__ == "__main__":
    main()
