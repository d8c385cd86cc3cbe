"""The main job on a sample repository, offline: ``make demo`` prints this transcript.

Builds the shop's history by real commits, then works on it the way a person,
an assistant and git would: init, session, error, solution, decision, commit,
branch switch, search, why, context, and an MCP client that calls every tool.
Every line of output is what the program really printed.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sample_history

from kagura_git import CodingMemory
from kagura_git.store.files import RecordFiles

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus"
PROGRAM = Path(sys.executable).parent


class Demo:
    """A transcript: commands run for real in the sample repository."""

    def __init__(self, top: Path, environ: dict[str, str]) -> None:
        self.top = top
        self.environ = environ

    def title(self, text: str) -> None:
        """Print a heading."""
        print(f"\n\033[1m# {text}\033[0m" if sys.stdout.isatty() else f"\n# {text}", flush=True)

    def run(self, *args: str, stdin: str | None = None, show: int = 14, fails: bool = False) -> str:
        """Run a command, print it and the head of what it says; returns its stdout."""
        shown = " ".join(f'"{a}"' if " " in a or not a else a for a in args)
        print(f"$ {shown}", flush=True)
        done = subprocess.run(
            args, cwd=self.top, env=self.environ, input=stdin, capture_output=True, text=True
        )
        lines = (done.stdout + done.stderr).rstrip().splitlines()
        for line in lines[:show]:
            print(f"  {line}")
        if len(lines) > show:
            print(f"  [... {len(lines) - show} more lines]")
        if (done.returncode != 0) != fails:
            sys.exit(f"demo: {shown} ended with {done.returncode}")
        return done.stdout

    def kagura(self, *args: str, **options: object) -> str:
        """Run ``git kagura``."""
        return self.run("git", "kagura", *args, **options)  # type: ignore[arg-type]

    def quietly(self, *args: str) -> dict[str, object]:
        """Return the JSON of a ``git kagura`` command without showing it."""
        done = subprocess.run(
            ["git", "kagura", *args, "--json"],
            cwd=self.top, env=self.environ, capture_output=True, text=True, check=True,
        )  # fmt: skip
        found: dict[str, object] = json.loads(done.stdout)
        return found

    def write(self, path: str, text: str) -> None:
        """Replace a file."""
        (self.top / path).write_text(text, encoding="utf-8")

    def change(self, path: str, old: str, new: str) -> None:
        """Edit a file the way a developer would."""
        text = (self.top / path).read_text(encoding="utf-8")
        if old not in text:
            sys.exit(f"demo: {path} does not hold {old!r}")
        self.write(path, text.replace(old, new))


def main() -> None:
    """Run the demo in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="kagura-demo-"))
    start = time.monotonic()
    try:
        # The exported model is worth keeping: the real cache folder, all else temporary.
        environ = sample_history.environment(folder / "home", PROGRAM)
        environ["KAGURA_CACHE_DIR"] = str(_cache())
        environ["HF_HUB_OFFLINE"] = "1"
        (folder / "home").mkdir()
        demo = Demo(folder / "shop", environ)
        set_up(demo)
        solve_an_error(demo)
        decide(demo)
        ask_history(demo)
        switch_branches(demo)
        asyncio.run(assistant(demo))
        finish(demo)
        print(f"\nDone in {time.monotonic() - start:.0f} s.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cache() -> Path:
    import os

    from kagura_git.memory import cache_folder

    return cache_folder(os.environ)


def set_up(demo: Demo) -> None:
    """A repository with a history, set up, with what a team has recorded so far."""
    demo.title("A repository with a history of its own")
    commits = sample_history.build(demo.top, demo.environ)
    print(f"{commits} commits made by git commit")
    demo.run("git", "log", "--oneline", "-n", "3")
    demo.title("Set it up; every change is named, and uninstall takes each back")
    demo.kagura("init", show=20)
    demo.run("git", "add", "--all")
    demo.run("git", "commit", "--quiet", "--message", "Set up kagura-git")
    demo.title("What a team has recorded over the months (the test corpus, stored in bulk)")
    files = RecordFiles(str(CORPUS))
    records = [stored.record for stored in files.read_all() if stored.record is not None]
    began = time.monotonic()
    CodingMemory.sync(demo.top).record_many(records)
    print(f"{len(records)} records written, flushed and staged in {time.monotonic() - began:.2f} s")
    demo.run("git", "commit", "--quiet", "--message", "Record what we have learned so far")
    demo.kagura("index", "refresh")


def solve_an_error(demo: Demo) -> None:
    """A session, an error met for real, what was known about it, its solution."""
    demo.title("A session begins, and something breaks")
    demo.kagura("session", "start", "Make log-in safe across time zones", "--tag", "auth")
    failing = (
        "import datetime as d, shop.auth as a\n"
        "a.validate_token({'user': 'kim', 'expires': d.datetime.now(d.timezone.utc)})\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", failing], cwd=demo.top, capture_output=True, text=True
    )
    trace = run.stderr
    print("$ python -c ...\n" + "".join(f"  {line}\n" for line in trace.splitlines()[-4:]), end="")
    demo.title("Has anyone met this before? Asked in other words than its message")
    demo.kagura("error", "search", "comparing datetime with timezone and without fails", "-k", "3")
    demo.title("Record it; the same error again is counted, not copied")
    add = (
        "error", "add", "--type", "TypeError", "--message", trace.strip().splitlines()[-1][11:],
        "--trace-file", "-", "--file", "shop/auth.py", "--line", "12",
    )  # fmt: skip
    demo.kagura(*add, stdin=trace)
    demo.kagura(*add, stdin=trace)
    demo.title("Fix it, say why, and keep the solution")
    demo.change(
        "shop/auth.py",
        "from datetime import datetime, timedelta",
        "from datetime import UTC, datetime, timedelta",
    )
    demo.change("shop/auth.py", "datetime.now() +", "datetime.now(UTC) +")
    demo.change("shop/auth.py", "< datetime.now():", "< datetime.now(UTC):")
    demo.kagura(
        "change", "add", "shop/auth.py", "--action", "edit",
        "--reason", "Compare expiry times in UTC: tokens come from servers in several zones",
    )  # fmt: skip
    errors = demo.quietly("error", "list", "--unresolved")["errors"]
    newest = errors[0]["id"]  # type: ignore[index]
    demo.kagura("error", "solve", newest, "Use datetime.now(UTC) for every expiry time")
    demo.kagura(*add, stdin=trace)


