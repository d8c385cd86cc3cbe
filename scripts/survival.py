"""Try every operation of git that moves commits in real repositories, and count what survives.

    python scripts/survival.py --trials 20 [--only TEXT] [--write README.md]

Each trial has a repository of its own with sessions, decisions, errors and
reasons for changes; what varies comes from its seed. Three things are
counted: the records (on a branch, in the work tree, or brought back by
`git kagura recover`), the links of commits to what was recorded for them, and
links that should not be there. *by itself* is what git, the hooks and what
they start in the background have done; *relinked* is after
`git kagura relink`. Exits 1 if a record is lost or a link is wrong.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.git_repo import isolated
from tests.survival.judge import Count
from tests.survival.trial import GROUPS, Operation, Trial, run
from tests.survival.world import home, template

BEGIN, END = "<!-- survival:start -->\n", "<!-- survival:end -->"


def main() -> int:
    """Run the trials and print, or write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--only", default="", help="operations whose name holds this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--write", type=Path, help="put the table between the file's markers")
    given = parser.parse_args()
    chosen = [
        (group, operation)
        for group, operations in GROUPS.items()
        for operation in operations
        if given.only in title(operation)
    ]
    root = Path(tempfile.mkdtemp(prefix="kagura-survival-"))
    try:
        counted = _count(root, [operation for _, operation in chosen], given.trials, given.jobs)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    lines = list(table(chosen, counted))
    print("\n".join(lines))
    for _, operation in chosen:
        count = counted[title(operation)].relinked
        for line in [*count.missing, *(f"wrong: {line}" for line in count.wrong)]:
            print(f"{title(operation)}: {line}", file=sys.stderr)
    if given.write:
        _write(given.write, lines)
    sums = [trial.relinked for trial in counted.values()]
    return int(any(count.wrong or count.records < count.records_of for count in sums))


def title(operation: Operation) -> str:
    """Return the name of an operation."""
    assert operation.__doc__
    return operation.__doc__.strip()


def table(chosen: list[tuple[str, Operation]], counted: dict[str, Trial]) -> list[str]:
    """Return the table's lines."""
    lines = [
        "| operation | records | links by itself | links relinked | wrong links |",
        "|---|---|---|---|---|",
    ]
    group = ""
    for now, operation in chosen:
        if now != group:
            group = now
            lines.append(f"| **{group}** | | | | |")
        trial = counted[title(operation)]
        end = trial.relinked
        records = _share(end.records, end.records_of)
        if end.recovered:
            records += f" ({end.recovered} of {end.records_of} by `recover`)"
        by_itself = _share(trial.at_once.links, trial.at_once.links_of)
        relinked = _share(end.links, end.links_of)
        wrong = len(end.wrong)
        lines.append(f"| {title(operation)} | {records} | {by_itself} | {relinked} | {wrong} |")
    return lines


def _share(part: int, whole: int) -> str:
    """Return a share that says 100 % only for all of them."""
    if part == whole:
        return "100 %" if whole else "-"
    return f"{min(100 * part / whole, 99.9):.1f} %"


def _count(root: Path, operations: list[Operation], trials: int, jobs: int) -> dict[str, Trial]:
    env = {**isolated(home(root)), "KAGURA_SEARCH_MODEL": "test:hash"}
    os.environ.update(env)
    (root / "template").mkdir()
    template(root / "template", env)
    counted = {title(operation): Trial(Count(), Count()) for operation in operations}
    plan = [(operation, seed) for operation in operations for seed in range(trials)]
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(_trial, root, env, operation, seed) for operation, seed in plan]
        for done, (future, (operation, _)) in enumerate(zip(futures, plan, strict=True), 1):
            trial = future.result()
            counted[title(operation)].at_once.add(trial.at_once)
            counted[title(operation)].relinked.add(trial.relinked)
            if sys.stderr.isatty():
                print(f"\r{done} of {len(plan)} trials", end="", file=sys.stderr)
    return counted


def _trial(root: Path, env: dict[str, str], operation: Operation, seed: int) -> Trial:
    folder = root / f"{operation.__name__}-{seed}"
    try:
        return run(operation, root / "template", folder, env, seed)
    except Exception as error:
        raise RuntimeError(f"{title(operation)}, seed {seed}: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, lines: list[str]) -> None:
    text = path.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    tail = rest[rest.index(END) :]
    path.write_text(f"{head}{BEGIN}" + "\n".join(lines) + f"\n{tail}", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
