"""The command line: ``git kagura`` and ``kagura-git`` are this one program."""

import os
import sys

from kagura_git.config import import_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: "Sequence[str] | None" = None) -> None:
    """Run the program and leave with its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    # Before anything else is imported: the folder we were started in may be a cloned repository.
    import_path.clean(given, os.environ)
    from kagura_git.cli import streams

    streams.prepare()
    from kagura_git.cli.app import run

    sys.exit(run(given))
