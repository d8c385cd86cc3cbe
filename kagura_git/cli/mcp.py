"""``git kagura mcp``: start the server, print the configuration of an assistant."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any, Final

import click

from kagura_git.cli.output import Answer, App, command, note
from kagura_git.errors import KaguraError
from kagura_git.model.printable import json_text

_NAME: Final = "kagura"
# client: (its file, the key above the servers)
_CLIENTS: Final = {
    "claude": (".mcp.json", "mcpServers"),
    "cursor": (".cursor/mcp.json", "mcpServers"),
    "vscode": (".vscode/mcp.json", "servers"),
    "codex": ("~/.codex/config.toml", "mcp_servers"),
}


@click.group()
def mcp() -> None:
    """Serve the memory to assistants over the Model Context Protocol."""


@mcp.command()
@click.pass_context
def serve(ctx: click.Context) -> int:
    """Serve on stdin and stdout until stdin closes.

    The repository is that of -C DIR, else of KAGURA_REPO, else of the current folder.
    """
    root = ctx.find_root()
    folder = str(root.obj)
    if not root.params.get("folder") and os.environ.get("KAGURA_REPO"):
        folder = os.path.abspath(os.path.expanduser(os.environ["KAGURA_REPO"]))
    # Importing the SDK builds some 550 models; the collector finds nothing to free among them.
    import gc

    gc.disable()
    from kagura_git.mcp_server.server import serve as run

    gc.freeze()
    gc.enable()
    run(folder)
    return 0


@command(mcp)
@click.option(
    "--client", type=click.Choice(list(_CLIENTS)), default="claude", show_default=True,
    help="The assistant to print it for.",
)  # fmt: skip
def config(app: App, client: str) -> Answer:
    """Print what an assistant's configuration needs to start the server here."""
    from kagura_git.git.run import named_repository

    program, *first = _program()
    top = app.memory.ws.repo.top
    if not top.isascii() and any("\ud800" <= sign <= "\udfff" for sign in top):
        raise KaguraError(
            "this folder's name is not UTF-8; an assistant's configuration cannot hold it",
            hint="Start the server with this folder as its current one, or rename the folder.",
            where=top,
        )
    arguments = [*first, "-C", top, "mcp", "serve"]
    file, key = _CLIENTS[client]
    entry: dict[str, Any] = {"command": program, "args": arguments}
    # A repository that the folder does not lead to (GIT_DIR, core.worktree) is named.
    if named := named_repository(app.memory.ws.repo.git.env):
        entry["env"] = named
    if client == "codex":
        text = "\n".join(
            [f"[{key}.{_NAME}]", *(f"{name} = {_toml(value)}" for name, value in entry.items())]
        )
    else:
        if client in ("claude", "vscode"):
            entry = {"type": "stdio", **entry}
        text = json_text({key: {_NAME: entry}}, indent=2)
    note(f"for {file}:")
    data = {"client": client, "file": file, "config": {key: {_NAME: entry}}, "text": text}
    return Answer(data, text.splitlines())


def _program() -> list[str]:
    """Return how to start this very program from anywhere."""
    called = os.path.abspath(sys.argv[0])
    if os.path.basename(called) in ("git-kagura", "kagura-git") and os.access(called, os.X_OK):
        return [called]
    beside = os.path.join(os.path.dirname(sys.executable), "git-kagura")
    found = beside if os.access(beside, os.X_OK) else shutil.which("git-kagura")
    if found:
        return [os.path.abspath(found)]
    if not sys.executable:
        raise KaguraError("git-kagura is not on PATH", hint="Install kagura-git, then try again.")
    return [sys.executable, "-P", "-m", "kagura_git"]


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + " }"
    # A JSON string or list of strings is a TOML one too.
    return json_text(value)
