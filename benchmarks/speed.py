"""How long the command line and a refresh take, as whole processes.

1. ``error search`` from a cold process at 1,000 records, index fresh, beside
   ``git kagura --version`` and bare Python.
2. ``index refresh`` after a checkout that changes 100 of 10,000 records already
   seen once: time and texts embedded, as a process of its own (what the hook
   starts) and in one that runs already (a server).
3. ``error search`` from a cold process at 10,000 records, and the resident memory
   of an MCP server after three searches among them.

Records are variations of the shipped corpus. Usage: python benchmarks/speed.py
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # beside it lies an mcp.py of ours

from benchmarks.mcp import Server
from kagura_git import CodingMemory
from kagura_git.model.ids import Kind
from kagura_git.model.records import Decision, Error, Record
from kagura_git.store.files import RecordFiles

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus"
KAGURA = [sys.executable, "-m", "kagura_git"]
ENV = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
RUNS = 15


def variations(count: int, *, brief: bool = False) -> list[Record]:
    """Return ``count`` records, each with its own text; brief ones are errors without a trace."""
    kinds: tuple[Kind, ...] = ("error",) if brief else ("error", "decision")
    corpus = [s.record for s in RecordFiles(str(CORPUS)).read_all(kinds) if s.record]
    out: list[Record] = []
    for number in range(count):
        record = corpus[number % len(corpus)]
        new_id = f"{record.id[0]}-{_digits(number)}"
        if isinstance(record, Error):
            message = f"{record.message[:80]} (case {number})"
            trace = "" if brief else record.stack_trace
            mark = f"2-{number:024x}{number:08x}"
            out.append(
                replace(record, id=new_id, message=message, stack_trace=trace, fingerprint=mark)
            )
        elif isinstance(record, Decision):
            out.append(replace(record, id=new_id, decision=f"{record.decision} (case {number})"))
    return out


def _digits(number: int) -> str:
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    return "".join(alphabet[(number >> (5 * i)) & 31] for i in reversed(range(8)))


def git(top: Path, *args: str) -> None:
    """Run git quietly."""
    subprocess.run(["git", *args], cwd=top, check=True, capture_output=True)


def repository(top: Path, records: list[Record]) -> None:
    """Make a repository whose one commit holds the records."""
    top.mkdir()
    git(top, "init", "--initial-branch=main")
    (top / ".kagura").mkdir()
    CodingMemory.sync(top).record_many(records)
    git(top, "commit", "--message", "records")


def timed(args: list[str], top: Path, runs: int) -> tuple[float, float]:
    """Return the median and the least wall time of a whole process, in seconds."""
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(args, cwd=top, env=ENV, check=True, capture_output=True)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent), min(spent)


def answer(args: list[str], top: Path) -> dict[str, object]:
    """Return the JSON of a command."""
    done = subprocess.run(
        [*KAGURA, *args, "--json"], cwd=top, env=ENV, check=True, capture_output=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def search(folder: Path) -> None:
    """Print the cold search."""
    top = folder / "thousand"
    repository(top, variations(1000))
    state = answer(["index", "refresh"], top)
    print(f"\nCold process, {state['records']} records, {state['vectors']} vectors, {RUNS} runs")
    print(f"{'':<34} {'p50':>8} {'min':>8}")
    query = "comparing timestamps with and without a time zone"
    rows = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "git kagura --version": [*KAGURA, "--version"],
        "git kagura error list --unresolved": [*KAGURA, "error", "list", "--unresolved"],
        "git kagura error search": [*KAGURA, "error", "search", query],
    }
    for name, args in rows.items():
        median, least = timed(args, top, RUNS)
        print(f"{name:<34} {median:>6.3f} s {least:>6.3f} s")
    print(f"ranking: {answer(['error', 'search', query], top)['ranking']}")


def refresh(folder: Path) -> None:
    """Print the refresh after a checkout."""
    top = folder / "ten-thousand"
    records = variations(10_000, brief=True)
    repository(top, records)
    git(top, "switch", "--create", "other")
    memory = CodingMemory.sync(top)
    for record in records[:: len(records) // 100]:
        path, _ = memory.ws.files.get(record.id)
        memory.ws.save(
            replace(record, tags=[*record.tags, "changed"], author=f"{record.author}."), path
        )
    git(top, "commit", "--all", "--message", "another hundred")
    start = time.perf_counter()
    first = answer(["index", "refresh"], top)
    print(f"\nFirst index of {first['records']} records: {time.perf_counter() - start:.1f} s")
    git(top, "switch", "main")
    answer(["index", "refresh"], top)
    print(f"Refresh after a checkout that changes 100 of {first['records']}, all seen before")
    print(f"{'':<34} {'p50':>8} {'min':>8} {'embedded':>9}")
    for name, refreshed in (
        ("git kagura index refresh", lambda: answer(["index", "refresh"], top)["embedded_now"]),
        ("  in a process that runs already", lambda: memory.recaller.refresh().embedded_now),
    ):
        spent, embedded = [], 0
        for branch in ("other", "main") * 4:
            git(top, "switch", branch)
            start = time.perf_counter()
            embedded += int(str(refreshed()))
            spent.append(time.perf_counter() - start)
        print(f"{name:<34} {statistics.median(spent):>6.3f} s {min(spent):>6.3f} s {embedded:>9}")
    large(top)


def large(top: Path) -> None:
    """Print the cold search among 10,000 records, and what a server of theirs holds in memory."""
    query = "comparing timestamps with and without a time zone"
    median, least = timed([*KAGURA, "error", "search", query], top, RUNS)
    print(f"\ngit kagura error search, cold       {median:>6.3f} s {least:>6.3f} s")
    os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
    server = Server(top)
    server.handshake()
    for text in (query, "connection refused", "KeyError in the cart"):
        server.call("coding_search_errors", query=text)
    held = resident(server.process.pid)
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    server.close()
    print(f"MCP server after three searches: {held:.0f} MiB resident; torch loaded: ", end="")
    print("yes" if "libtorch" in maps else "no")


def resident(pid: int) -> float:
    """Return what a process holds in memory, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as folder:
        search(Path(folder))
        refresh(Path(folder))


if __name__ == "__main__":
    main()
