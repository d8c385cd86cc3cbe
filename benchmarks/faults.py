"""Kill -9 at random moments, again and again, and look at what is left.

    python benchmarks/faults.py --rounds 540 --seed 1 [--only record] [--jobs 2]

A round copies a repository with records, notes, an index and a remote, starts
one kind of work in it, and kills the whole process group: after a random time,
or before, after or halfway through its n-th change of a file (a small library
that is loaded into the process and its children counts them). Then everything
acknowledged must be there, `git fsck` must be content, `git kagura doctor`
must name what is left behind, and the next record, commit and search must
work. A round that fails prints the line that plays it again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.faults import rounds
from tests.faults.jobs import JOBS
from tests.faults.place import Place, environment, template
from tests.faults.rounds import Extent, Outcome

_ready: list[tuple[Place, dict[str, Extent]]] = []


def main() -> int:
    """Play the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=540)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--only", choices=sorted(JOBS), help="one kind of work")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    given = parser.parse_args()
    started = time.monotonic()
    names = [given.only] if given.only else list(JOBS)
    plan = [(names[i % len(names)], given.seed + i // len(names)) for i in range(given.rounds)]
    outcomes: list[Outcome] = []
    troubles: list[str] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for done, result in enumerate(pool.map(_round, plan), 1):
            (outcomes if isinstance(result, Outcome) else troubles).append(result)  # type: ignore[arg-type]
            if sys.stderr.isatty():
                print(f"\r{done} of {len(plan)} rounds", end="", file=sys.stderr)
    _table(names, outcomes)
    minutes = (time.monotonic() - started) / 60
    print(f"\n{len(plan)} rounds in {minutes:.1f} minutes, {len(troubles)} failed")
    for trouble in troubles:
        print(f"\n{trouble}")
    return 1 if troubles else 0


def _round(planned: tuple[str, int]) -> Outcome | str:
    name, seed = planned
    if not _ready:  # one template for each process
        root = Path(tempfile.mkdtemp(prefix="kagura-faults-"))
        env = environment(root / "home")
        os.environ.update(env)
        _ready.append((template(root / "template", env), {}))
    place, extents = _ready[0]
    folder = Path(tempfile.mkdtemp(prefix="round-", dir=place.top.parent.parent))
    try:
        if name not in extents:
            extents[name] = rounds.measure(place, name, folder / "measured")
        return rounds.play(place, name, seed, folder / "round", extents[name])
    except Exception as error:  # noqa: BLE001 - every failure is a line of the report
        again = f"python benchmarks/faults.py --rounds 1 --only {name} --seed {seed} --jobs 1"
        return f"{type(error).__name__}: {error}\nagain: {again}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _table(names: list[str], outcomes: list[Outcome]) -> None:
    head = ("rounds", "killed", "acknowledged", "with leftovers", "named by doctor")
    print(f"{'work':<10}" + "".join(f"{title:>17}" for title in head))
    total: Counter[str] = Counter()
    for name in names:
        mine = [outcome for outcome in outcomes if outcome.job == name]
        row = Counter(
            {
                "rounds": len(mine),
                "killed": sum(outcome.killed for outcome in mine),
                "acknowledged": sum(outcome.acknowledged for outcome in mine),
                "with leftovers": sum(bool(outcome.left) for outcome in mine),
                "named by doctor": sum(bool(outcome.left and outcome.reported) for outcome in mine),
            }
        )
        total += row
        print(f"{name:<10}" + "".join(f"{row[title]:>17}" for title in head))
    print(f"{'all':<10}" + "".join(f"{total[title]:>17}" for title in head))


if __name__ == "__main__":
    raise SystemExit(main())
