"""What it costs to unite and exchange notes: python benchmarks/sync.py [--notes N] [--runs N].

A bare repository and two clones of it, all on this disk. Both clones have the
notes of N commits, and each changes 1 % of them, half of these the same ones.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kagura_git.git import notes
from kagura_git.services import sync
from kagura_git.workspace import Workspace, open_workspace

WHO = "Ada <ada@example.org>"
MS = 1000


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=7)
    given = parser.parse_args()
    environ = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ.clear()
        os.environ.update(
            environ, HOME=folder, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull
        )
        rows = measured(Path(folder), given.notes, given.runs)
    print(f"\n{f'{given.notes:,} notes, 1 % differ; p50 of {given.runs}':<58}{'':>9}")
    for name, spent in rows.items():
        print(f"{name:<58}{spent:>9.1f}  ms")


def measured(folder: Path, count: int, runs: int) -> dict[str, float]:
    """Return the median of each step, in milliseconds."""
    ada, shas = prepared(folder, count)
    bob = cloned(folder, "bob")
    git, part = ada.repo.git, max(2, count // 100)
    base = git.text("rev-parse", notes.REF)
    notes.add(git, entries(shas[:part], "theirs"), WHO)
    theirs = git.text("rev-parse", notes.REF)
    git.run("update-ref", notes.REF, base)
    notes.add(git, entries(shas[part // 2 : part + part // 2], "ours"), WHO)
    ours = git.text("rev-parse", notes.REF)
    one = entries(shas[-1:], "one more")

    def at(tip: str) -> Callable[[], object]:
        return lambda: git.run("update-ref", notes.REF, tip)

    def diverge() -> None:
        git.run("push", "-q", "--force", "origin", f"{theirs}:{notes.REF}")
        at(ours)()

    sync.sync(bob, push=False)
    again: list[int] = []

    def write() -> None:
        again.append(1)
        notes.add(git, entries(shas[-1:], f"run {len(again)}"), WHO)

    return {
        "add one entry": median(lambda: notes.add(git, one, WHO), at(base), runs),
        "union of two that diverged": median(lambda: notes.union(git, theirs, WHO), at(ours), runs),
        "union where ours is only behind": median(
            lambda: notes.union(git, theirs, WHO), at(base), runs
        ),
        "sync: fetch, union, push": median(lambda: sync.sync(ada), diverge, runs),
        "sync: push one entry": median(lambda: sync.sync(ada), write, runs),
        "sync: nothing to do": median(lambda: sync.sync(ada), lambda: None, runs),
        "sync --check": median(lambda: sync.check(ada), lambda: None, runs),
    }


def median(work: Callable[[], object], before: Callable[[], object], runs: int) -> float:
    """Return the median wall time of some work, without what is done before it."""
    spent = []
    for run in range(runs + 1):
        before()
        start = time.perf_counter()
        work()
        if run:  # the first one warms the caches, and imports
            spent.append((time.perf_counter() - start) * MS)
    return statistics.median(spent)


def prepared(folder: Path, count: int) -> tuple[Workspace, list[str]]:
    """Make the bare repository with its notes, and one clone that has them."""
    bare = folder / "hub.git"
    run(folder, "init", "-q", "--bare", str(bare))
    stream = "".join(
        f"commit refs/heads/main\nmark :{n + 1}\ncommitter A <a@b.c> {n} +0000\ndata 2\nx\n"
        for n in range(count)
    )
    run(bare, "fast-import", "--quiet", stdin=stream)
    ada = cloned(folder, "ada")
    shas = ada.repo.git.text("rev-list", "origin/main").split()
    notes.add(ada.repo.git, entries(shas, "base"), WHO)
    sync.sync(ada)
    return ada, shas


def cloned(folder: Path, name: str) -> Workspace:
    """Clone the bare repository."""
    run(folder, "clone", "-q", "-b", "main", str(folder / "hub.git"), name)
    for setting in ("user.name", "user.email"):
        run(folder / name, "config", setting, name)
    run(folder / name, "config", "gc.auto", "0")
    return open_workspace(str(folder / name), os.environ)


def entries(shas: list[str], reason: str) -> dict[str, list[dict[str, object]]]:
    """Return one entry of usual size for each commit."""
    return {
        sha: [{"kind": "change", "path": f"src/{sha[:4]}.py", "action": "edit", "reason": reason}]
        for sha in shas
    }


def run(folder: Path, *args: str, stdin: str = "") -> None:
    """Run git."""
    subprocess.run(["git", *args], cwd=folder, input=stdin.encode(), check=True)


if __name__ == "__main__":
    main()
