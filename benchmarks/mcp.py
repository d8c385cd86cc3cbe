"""The MCP server as an assistant meets it: a process on stdio, 1,000 errors in its repository.

1. Start to the answer to ``initialize``, five processes; beside it the bare import of the SDK.
2. The first ``coding_search_errors`` of a process, at once and after the warm-up.
3. Warm ``coding_search_errors`` over 200 queries and ``coding_record_error`` over 200 new
   errors (fsync included): as the assistant waits for them, over the pipe and back; beside
   them ``ping``, what any call costs, and the same verbs called in this process.
4. Tokens of the tool list and of five hits (structure and text), by litellm's counter.

Usage: python benchmarks/mcp.py
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from kagura_git import CodingMemory
from kagura_git.model.records import Error
from kagura_git.store.files import RecordFiles

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "tests" / "data" / "corpus"
ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "PYTHONPATH": str(ROOT),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
}
RECORDS, CALLS, STARTS = 1000, 200, 5
WORDS = (
    "cache queue socket parser token ledger widget tenant shard invoice cursor replica planner "
    "scheduler canvas gateway mailer router session upload"
).split()


class Server:
    """A server process and its wire."""

    def __init__(self, top: Path) -> None:
        self.number = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kagura_git", "-C", str(top), "mcp", "serve"],
            env=ENV,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request and wait for its result."""
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params})
        assert self.process.stdout
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        result: dict[str, Any] = answer["result"]
        if result.get("isError"):
            raise SystemExit(result["content"][0]["text"])
        return result

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool."""
        return self.ask("tools/call", name=tool, arguments=arguments)

    def handshake(self) -> None:
        """Speak the older era's handshake, as most hosts still do."""
        info = {"name": "benchmark", "version": "1"}
        self.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=info)
        self._send({"method": "notifications/initialized"})

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def close(self) -> None:
        """Close stdin and wait for the end."""
        self.process.communicate()


def corpus() -> list[Error]:
    """Return the shipped errors."""
    found = [stored.record for stored in RecordFiles(str(CORPUS)).read_all(("error",))]
    return [record for record in found if isinstance(record, Error)]


def repository(top: Path, known: list[Error]) -> None:
    """Make a repository whose one commit holds variations of the errors."""
    top.mkdir()
    (top / ".kagura").mkdir()
    run = {"cwd": top, "check": True, "capture_output": True, "env": ENV}
    subprocess.run(["git", "init", "--initial-branch=main"], **run)  # type: ignore[call-overload]
    memory = CodingMemory.sync(top)
    records = []
    for number in range(RECORDS):
        record = known[number % len(known)]
        message = f"{record.message} ({varied(number)})"
        records.append(
            replace(
                record,
                id=memory.ws.new_id("error"),
                message=message,
                fingerprint=f"2-{number:024x}{number:08x}",
            )
        )
    memory.record_many(records)
    commit = ["git", "-c", "user.name=Ada", "-c", "user.email=a@example.org", "commit", "-qm", "r"]
    subprocess.run(commit, **run)  # type: ignore[call-overload]


