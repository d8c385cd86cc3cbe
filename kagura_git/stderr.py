"""Lines on standard error, written by programs that git starts. Standard library only."""

from __future__ import annotations

import sys


def write_line(line: str) -> None:
    """Write a line to stderr, or drop it where stderr is closed or full.

    A hook whose message cannot be written must not fail by that.
    """
    stream = sys.stderr
    if stream is None:  # print() would take stdout in its place
        return
    try:
        print(line, file=stream, flush=True)
    except (OSError, ValueError):
        # What is left in the buffer would fail again when the interpreter ends.
        sys.stderr = None
