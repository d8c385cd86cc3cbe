"""From which likeness on are errors of one kind? The cosine that gathers error patterns.

    python benchmarks/kinds.py [FOLDER]

Takes the errors of a folder with records (default: the corpus of the tests) and the
vectors that search keeps of them. For each cosine it prints how many pairs of errors
reach it: pairs of one type, which may be one kind, and pairs of different types, which
hardly ever are. Below the table the closest pairs, to be read.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

if not __package__:  # python benchmarks/kinds.py
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from kagura_git.memory import SyncCodingMemory
from kagura_git.services import problems
from kagura_git.services.error_patterns import ALIKE

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "data" / "corpus"
COSINES = (0.5, 0.6, 0.65, 0.7, ALIKE, 0.8, 0.85)


def main(given: list[str]) -> int:
    """Print the table and the closest pairs."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder, "errors")
        shutil.copytree(given[0] if given else CORPUS, top)
        subprocess.run(["git", "init", "--quiet", str(top)], check=True)
        memory = SyncCodingMemory(top)
        vectors = memory.recaller.vectors("error")
        errors = [error for _, error in problems.listed(memory.ws) if error.id in vectors]
    if len(errors) < 2:
        print("no vectors: is an embedding model there?", file=sys.stderr)
        return 1
    pairs = sorted(
        (
            (float(vectors[one.id] @ vectors[other.id]), one, other)
            for one, other in itertools.combinations(errors, 2)
        ),
        key=lambda pair: -pair[0],
    )
    same = [cosine for cosine, one, other in pairs if one.error_type == other.error_type]
    apart = [cosine for cosine, one, other in pairs if one.error_type != other.error_type]
    print(f"{len(errors)} errors; pairs of one type {len(same)}, of two types {len(apart)}\n")
    print("cosine  one type  two types")
    for least in COSINES:
        mark = "  (shipped)" if least == ALIKE else ""
        counts = [sum(cosine >= least for cosine in found) for found in (same, apart)]
        print(f"  {least:.2f}  {counts[0]:8}  {counts[1]:9}{mark}")
    print()
    for cosine, one, other in pairs[:12]:
        print(f"{cosine:.2f}  {one.title[:70]}  |  {other.title[:70]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