def varied(number: int) -> str:
    """Return words of their own for a number: numerals alone would count as the same error."""
    size = len(WORDS)
    first, second, third = (WORDS[number // size**n % size] for n in range(3))
    return f"{first} of {second} {third}"


def path_of(number: int) -> str:
    """Return the path of a module of its own."""
    return f"src/{varied(number * 7).replace(' ', '/')}.py"


def trace(number: int, record: Error) -> str:
    """Return a traceback through frames of its own: the same frames would be the same error."""
    frames = [
        f'  File "{path_of(number + i)}", line {i + 3}, in {varied(number + i).replace(" ", "_")}'
        for i in range(8)
    ]
    return "\n".join(["Traceback (most recent call last):", *frames, record.message])


def timed(work: Any, *args: Any, **kwargs: Any) -> tuple[float, Any]:
    """Return the milliseconds a call takes, and its result."""
    start = time.perf_counter()
    result = work(*args, **kwargs)
    return (time.perf_counter() - start) * 1000, result


def show(name: str, spent: list[float], target: str = "") -> None:
    """Print a row: median and 95th percentile."""
    ordered = sorted(spent)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(f"{name:<44} {statistics.median(spent):>9.1f} {p95:>9.1f}   {target}")


def starts(top: Path) -> None:
    """Print how long a start takes."""

    def start() -> Server:
        server = Server(top)
        server.handshake()
        return server

    spent, bare = [], []
    sdk = [sys.executable, "-c", "from mcp.server import MCPServer"]
    for _ in range(STARTS):
        took, server = timed(start)
        server.close()
        spent.append(took)
        bare.append(timed(subprocess.run, sdk, env=ENV, check=True)[0])
    show("start to the answer to initialize", spent, "<= 1200")
    show("python -c 'from mcp.server import MCPServer'", bare)


def calls(top: Path, known: list[Error]) -> None:
    """Print how long calls take, and what the answers cost."""
    server = Server(top)
    server.handshake()
    took, found = timed(server.call, "coding_search_errors", query="import fails in a worker")
    show(f"first search, at once ({found['structuredContent']['ranking']})", [took])
    server.close()

    server = Server(top)
    server.handshake()
    tools = server.ask("tools/list")["tools"]
    time.sleep(4)
    took, _ = timed(server.call, "coding_search_errors", query="import fails in a worker")
    show("first search, 4 s after tools/list", [took])

    queries = [
        f"{record.error_type} {record.message.splitlines()[0][:80]} {varied(number)}"
        for number, record in ((n, known[n % len(known)]) for n in range(CALLS))
    ]
    answers = [timed(server.call, "coding_search_errors", query=query) for query in queries]
    show("ping", [timed(server.ask, "ping")[0] for _ in range(50)])
    show(f"coding_search_errors, {CALLS} queries", [took for took, _ in answers], "<= 15")

    spent = []
    for number in range(CALLS):
        record = known[number % len(known)]
        took, done = timed(
            server.call,
            "coding_record_error",
            error_type=record.error_type,
            message=f"{varied(number * 31)}: {record.message[:60]}",
            stack_trace=trace(number, record),
            file_path=path_of(number),
            line_number=number + 1,
            tags=["benchmark"],
        )
        assert done["structuredContent"]["new"], done
        spent.append(took)
    show(f"coding_record_error, {CALLS} new errors", spent, "<= 10")
    in_process(top, known, queries)
    took, _ = timed(server.call, "coding_search_errors", query=queries[0])
    show(f"the search after those {CALLS}", [took])
    server.close()
    tokens(tools, [result for _, result in answers])


def in_process(top: Path, known: list[Error], queries: list[str]) -> None:
    """Print what the verbs themselves take, without the protocol."""
    memory = CodingMemory.sync(top)
    memory.search_errors(queries[0])
    spent = [timed(memory.search_errors, query)[0] for query in queries]
    show("  search_errors in this process", spent)
    spent = []
    for number in range(CALLS, 2 * CALLS):
        record = known[number % len(known)]
        message = f"{varied(number * 31)}: {record.message[:60]}"
        took, done = timed(
            memory.record_error, record.error_type, message, trace(number, record),
            path_of(number), number + 1, None, None, ["benchmark"],
        )  # fmt: skip
        assert done.new
        spent.append(took)
    show("  record_error in this process", spent)


def tokens(tools: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
    """Print what the tool list and the answers cost."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    try:
        litellm: Any = importlib.import_module("litellm")
    except ImportError:
        print("litellm is not installed: no tokens counted")
        return

    def count(text: str) -> int:
        return int(litellm.token_counter(model="gpt-4o", text=text))

    listed = [
        {name: tool[name] for name in ("name", "description", "inputSchema")} for tool in tools
    ]
    print(f"{'tokens':<44} {'median':>9} {'most':>9}")
    print(f"{'tool list (10 tools)':<44} {count(json.dumps(listed)):>9} {'':>9}   <= 1500")
    hits = [
        count(json.dumps(answer["structuredContent"], ensure_ascii=False))
        + count(answer["content"][0]["text"])
        for answer in answers
        if len(answer["structuredContent"]["results"]) == 5
    ]
    most, median = max(hits), statistics.median(hits)
    print(f"{f'five hits ({len(hits)} answers)':<44} {median:>9.0f} {most:>9}   <= 500")


def main() -> None:
    """Print the table."""
    known = corpus()
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder, "repository")
        repository(top, known)
        index = [sys.executable, "-m", "kagura_git", "-C", str(top), "index", "refresh"]
        took, _ = timed(subprocess.run, index, env=ENV, check=True, capture_output=True)
        print(f"{RECORDS} errors indexed in {took / 1000:.1f} s; {os.cpu_count()} cores\n")
        print(f"{'milliseconds':<44} {'p50':>9} {'p95':>9}   target")
        starts(top)
        calls(top, known)


if __name__ == "__main__":
    main()
