"""Play thousands of random git and kagura operations against a plain model.

    python benchmarks/play.py --steps 2000 --seed 1 --games 4

Every game has clones of one bare repository and linked worktrees; after each
step the model is compared with what git and kagura say, and every so often
everything is brought together and compared to the letter. A failing game
prints its seed, its step and the steps before it; the same seed plays the
same moves.
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

from tests.git_repo import isolated


def game(seed: int, steps: int, clones: int) -> tuple[int, Counter[str], int, str]:
    """Play one game; returns seed, moves by name, acknowledged records and what went wrong."""
    root = Path(tempfile.mkdtemp(prefix=f"kagura-play-{seed}-"))
    home = root / "home"
    home.mkdir()
    for name in [n for n in os.environ if n.startswith(("GIT_", "KAGURA_", "CODING_MEMORY_"))]:
        del os.environ[name]
    os.environ.update(isolated(home))
    os.environ["KAGURA_SEARCH_MODEL"] = "test:hash"
    os.environ["KAGURA_CACHE_DIR"] = str(home / "cache")
    from tests.play.player import Player, Trouble

    player = Player(root / "world", seed, clones)
    try:
        player.play(steps)
    except Trouble as trouble:
        return seed, player.counts, len(player.ledger.records), f"{trouble}\nkept: {root}"
    shutil.rmtree(root, ignore_errors=True)
    return seed, player.counts, len(player.ledger.records), ""


def main() -> int:
    """Play the games side by side and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--games", type=int, default=4)
    parser.add_argument("--clones", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    given = parser.parse_args()
    started = time.monotonic()
    total: Counter[str] = Counter()
    records, troubles = 0, []
    with ProcessPoolExecutor(given.jobs) as pool:
        seeds = range(given.seed, given.seed + given.games)
        steps = [given.steps] * given.games
        for seed, counts, made, trouble in pool.map(
            game, seeds, steps, [given.clones] * given.games
        ):
            total += counts
            records += made
            if trouble:
                troubles.append(trouble)
            print(f"seed {seed}: {sum(counts.values())} steps, {'TROUBLE' if trouble else 'ok'}")
    minutes = (time.monotonic() - started) / 60
    print(f"\n{'move':<16}{'times':>7}")
    for name, count in total.most_common():
        print(f"{name:<16}{count:>7}")
    print(f"\n{sum(total.values())} steps, {records} records acknowledged, {minutes:.1f} minutes")
    print(f"troubles: {len(troubles)}")
    for trouble in troubles:
        print(f"\n{trouble}")
    return 1 if troubles else 0


if __name__ == "__main__":
    raise SystemExit(main())
