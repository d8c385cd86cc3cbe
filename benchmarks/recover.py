"""Finding out what is lost: 10,000 records in the journal, 10,000 commits in history.

1. What git holds: the first walk over history, and every later look.
2. What is lost: with nothing new, after a commit, after 50 commits were reset.
3. A search with and without the abandoned, and a round of pruning.

Usage: python benchmarks/recover.py [sha256]
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kagura_git.git import reachable
from kagura_git.memory import SyncCodingMemory
from kagura_git.model.records import Decision, Error, Record
from kagura_git.services import recover
from kagura_git.store import codec
from kagura_git.store.files import RecordFiles
from kagura_git.store.journal import NOTHING, Journal

RECORDS = 10_000
RESET = 50
START = datetime(2025, 1, 1, tzinfo=UTC)
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


def git(top: Path, *args: str) -> None:
    """Run git."""
    subprocess.run(["git", *args], cwd=top, env=ENV, check=True, capture_output=True)


def record(number: int, words: list[str], rng: random.Random) -> Record:
    """Return a decision or an error of a kilobyte."""
    digits = "".join(DIGITS[number >> 5 * i & 31] for i in range(8))
    said = [" ".join(rng.choices(words, k=k)) for k in (12, 90)]
    common: dict[str, Any] = {
        "author": "Ada <ada@example.org>",
        "created_at": START + timedelta(minutes=50 * number),
    }
    if number % 2:
        return Decision(id=f"D-{digits}", decision=said[0], rationale=said[1], **common)
    return Error(
        id=f"E-{digits}", error_type="TypeError", message=said[0], stack_trace=said[1], **common
    )


def repository(top: Path, form: str) -> None:
    """Make a repository of so many records, each in a commit of its own, all in the journal."""
    top.mkdir()
    git(top, "init", "-b", "main", f"--object-format={form}")
    rng = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(3000)]
    files, journal = RecordFiles(str(top)), Journal(str(top / ".git" / "kagura" / "journal"))
    load = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=top, stdin=subprocess.PIPE)
    assert load.stdin
    for number in range(RECORDS):
        made = record(number, words, rng)
        data, path = codec.dumps(made), files.place(made)
        at = made.created_at
        journal.keep(made.id, data, at, durable=False, replaced=NOTHING, branch="main")
        head = f"commit refs/heads/main\ncommitter Ada <a@b.c> {at.timestamp():.0f} +0000\n"
        load.stdin.write(f"{head}data 4\nwork\nM 100644 inline {path}\n".encode())
        load.stdin.write(b"data %d\n%s\n" % (len(data), data))
    load.stdin.close()
    assert load.wait() == 0
    git(top, "checkout", "-f", "main")


def show(what: str, work: Callable[..., Any], *args: Any, times: int = 5, **more: Any) -> Any:
    """Print the median of some runs."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        result = work(*args, **more)
        spent.append((time.perf_counter() - start) * 1000)
    print(f"{what:<48} {sorted(spent)[len(spent) // 2]:>9.0f}")
    return result


def main() -> None:
    """Print the table."""
    form = sys.argv[1] if len(sys.argv) > 1 else "sha1"
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder, "repository")
        repository(top, form)
        memory = SyncCodingMemory(top, environ={**ENV, "KAGURA_SEARCH_MODEL": "test:hash"})
        ws = memory.ws
        print(f"{RECORDS} records, {RECORDS} commits, {form}; {os.cpu_count()} cores\n")
        print(f"{'milliseconds':<48} {'p50':>9}")
        show("what git holds, the first time", reachable.held, ws.repo, times=1)
        show("what git holds, later", reachable.held, ws.repo)
        show("what is lost: nothing", recover.lost, ws)
        git(top, "commit", "--allow-empty", "-m", "one more")
        show("what is lost, one commit later", recover.lost, ws, times=1)
        show("pruning, nothing due", recover.prune, ws, ws.clock(), times=1)
        memory.search("the index is built")
        query = "why was this decided so"
        show("a search", memory.search, query)
        git(top, "reset", "--hard", f"HEAD~{RESET + 1}")
        assert len(show(f"what is lost, {RESET} commits reset", recover.lost, ws, times=1)) == RESET
        show("what is lost, again", recover.lost, ws)
        memory.search(query)
        show(
            "a search with the abandoned, the first time",
            memory.search,
            query,
            times=1,
            abandoned=True,
        )
        show("a search with the abandoned, later", memory.search, query, abandoned=True)
        show("a search without, after that", memory.search, query)
        show(f"restoring {RESET}", recover.restore, ws, None, times=1)


if __name__ == "__main__":
    main()
