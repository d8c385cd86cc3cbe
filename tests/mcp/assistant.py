"""An assistant's side of the protocol, synchronous, in memory or over stdio."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

import mcp_types
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client

from kagura_git.mcp_server.server import build

ERAS = ("auto", "legacy")
MODERN = "2026-07-28"


class Assistant:
    """A client connected to a server in this process."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self.portal = portal
        self.client = client

    def raw(self, tool: str, arguments: dict[str, Any]) -> mcp_types.CallToolResult:
        """Call a tool and return the whole result."""
        return self.portal.call(partial(self.client.call_tool, tool, arguments))

    def soon(self, tool: str, **arguments: Any) -> Future[mcp_types.CallToolResult]:
        """Call a tool without waiting for it."""
        return self.portal.start_task_soon(partial(self.client.call_tool, tool, arguments))

    def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return its structure; a tool error fails the test."""
        result = self.raw(tool, arguments)
        assert not result.is_error, text_of(result)
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    def refused(self, tool: str, **arguments: Any) -> str:
        """Call a tool that must answer with an error; return what it said."""
        result = self.raw(tool, arguments)
        assert result.is_error, result.structured_content
        return text_of(result)

    def tools(self) -> list[mcp_types.Tool]:
        """List the tools."""
        return self.portal.call(self.client.list_tools).tools


def text_of(result: mcp_types.CallToolResult) -> str:
    """Return a result's text block."""
    (block,) = result.content
    assert isinstance(block, mcp_types.TextContent)
    return block.text


@contextmanager
def assistant(
    folder: str, environ: Mapping[str, str], era: str, elicit: Any = None
) -> Iterator[Assistant]:
    """Connect to a new server for a folder; ``elicit`` answers what the user is asked."""
    server = build(folder, environ, warm=False)
    client = Client(server, mode=era, elicitation_callback=elicit)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client) as connected:
        yield Assistant(portal, connected)


class Wire:
    """A server process, and its stdin and stdout as they are."""

    def __init__(self, command: list[str], cwd: str, env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.seen: list[bytes] = []
        self._number = 0

    def send(self, method: str, params: dict[str, Any] | None, *, notify: bool = False) -> None:
        """Write one message."""
        self._number += not notify
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        message |= {} if notify else {"id": self._number}
        message |= {} if params is None else {"params": params}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write a request and return its result; any other line on the wire fails the test."""
        self.send(method, params)
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.seen.append(line)
        answer: dict[str, Any] = json.loads(line)
        assert answer["jsonrpc"] == "2.0"
        assert answer.get("id") == self._number, answer
        assert "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def close(self, timeout: float = 200) -> tuple[str, str]:
        """Close stdin and return what was left on stdout, and all of stderr."""
        rest, said = self.process.communicate(timeout=timeout)
        return rest.decode(), said.decode()


@contextmanager
def wire(
    cwd: str, env: Mapping[str, str], *arguments: str, script: str | None = None
) -> Iterator[Wire]:
    """Start ``kagura_git mcp serve``, or a script in its place."""
    command = [sys.executable, "-m", "kagura_git", *arguments, "mcp", "serve"]
    if script is not None:
        command = [sys.executable, "-c", script, *arguments]
    opened = Wire(command, cwd, env)
    try:
        yield opened
    finally:
        if opened.process.poll() is None:
            opened.process.kill()
            opened.process.communicate()


def initialize(on: Wire) -> dict[str, Any]:
    """Do the handshake of the older era."""
    result = on.ask(
        "initialize",
        {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    )
    on.send("notifications/initialized", None, notify=True)
    return result


def modern(params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return parameters as the modern era sends them: every request says who asks."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return {**(params or {}), "_meta": meta}
