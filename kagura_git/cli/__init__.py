"""The command line: ``git kagura`` and ``kagura-git`` are this one program."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit code."""
    from kagura_git.cli.app import run

    sys.exit(run(list(sys.argv[1:] if argv is None else argv)))
