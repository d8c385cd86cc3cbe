"""kagura-git beside other memories: the same records, the same questions, one run.

    python benchmarks/peers.py [--part quality|cost] [--sizes 1000,10000] [--only NAME]
                               [--cores 0,1] [--work FOLDER] [--python312 PYTHON]
                               [--patience 300]

chromadb, basic-memory, mem0 and the reference memory server of MCP, each installed
from its registry into a folder of its own under --work, with its telemetry off and
without a language model. What cannot be installed is named with its reason. All
use the network all-MiniLM-L6-v2, from this machine. Each is driven the way it is
used: libraries in process, servers over stdio.

1. The corpus of tests/data: 155 errors and 60 decisions, 82 paraphrased queries and
   27 oblique ones, over everything that is stored.
2. The corpus with words replaced until there are so many records: storing all of
   them until they can be found; one more until it is found; 200 different queries
   to a process that is warm; a new process until its first answer; bytes on disk;
   resident memory after the queries. Models and programs do not count as disk.
   ``others``: how many processors somebody else kept busy meanwhile. Where that is
   not 0, --cores keeps away from them: torch waits for its slowest thread.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # beside it lies an mcp.py of ours

from benchmarks.beside import texts
from benchmarks.beside.libraries import Chroma, ChromaTransformers, Mem0
from benchmarks.beside.memory import Memory
from benchmarks.beside.ours import Kagura, KaguraServer
from benchmarks.beside.servers import BasicMemory, BasicMemoryVectors, Reference, ReferenceByWord
from benchmarks.beside.wire import Failed
from kagura_git.model.records import AnyRecord

QUERIES, ADDED, WARM = 200, 5, 10
ENOUGH = 90.0  # seconds of queries: who is slower than that is asked fewer
UNSEEN = 30.0  # seconds until a new record is given up
COLUMNS = (
    "build s", "one more ms", "p50 ms", "p99 ms", "cold s", "disk MiB", "memory MiB", "others",
)  # fmt: skip


@dataclass
class Row:
    """What was found out about one memory at one size."""

    cells: dict[str, float] = field(default_factory=dict)
    said: str = ""


def main() -> None:
    """Print who takes part, the quality, and one table for each size."""
    given = options()
    if given.cores:
        os.sched_setaffinity(0, given.cores)
    given.work.mkdir(parents=True, exist_ok=True)
    memories = [m for m in all_of(given.work, given.python312) if given.only in m.name]
    ready = [memory for memory in memories if installed(memory)]
    slow: dict[str, tuple[int, float]] = {}
    if given.part != "cost":
        print(f"\n{'215 records, the corpus':<30} {'82 paraphrased':>17} {'27 oblique':>17}")
        print(f"{'':<30} {'hit@1':>8} {'hit@5':>8} {'hit@1':>8} {'hit@5':>8}")
        for memory in ready:
            quality(memory, given.work, slow)
    for size in given.sizes if given.part != "quality" else []:
        head = " ".join(f"{name:>11}" for name in COLUMNS)
        print(f"\n{f'{size:,} records':<30} {head}", flush=True)
        records = texts.many(size)
        for memory in ready:
            show(memory.name, measured(memory, records, given, slow))


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--part", choices=("quality", "cost"), help="only one of the two")
    parser.add_argument("--sizes", default=[1000, 10_000], type=_sizes)
    parser.add_argument("--only", default="", help="memories whose name contains this")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "kagura-peers"))
    parser.add_argument("--python312", help="a Python of 3.12 or later, for basic-memory")
    parser.add_argument("--cores", type=_cores, help="use only these processors, such as 0,1")
    parser.add_argument("--patience", type=float, default=300, help="seconds to store all, at most")
    return parser.parse_args()


def all_of(work: Path, python312: str | None) -> list[Memory]:
    """Return the memories, in the order of the table."""
    return [
        Kagura(work), KaguraServer(work), Chroma(work), ChromaTransformers(work),
        BasicMemory(work, python312), BasicMemoryVectors(work, python312),
        Mem0(work), Reference(work), ReferenceByWord(work),
    ]  # fmt: skip


def _cores(given: str) -> set[int]:
    return {int(core) for core in given.split(",")}


def _sizes(given: str) -> list[int]:
    return [int(size) for size in given.split(",") if size]


def installed(memory: Memory) -> bool:
    """Install a memory and say which one it is, or why it takes no part."""
    try:
        memory.install()
    except Failed as reason:
        print(f"{memory.name:<30} not compared: {reason}", flush=True)
        return False
    print(f"{memory.name:<30} {memory.about}", flush=True)
    return True


def quality(memory: Memory, work: Path, slow: dict[str, tuple[int, float]]) -> None:
    """Print the share of queries whose record is the first, or among the first five."""
    folder = work / "built"
    records = texts.shipped()
    cells = []
    try:
        slow[memory.name] = len(records), built(memory, folder, records, 900)
        memory.open(folder)
        try:
            for name in ("queries.jsonl", "queries-oblique.jsonl"):
                asked = texts.queries(name)
                found = [memory.find(query.text)[0] for query in asked]
                for most in (1, 5):
                    hits = (
                        not set(query.expect).isdisjoint(ids[:most])
                        for query, ids in zip(asked, found, strict=True)
                    )
                    cells.append(f"{sum(hits) / len(asked):>8.3f}")
        finally:
            memory.wire.close()
    except Failed as reason:
        cells.append(str(reason))
    print(f"{memory.name:<30} {' '.join(cells)}", flush=True)


def measured(
    memory: Memory, records: list[AnyRecord], given: argparse.Namespace,
    slow: dict[str, tuple[int, float]],
) -> Row:  # fmt: skip
    """Build one memory and measure it."""
    row = Row()
    folder = given.work / "built"
    before = busy()
    try:
        count, seconds = slow.get(memory.name, (1, 0.0))
        expected = seconds / count * len(records)
        if expected > given.patience * 1.5:
            said = f"storing all would take {expected / 60:.0f} min"
            raise Failed(f"{said}, judged by {count:,} records")
        seconds = built(memory, folder, records, given.patience * 2)
        slow[memory.name] = len(records), seconds
        if seconds:
            row.cells["build s"] = seconds
        row.cells["cold s"] = statistics.median(cold(memory, folder) for _ in range(3))
        memory.open(folder)
        try:
            warm(memory, texts.questions(QUERIES + WARM, records), row)
            row.cells["memory MiB"] = memory.wire.memory()
            row.cells["disk MiB"] = size_of(folder / "store")
            row.cells["one more ms"] = more(memory)
        finally:
            memory.wire.close()
        (there, here, since), (others, ours, now) = before, busy()
        row.cells["others"] = max(0.0, others - there - (ours - here)) / (now - since)
    except Failed as reason:
        row.said = str(reason)
    return row


def busy() -> tuple[float, float, float]:
    """Return the seconds that processors worked for anybody, for us, and the time."""
    user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
    spent = os.times()
    ours = spent.user + spent.system + spent.children_user + spent.children_system
    return (user + nice + system) / os.sysconf("SC_CLK_TCK"), ours, time.monotonic()


def built(memory: Memory, folder: Path, records: list[AnyRecord], patience: float) -> float:
    """Build a memory's store and return the seconds; 0 for one that uses the store before it."""
    mark = folder / "complete"
    said = f"{len(records)} {memory.name.split(',')[0]}"
    if memory.shared:
        if not mark.is_file() or mark.read_text() != said:
            raise Failed("what it would use was not stored")
        return 0.0
    seconds = memory.build(emptied(folder), records, patience)
    mark.write_text(said)
    return seconds


