"""Write the help texts of all commands into README.md; ``--check`` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kagura_git.cli.app import cli

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- help -->\n", "<!-- /help -->"


def block() -> str:
    """Return one line a command, in the order of ``--help``."""
    lines = ["| command | what it does |", "|---|---|"]
    context = click.Context(cli, info_name="git kagura")
    for name in cli.list_commands(context):
        lines += _rows(cli.get_command(context, name), f"git kagura {name}", context)
    return "\n".join(lines) + "\n"


def _rows(command: click.Command | None, path: str, parent: click.Context) -> list[str]:
    if command is None or command.hidden:
        return []
    context = click.Context(command, info_name=path.rsplit(" ", 1)[-1], parent=parent)
    if isinstance(command, click.Group):
        children = (
            (name, command.get_command(context, name)) for name in command.list_commands(context)
        )
        return [row for name, child in children for row in _rows(child, f"{path} {name}", context)]
    words = [path]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            words.append(parameter.make_metavar(context))
        elif isinstance(parameter, click.Option) and _told(parameter):
            words.append(_option(parameter, context))
    usage = " ".join(words).replace("|", "\\|")
    return [f"| `{usage}` | {command.get_short_help_str(200)} |"]


def _told(option: click.Option) -> bool:
    return not option.hidden and option.name != "as_json"


def _option(option: click.Option, context: click.Context) -> str:
    name = "/".join([option.opts[-1], *option.secondary_opts])
    metavar = option.make_metavar(context).replace(" RANGE", "")
    text = name if option.is_flag else f"{name} {metavar}"
    return text if option.required else f"[{text}]" + ("…" if option.multiple else "")


def main() -> int:
    """Write or compare; returns 1 where the README is behind."""
    text = README.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    tail = rest[rest.index(END) :]
    wanted = f"{head}{BEGIN}{block()}{tail}"
    if "--check" in sys.argv:
        if wanted != text:
            print("README.md is behind the commands: run `make docs`", file=sys.stderr)
        return int(wanted != text)
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
