"""The click group: commands by name, loaded on demand, and the handling of errors.

Exit codes: 0 ok, 1 a user error or a finding, 2 usage, 3 a bug, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import traceback
from typing import Any, Final

import click

from kagura_git.cli import streams
from kagura_git.errors import KaguraError
from kagura_git.version import __version__

# name: (module below kagura_git.cli, attribute, one line for --help)
_COMMANDS: Final[dict[str, tuple[str, str, str]]] = {
    "init": ("setup", "init", "Set this repository up; prints everything it changes."),
    "uninstall": ("setup", "uninstall", "Take every change of init back; records stay."),
    "doctor": ("doctor", "doctor", "Check hooks, notes, records, merges and index; --fix mends."),
    "session": ("session", "session", "Start, end and look at sessions of work."),
    "decision": ("decision", "decision", "Record decisions and review them."),
    "error": ("error", "error", "Record errors, solve them, find them again."),
    "change": ("change", "change", "Say why a file is being changed."),
    "search": ("find", "search", "Find records by words and by meaning."),
    "show": ("find", "show", "Print one record."),
    "log": ("history", "log", "Show commits with their reasons and decisions."),
    "why": ("history", "why", "Tell why a file or a line is as it is."),
    "review": ("review", "review", "Show what a branch decides, and whether that fits."),
    "pr": ("pull_request", "pr", "Write a pull request's text from what was recorded."),
    "import": ("exchange", "import_", "Read decisions from the files they were written in."),
    "export": ("exchange", "export", "Write decisions as MADR files, or records as JSON or CSV."),
    "relink": ("relink", "relink", "Find lost links of commits again after a rewrite."),
    "recover": ("recover", "recover", "List records that git has lost, bring them back."),
    "context": ("understand", "context", "Sum the project up for an assistant."),
    "patterns": ("understand", "patterns", "Show habits, measured from history."),
    "picture": ("picture", "picture", "Read a diagram, or code, from a picture."),
    "llm": ("spending", "llm", "Tell what a use of a language model would cost."),
    "costs": ("spending", "costs", "Show what language models have cost."),
    "index": ("index", "index", "Look at the search index, refresh or rebuild it."),
    "model": ("index", "model", "Look at the embedding model, fetch it."),
    "sync": ("sync", "sync", "Exchange notes with a remote: why files changed."),
    "mcp": ("mcp", "mcp", "Serve the memory to assistants (MCP)."),
    "hook": ("setup", "hook", ""),
    "merge-driver": ("setup", "merge_driver", ""),
    "run-hook": ("setup", "run_hook", ""),
    "before-push": ("sync", "before_push", ""),
    "after-merge": ("after_merge", "after_merge", ""),
}


class Lazy(click.Group):
    """A group that imports a command only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [name for name, (_, _, help_) in _COMMANDS.items() if help_]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, imported now."""
        found = _COMMANDS.get(cmd_name)
        if found is None:
            return None
        module = importlib.import_module(f"kagura_git.cli.{found[0]}")
        command: click.Command = getattr(module, found[1])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, help_) for n, (_, _, help_) in _COMMANDS.items() if help_])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest name for one that is not known."""
        name = args[0] if args else ""
        if name not in _COMMANDS and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, _COMMANDS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"no command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=False,
)
@click.option("-C", "folder", metavar="DIR", help="Run as if started in DIR.")
@click.version_option(__version__, prog_name="kagura-git")
@click.pass_context
def cli(ctx: click.Context, folder: str | None) -> None:
    """Git-native memory for AI coding assistants.

    Git remembers what changed; this remembers why, what broke, and how it was
    fixed, in the same repository. Start with `git kagura init`.
    """
    ctx.obj = os.path.abspath(folder) if folder else os.getcwd()
    if folder and not os.path.isdir(folder):
        raise KaguraError(f"no such folder: {folder}", where="-C")


def run(argv: list[str]) -> int:
    """Run the program with these arguments and return its exit code."""
    try:
        code = _run(argv)
    except streams.StdoutError as error:  # of an error's own text
        return _unwritten(error)
    failed = streams.flush()
    return code if failed is None else _unwritten(failed)


def _run(argv: list[str]) -> int:
    as_json = "--json" in argv
    try:
        result = cli.main(args=argv, prog_name=_program(), standalone_mode=False)
        return result if isinstance(result, int) else 0
    except streams.StdoutError:
        raise
    except KaguraError as error:
        return _fail(as_json, error.message, error.hint, error.where, error.exit_code)
    except click.UsageError as error:
        hint = f"Try `{error.ctx.command_path} --help`." if error.ctx else ""
        return _fail(as_json, _shortened(error.format_message()), hint, "", 2)
    except click.ClickException as error:
        return _fail(as_json, _shortened(error.format_message()), "", "", 1)
    except click.exceptions.Exit as done:
        return done.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("\ninterrupted", file=sys.stderr)
        return 130
    except MemoryError:
        return _fail(as_json, "out of memory", "", "", 1)
    except Exception as error:  # noqa: BLE001 - the edge: a bug becomes one line and a log
        return _bug(as_json, error)


def _shortened(message: str) -> str:
    """Return a message of click without the rest of endless words, such as 5,000 digits."""
    return re.sub(r"(\S{60})\S{60,}", r"\1...", message)


def _unwritten(error: streams.StdoutError) -> int:
    """Report an answer that stdout did not take; quiet where the reader (`head`) has gone."""
    if error.reader_gone:
        return streams.READER_GONE
    return _fail(False, error.message, "", error.where, error.exit_code)


def _program() -> str:
    # `git kagura` runs `git-kagura`.
    name = os.path.basename(sys.argv[0])
    return "git kagura" if name.startswith("git-kagura") else "kagura-git"


def _fail(as_json: bool, message: str, hint: str, where: str, code: int) -> int:
    if as_json:
        told: dict[str, Any] = {"message": message, "hint": hint, "where": where}
        from kagura_git.cli.output import print_json

        print_json({"error": told})
    else:
        from kagura_git.model.printable import indented

        place = f"{where}: " if where else ""
        print(indented(f"error: {place}{message}"), file=sys.stderr)
        if hint:
            print(f"  {indented(hint)}", file=sys.stderr)
    return code


def _bug(as_json: bool, error: Exception) -> int:
    import platformdirs

    from kagura_git import permissions
    from kagura_git.model.redact import redact

    folder = platformdirs.user_state_dir("kagura-git")
    path = os.path.join(folder, "error.log")
    trace = redact("".join(traceback.format_exception(error)))[0]
    called = " ".join(_without_values(sys.argv[1:]))
    try:
        permissions.make_folder(folder)
        _write_private(path, f"kagura-git {__version__}, Python {sys.version}\n{called}\n{trace}")
        hint = f"Please report it with {path}."
    except OSError:
        hint = trace
    message = redact(f"a bug in kagura-git: {type(error).__name__}: {error}")[0]
    return _fail(as_json, message, hint, "", 3)


def _without_values(argv: list[str]) -> list[str]:
    """Return the command and the names of its options; what was said in them may be secret."""
    shown = []
    for argument in argv:
        option = argument.startswith("--") and argument.partition("=")[0]
        shown.append(option or (argument if argument in _COMMANDS else "..."))
    return shown


def _write_private(path: str, text: str) -> None:
    """Write a file that its owner alone may read, also where it was readable before."""
    from kagura_git import permissions

    descriptor = permissions.open_file(path, os.O_WRONLY | os.O_TRUNC)
    permissions.set_mode(descriptor, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