def cold(memory: Memory, folder: Path) -> float:
    """Return the seconds from the start of a process to its first answer."""
    start = time.perf_counter()
    memory.open(folder)
    try:
        memory.find("comparing timestamps with and without a time zone")
        return time.perf_counter() - start
    finally:
        memory.wire.close()


def warm(memory: Memory, asked: list[str], row: Row) -> None:
    """Ask the queries, after a few that are not counted."""
    for query in asked[:WARM]:
        memory.find(query)
    spent: list[float] = []
    for query in asked[WARM:]:
        spent.append(memory.find(query)[1] * 1000)
        if sum(spent) > ENOUGH * 1000:
            row.said = f"{len(spent)} queries"
            break
    spent.sort()
    row.cells["p50 ms"] = statistics.median(spent)
    row.cells["p99 ms"] = spent[int(len(spent) * 0.99)]


def more(memory: Memory) -> float:
    """Return the milliseconds until one more record is among the first five, p50."""
    spent = []
    # Memories that share a store are not to be given the same records.
    for record in texts.fresh(ADDED, 7 + memory.shared):
        query = texts.title(record)
        start = time.perf_counter()
        mark = memory.add(record)
        while mark not in memory.find(query)[0]:
            if time.perf_counter() - start > UNSEEN:
                raise Failed(f"a new record was not found in {UNSEEN:.0f} s")
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


def show(name: str, row: Row) -> None:
    """Print a row."""
    if not row.cells:
        print(f"{name:<30} {row.said}", flush=True)
        return
    cells = [f"{row.cells[c]:>11,.1f}" if c in row.cells else f"{'-':>11}" for c in COLUMNS]
    print(f"{name:<30} {' '.join(cells)}  {row.said}".rstrip(), flush=True)


def emptied(folder: Path) -> Path:
    """Return the folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def size_of(folder: Path) -> float:
    """Return the sum of the sizes of the files in a folder, in MiB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20


if __name__ == "__main__":
    main()
