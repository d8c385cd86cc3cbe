"""Workflow commands on stdout and log lines on stderr, with foreign text escaped."""

from __future__ import annotations

import sys
import traceback as traceback_
from typing import TextIO

from kagura_git.cli.review_github import talk
from kagura_git.errors import KaguraError
from kagura_git.model.printable import one_line
from kagura_git.model.redact import redact


def say(text: str) -> None:
    """Print a line that is no command, whatever is in it."""
    _write(sys.stderr, talk(text))


def command(line: str) -> None:
    """Print a workflow command that is already escaped."""
    _write(sys.stdout, line)


def _write(stream: TextIO, line: str) -> None:
    # As bytes: neither the locale nor half a character from a file name may end the step.
    stream.buffer.write(line.encode("utf-8", "replace") + b"\n")
    stream.buffer.flush()


def brief(error: KaguraError) -> str:
    """Return an error in one line, with what to do."""
    place = f"{error.where}: " if error.where else ""
    hint = f". {error.hint}" if error.hint else ""
    return one_line(f"{place}{error.message}{hint}", 1000)


def traceback(error: BaseException) -> None:
    """Print where an error came from, line by line, none of which is a command."""
    for line in redact("".join(traceback_.format_exception(error)))[0].splitlines():
        say(line)
