"""What the hooks add to `git commit`: python benchmarks/hooks.py [--runs N].

One generated repository with 10,000 files, 10,000 record files and 10,000
notes. Every run commits once without hooks and once with all of them, in turn,
so that a busy machine slows both alike; the table shows medians.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kagura_git.git.repo import discover
from kagura_git.model.ids import new_id
from kagura_git.model.records import Decision
from kagura_git.services import setup
from kagura_git.store import codec
from kagura_git.workspace import Workspace, open_workspace

FILES = RECORDS = NOTES = 10_000
RANDOM = random.Random(7)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    environ = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ.clear()
        os.environ.update(
            environ, HOME=folder, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull
        )
        top = Path(folder, "repo")
        generate(top)
        ws = open_workspace(str(top), os.environ)
        rows = [
            ("idle: no session, no record", "20", compare(top, runs, lambda: None)),
            ("session and one new record", "120", compare(top, runs, lambda: record(ws))),
            ("session and one record by hand", "-", compare(top, runs, lambda: by_hand(ws))),
        ]
        columns = "".join(f"{name:>9}" for name in ("without", "with", "added", "target"))
        print(f"\n{f'git commit, p50 of {runs}':<34}{columns}")
        for name, target, (without, with_) in rows:
            print(f"{name:<34}{without:>9.1f}{with_:>9.1f}{with_ - without:>9.1f}{target:>9}  ms")
        clear(ws)
        for hook in ("pre-commit", "post-commit"):
            shim = [str(top / ".git/hooks" / hook)]
            spent = statistics.median(timed(shim, top) for _ in range(runs))
            print(f"one idle shim, {hook:<19}{spent:>36.1f}{'':>9}  ms")


def generate(top: Path) -> None:
    """Make the repository, set up with hooks, everything committed."""
    for number in range(FILES):
        file = top / f"src/d{number % 200:03}/f{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"value = {number}\n" * 5)
    for number in range(RECORDS):
        kind = ("decision", "error", "session")[number % 3]
        identifier = new_id(kind, RANDOM.randbytes)
        file = top / f".kagura/{kind}s/20{16 + number % 10}-{1 + number % 12:02}/{identifier}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"schema: kagura/{kind}/1\nid: {identifier}\n")
    git(top, "init", "-q")
    for name, value in (("user.name", "A"), ("user.email", "a@b.c"), ("gc.auto", "0")):
        git(top, "config", name, value)
    git(top, "config", "maintenance.auto", "false")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "start")
    lines = []
    for number in range(NOTES):
        signed = f"committer A <a@b.c> {1_700_000_000 + number} +0000"
        lines.append(f"commit refs/heads/history\nmark :{number + 1}\n{signed}\ndata 2\nx\n")
    lines.append("commit refs/notes/kagura\ncommitter A <a@b.c> 1700000000 +0000\ndata 2\nn\n")
    for number in range(NOTES):
        note = "- " + json.dumps({"kind": "session", "id": f"S-{number:08}"})
        lines.append(f"N inline :{number + 1}\ndata <<E\n{note}\nE\n")
    git(top, "fast-import", "--quiet", stdin="\n".join(lines))
    setup.init(discover(str(top), os.environ))
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "set up")


def compare(top: Path, runs: int, prepare: Callable[[], None]) -> tuple[float, float]:
    """Return the median wall times of a commit without and with the hooks, in milliseconds."""
    spent: dict[bool, list[float]] = {False: [], True: []}
    nowhere = f"core.hooksPath={os.devnull}"
    for run in range(runs + 2):
        for hooked in (False, True):
            file = top / f"src/d000/f{200 * RANDOM.randrange(50)}.py"
            file.write_text(f"value = {RANDOM.random()}\n")
            git(top, "add", "--", str(file))
            prepare()
            options = [] if hooked else ["-c", nowhere]
            took = timed(["git", *options, "commit", "-q", "-m", "a change"], top)
            if run >= 2:  # the first ones warm the caches
                spent[hooked].append(took)
    return statistics.median(spent[False]), statistics.median(spent[True])


def record(ws: Workspace) -> None:
    """Have a session active and one decision recorded, as the services do it."""
    clear(ws)
    decision = decide(ws)
    path = ws.save(decision)
    ws.working.begin_session("S-00000000")
    fact = {"kind": "decision", "id": decision.id, "relation": "recorded", "path": path}
    ws.working.add_pending(decision.id, {**fact, "session": "S-00000000", "at": ""})


def by_hand(ws: Workspace) -> None:
    """The same with a record that kagura did not write, and has to check."""
    clear(ws)
    decision = decide(ws)
    path = ws.files.place(decision)
    ws.files.write(path, codec.dumps(decision))
    git(Path(ws.repo.top), "add", "--", path)
    ws.working.begin_session("S-00000000")


def clear(ws: Workspace) -> None:
    """Leave no session active and nothing waiting."""
    ws.working.finish_session()
    for key in ws.working.pending():
        ws.working.drop_pending(key)


def decide(ws: Workspace) -> Decision:
    """Return a decision of ordinary size."""
    return Decision(
        id=ws.new_id("decision"),
        decision=f"Keep the cache of kind {RANDOM.randrange(10**6)} in memory",
        rationale="Reading it from disk on each request costs more than it saves.\n" * 5,
        author="A <a@b.c>",
        created_at=datetime.now(UTC),
    )


def git(top: Path, *args: str, stdin: str | None = None) -> None:
    """Run git in the repository."""
    subprocess.run(["git", *args], cwd=top, input=stdin, text=True, check=True)


def timed(command: list[str], top: Path) -> float:
    """Return the milliseconds a command takes."""
    start = time.perf_counter()
    subprocess.run(command, cwd=top, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
