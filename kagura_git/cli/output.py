"""Output of a command: data on stdout, messages on stderr, JSON on request.

A command is a function that returns an :class:`Answer`; :func:`command` gives
it ``--json``, opens the memory and prints what it returned.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click

from kagura_git.cli.reading import file_text, text_argument
from kagura_git.config.environment import frozen
from kagura_git.errors import KaguraError
from kagura_git.model.printable import in_brief, indented, json_text, one_line, printable

if TYPE_CHECKING:
    from kagura_git.memory import SyncCodingMemory


@dataclass(frozen=True)
class Answer:
    """What a command found: the JSON document, and the same as lines for a person."""

    data: Any
    lines: Iterable[str] = field(default=())
    code: int = 0


class App:
    """What a command works with: the folder and environment it was called in, and the memory."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.environ = frozen()
        self._memory: SyncCodingMemory | None = None

    @property
    def memory(self) -> SyncCodingMemory:
        """The memory of the repository around the folder."""
        if self._memory is None:
            from kagura_git.memory import SyncCodingMemory

            self._memory = SyncCodingMemory(
                self.folder,
                user_id=self.environ.get("KAGURA_USER_ID") or None,
                project_id=self.environ.get("KAGURA_PROJECT_ID") or None,
                environ=self.environ,
            )
            problem = self._memory.ws.settings.problem
            if problem is not None:  # reading goes on; whatever writes will say so again
                note(f"{problem.where}: {problem.message}; the defaults are used to read")
        return self._memory


def command(
    group: click.Group | None = None, name: str | None = None, **settings: Any
) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a click command of a function ``(app, **parameters) -> Answer``."""

    def decorate(function: Callable[..., Answer]) -> click.Command:
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
        @click.pass_context
        @wraps(function)
        def run(ctx: click.Context, /, as_json: bool, **parameters: Any) -> int:
            answer = function(App(ctx.find_root().obj), **parameters)
            if as_json:
                print_json(answer.data, indent=2)
            else:
                for line in answer.lines:
                    click.echo(_coloured(line))
            sys.stdout.flush()
            return answer.code

        make = group.command if group is not None else click.command
        made: click.Command = make(name or function.__name__.rstrip("_"), **settings)(run)
        return made

    return decorate


_STYLE: Final = re.compile("\x00([bdgry])(.*?)\x00/", re.DOTALL)
_STYLES: Final[dict[str, dict[str, Any]]] = {
    "b": {"bold": True},
    "d": {"dim": True},
    "g": {"fg": "green"},
    "r": {"fg": "red"},
    "y": {"fg": "yellow"},
}


def styled(style: str, text: str) -> str:
    """Mark a text as bold, dim, green, red or yellow (``b d g r y``); it is made printable."""
    return f"\x00{style}{printable(text)}\x00/"


def _coloured(line: str) -> str:
    parts = []
    last = 0
    for match in _STYLE.finditer(line):
        # What is marked is made printable again: a record may hold the marks themselves.
        shown = click.style(printable(match[2]), **_STYLES[match[1]])
        parts += [printable(line[last : match.start()]), shown]
        last = match.end()
    return "".join([*parts, printable(line[last:])])


def print_json(data: Any, indent: int | None = None) -> None:
    """Print one JSON document, UTF-8 whatever the terminal's own encoding is."""
    print(document(data, indent))


def document(data: Any, indent: int | None = None) -> str:
    """Return one JSON document as the terminal can show it."""
    import msgspec

    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json_text(data, ascii_only=not utf8)
    if indent is None:
        return text
    try:  # json itself indents slowly: a second for what a large review says
        return msgspec.json.format(text, indent=indent)
    except msgspec.DecodeError:  # what Python takes for JSON and nobody else does
        return json_text(data, indent=indent, ascii_only=not utf8)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a callback ``(done, total)`` that draws a bar on a terminal, nothing elsewhere.

    With the bar stand how many are done each second, and the time that remains.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        "{task.fields[rate]}",
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task: Any = None

        def draw(done: int, total: int) -> None:
            nonlocal task
            if task is None:
                task = bar.add_task(title, total=total, rate="")
            bar.update(task, completed=done, total=total)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:,.0f}/s" if speed else "")

        yield draw


def note(text: str) -> None:
    """Say something to the person on stderr."""
    print(printable(text), file=sys.stderr)


__all__ = [
    "Answer",
    "App",
    "KaguraError",
    "command",
    "document",
    "file_text",
    "in_brief",
    "indented",
    "note",
    "one_line",
    "print_json",
    "printable",
    "progress",
    "styled",
    "text_argument",
]
