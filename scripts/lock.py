"""Write constraints.txt: the exact version of every package that this project installs.

The newest releases that fit pyproject.toml are chosen, for each supported Python; where
those differ a line has a marker. ``uv`` only resolves: pip installs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
OLDEST_PYTHON: Final = "3.11"
# Raise it by hand: an unpinned torch brings a build with several GB of GPU libraries.
TORCH: Final = "torch==2.13.0"
# What a GPU build of torch brings. A CPU build has none of it; torch itself pins it exactly.
GPU_PACKAGES: Final = ("cuda-", "nvidia-", "triton==")
HEADER: Final = """\
# Exact versions of all packages, direct or not: `make lock` writes this file, pip reads it.
# Development, demo and CI install from it. torch is chosen by hand, in scripts/lock.py.
"""


def main() -> None:
    """Resolve all extras and write the list."""
    lines = [line for line in resolved().splitlines() if not line.startswith(GPU_PACKAGES)]
    path = ROOT / "constraints.txt"
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} packages in {path.name}")


def resolved() -> str:
    """Return the pins of all packages, one a line."""
    options = ("--universal", "--all-extras", "--no-header", "--no-annotate", "--quiet")
    done = subprocess.run(
        [
            sys.executable, "-m", "uv", "pip", "compile", *options,
            "--python-version", OLDEST_PYTHON, "--constraint", "-", "pyproject.toml",
        ],
        cwd=ROOT, input=TORCH, text=True, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    main()