def decide(demo: Demo) -> None:
    """A decision, and the commit that carries everything."""
    demo.title("Record the decision behind it")
    demo.kagura(
        "decision", "add", "Keep every moment in UTC",
        "--rationale", "Servers and customers sit in several zones; naive times compare wrongly.",
        "--alternative", "Local time with an offset column", "--related-file", "shop/auth.py",
        "--tag", "time",
    )  # fmt: skip
    demo.title("A plain git commit takes code, records, reasons and links along")
    demo.run("git", "add", "shop/auth.py")
    demo.run("git", "commit", "--message", "Compare expiry times in UTC")
    demo.run("git", "log", "-1", "--notes=kagura", show=20)
    demo.kagura("log", "-n", "1")


def ask_history(demo: Demo) -> None:
    """Why is this line so, and what does a reviewer see?"""
    demo.title("Why is this line so?")
    demo.kagura("why", "shop/auth.py:7")
    demo.title("What a reviewer of a pull request sees: plain files")
    path = demo.quietly("decision", "list")["decisions"][0]["path"]  # type: ignore[index]
    demo.run("cat", str(path), show=20)


def switch_branches(demo: Demo) -> None:
    """Memory follows the branch."""
    demo.title("Memory follows the branch")
    demo.run("git", "switch", "--quiet", "--create", "try-queues")
    demo.kagura(
        "decision", "add", "Use RabbitMQ for the background jobs that send mail",
        "--rationale", "A slow mail server must not hold an order up.",
        "--alternative", "Send it while the customer waits",
    )  # fmt: skip
    demo.run("git", "commit", "--quiet", "--message", "Decide to queue mail")
    demo.kagura("review", "main...try-queues")
    ask = ("search", "mail server is slow and orders hang", "--kind", "decision", "-k", "1")
    demo.kagura(*ask)
    demo.run("git", "switch", "--quiet", "main")
    demo.kagura(*ask)
    demo.title("What an assistant is told when it starts")
    demo.kagura("context", "--focus", "authentication", "--max-tokens", "1200", show=30)


async def assistant(demo: Demo) -> None:
    """An MCP client calls every tool over stdio."""
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    demo.title("An assistant calls every tool over MCP (stdio)")
    demo.kagura("session", "end", "--success")
    server = StdioServerParameters(
        command=str(PROGRAM / "git-kagura"), args=["mcp", "serve"], cwd=demo.top, env=demo.environ
    )
    calls: list[tuple[str, dict[str, object]]] = [
        ("coding_start_session", {"description": "Limit vouchers", "tags": ["pricing"]}),
        ("coding_get_project_context", {"focus": "vouchers", "max_tokens": 600}),
        ("coding_search_errors", {"query": "naive and aware datetimes", "k": 2}),
        (
            "coding_record_error",
            {
                "error_type": "ValueError",
                "message": "voucher of 140 percent makes the total negative",
                "stack_trace": "",
                "file_path": "shop/vouchers.py",
                "line_number": 5,
            },
        ),
        ("coding_resolve_error", {"error_id": "", "solution": "Refuse more than 100 percent"}),
        (
            "coding_track_file_change",
            {
                "file_path": "shop/vouchers.py",
                "action": "edit",
                "diff": "+    percent = min(percent, 100)",
                "reason": "A voucher never lowers a price below nothing",
            },
        ),
        (
            "coding_record_decision",
            {
                "decision": "Cap vouchers at 100 percent where they are applied",
                "rationale": "The admin page checks too, but imports go around it.",
                "related_files": ["shop/vouchers.py"],
            },
        ),
        ("coding_search", {"query": "negative total", "k": 2}),
        ("coding_analyze_patterns", {}),
        ("coding_end_session", {"success": True}),
    ]
    async with Client(stdio_client(server)) as client:
        error_id = ""
        for name, arguments in calls:
            if "error_id" in arguments:
                arguments["error_id"] = error_id
            answer = await client.call_tool(name, arguments)
            data = answer.structured_content or {}
            if name == "coding_record_error":
                error_id = str(data.get("id", ""))
            said = json.dumps(data, ensure_ascii=False)
            print(f"> {name}({json.dumps(arguments, ensure_ascii=False)})")
            print(f"  {said[:300]}{' ...' if len(said) > 300 else ''}", flush=True)
            if answer.is_error:
                sys.exit(f"demo: {name} failed")


def finish(demo: Demo) -> None:
    """Commit the assistant's work and look whether all is well."""
    demo.change("shop/vouchers.py", "    return", "    percent = min(percent, 100)\n    return")
    demo.run("git", "commit", "--quiet", "--all", "--message", "Cap vouchers at 100 percent")
    demo.kagura("why", "shop/vouchers.py:5")
    demo.title("Is everything in place?")
    demo.kagura("doctor")


if __name__ == "__main__":
    main()
