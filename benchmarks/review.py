"""What a review costs: python benchmarks/review.py [--records N] [--files N] [--runs N].

A repository with N records (errors and decisions, variations of the shipped corpus; of
every ten decisions nine are accepted and name files) and four times N files that import
each other. The branch under review changes N files in 25 commits, each of which gives
reasons, adds a decision, accepts one and solves an error. Printed: each stage in one process, and
``git kagura review`` as a process of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec.structs import replace

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # beside it lies an mcp.py of ours

from benchmarks.speed import variations
from kagura_git import CodingMemory
from kagura_git.git.run import Git, scrubbed
from kagura_git.model.records import Decision, Error, Record
from kagura_git.services import review as reviewing

COMMITS = 25
FOLDERS = 20
MS = 1000
STAGES = (
    "opened", "signing.states", "decisions.changes", "decisions.pairs", "governing.governing",
    "merging.conflicts", "commits", "reasons.reasons", "_unfit", "decisions.findings",
    "problems.findings", "problems.changes",
)  # fmt: skip


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--runs", type=int, default=7)
    given = parser.parse_args()
    environ = scrubbed(os.environ)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ.clear()
        os.environ.update(
            environ, HOME=folder, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull,
            GIT_AUTHOR_NAME="Ada", GIT_AUTHOR_EMAIL="ada@example.org",
            GIT_COMMITTER_NAME="Ada", GIT_COMMITTER_EMAIL="ada@example.org",
        )  # fmt: skip
        top = Path(folder) / "repo"
        prepared(top, given.records, given.files)
        rows, found = staged(Git(str(top), os.environ), given.runs)
        whole = cold(top, given.runs)
    title = f"{given.records:,} records, {given.files:,} changed files; p50 of {given.runs}"
    print(f"\n{title:<58}{'p50':>9}{'max':>9}")
    for name, spent in {**rows, **whole}.items():
        print(f"{name:<58}{statistics.median(spent):>9.0f}{max(spent):>9.0f}  ms")
    print(found)


def staged(git: Git, runs: int) -> tuple[dict[str, list[float]], str]:
    """Return the time of each stage and of all, run by run, and what was found."""
    spent: dict[str, list[float]] = {name: [] for name in (*STAGES, "all in one process")}
    for name in STAGES:
        module, _, function = name.rpartition(".")
        holder = getattr(reviewing, module) if module else reviewing
        setattr(holder, function, timed(getattr(holder, function), spent[name]))
    for _ in range(runs + 1):
        start = time.perf_counter()
        report = reviewing.review(git, "main", "topic")
        spent["all in one process"].append((time.perf_counter() - start) * MS)
    by_imports = sum(file.near for one in report.governing for file in one.files)
    found = (
        f"{len(report.decisions)} decisions touched, {len(report.governing)} govern "
        f"{sum(len(g.files) for g in report.governing)} places ({by_imports} by imports), "
        f"{len(report.findings)} findings"
    )
    return {name: times[1:] for name, times in spent.items()}, found  # the first one imports


def timed(function: Callable[..., object], spent: list[float]) -> Callable[..., object]:
    """Return a function that writes down how long each call takes."""

    def run(*args: object, **options: object) -> object:
        start = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            spent.append((time.perf_counter() - start) * MS)

    return run


def cold(top: Path, runs: int) -> dict[str, list[float]]:
    """Return the wall time of whole processes, and what of it they and their git worked."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    spent: list[float] = []
    busy: list[float] = []
    for _ in range(runs):
        before = os.times()
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "kagura_git", "review", "main...topic", "--json"],
            cwd=top, env=env, check=True, capture_output=True,
        )  # fmt: skip
        spent.append((time.perf_counter() - start) * MS)
        after = os.times()
        worked = after.children_user + after.children_system
        busy.append((worked - before.children_user - before.children_system) * MS)
    return {"git kagura review, a process of its own": spent, "  of that, processor time": busy}


def prepared(top: Path, records: int, files: int) -> None:
    """Make the repository with its branch ``topic``."""
    top.mkdir()
    run(top, "init", "-q", "--initial-branch=main")
    run(top, "config", "gc.auto", "0")
    (top / ".kagura").mkdir()
    names = [f"src/part{n % FOLDERS}/m{n}.py" for n in range(4 * files)]
    for number, name in enumerate(names):
        write(top, name, source(number, names, 0))
    memory = CodingMemory.sync(top)
    held = [fitted(record, n, names) for n, record in enumerate(variations(records))]
    memory.record_many(held)
    run(top, "add", "-A")
    run(top, "commit", "-q", "-m", "records and sources")
    run(top, "repack", "-adq")  # as a clone has it
    run(top, "switch", "-q", "-c", "topic")
    changed = names[::4][:files]
    step = -(-len(changed) // COMMITS)
    decisions = [r for r in held if isinstance(r, Decision) and r.status == "proposed"]
    errors = [r for r in held if isinstance(r, Error)]
    for at in range(0, len(changed), step):
        for name in changed[at : at + step]:
            write(top, name, source(names.index(name), names, 1))
        part = at // step
        old, error = decisions[part % len(decisions)], errors[part]
        new = replace(
            old, id=memory.ws.new_id("decision"), decision=f"Change part {part} of the whole",
            rationale=f"it is number {part}", related_files=changed[at : at + 2],
        )  # fmt: skip
        memory.ws.save(new)
        for edited in (
            replace(old, status="accepted", reviewed_by="Ada"),
            replace(error, resolved=True, solution="solved on the branch"),
        ):
            memory.ws.save(edited, memory.ws.files.get(edited.id)[0])
        run(top, "add", "-A")
        run(top, "commit", "-q", "-m", f"change part {part}")
        noted(top, changed[at : at + step])


def fitted(record: Record, number: int, names: list[str]) -> Record:
    """Return a record that names files of this repository."""
    if isinstance(record, Decision):
        status = "proposed" if number % 10 == 0 else "accepted"
        related = [names[number % len(names)], f"docs/{number}.md"]
        if number % 100 == 1:
            related = [f"src/part{number % FOLDERS}"]
        return replace(record, status=status, related_files=related if number % 7 else [])
    return replace(record, file_path=names[number % len(names)])


def source(number: int, names: list[str], version: int) -> str:
    """Return a module that imports three others and holds some code."""
    others = [(number * k + k) % len(names) for k in (3, 7, 11)]
    imports = "".join(f"from part{n % FOLDERS}.m{n} import f{n}\n" for n in others)
    body = "".join(f"    x = x + {n + version}  # line {n} of {number}\n" for n in range(40))
    return f'"""Module {number}."""\n\n{imports}\n\ndef f{number}(x):\n{body}    return x\n'


def noted(top: Path, names: Iterable[str]) -> None:
    """Give the newest commit's files their reasons."""
    entries = (
        {"kind": "change", "path": name, "action": "edit", "reason": f"because of {name}"}
        for name in itertools.islice(names, 10)
    )
    text = "".join(f"- {json.dumps(entry)}\n" for entry in entries)
    run(top, "notes", "--ref=refs/notes/kagura", "add", "-f", "-F", "-", stdin=text)


def write(top: Path, name: str, text: str) -> None:
    """Write a file."""
    file = top / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def run(top: Path, *args: str, stdin: str = "") -> None:
    """Run git."""
    subprocess.run(["git", *args], cwd=top, input=stdin.encode(), check=True, capture_output=True)


if __name__ == "__main__":
    main()
