"""Processes that answer lines of JSON: a driver of ours, or an MCP server over stdio."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Failed(Exception):
    """A memory could not do what was asked of it; the message says why."""


class Wire:
    """A child process, one request and one answer at a time."""

    def __init__(self, argv: list[str], env: Mapping[str, str], log: Path, limit: float) -> None:
        self.limit = limit
        self.number = 0
        self.log = log
        self._rest = b""
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                argv, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                cwd=log.parent,
            )  # fmt: skip

    def send(self, message: dict[str, Any]) -> None:
        """Write one line."""
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(self._last_words()) from None

    def read(self) -> dict[str, Any]:
        """Wait for one line that is an object."""
        assert self.process.stdout
        end = time.monotonic() + self.limit
        pieces = [self._rest]
        while b"\n" not in pieces[-1]:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failed(f"no answer in {self.limit:.0f} s")
            piece = os.read(self.process.stdout.fileno(), 1 << 20)
            if not piece:
                raise Failed(self._last_words())
            pieces.append(piece)
        line, _, self._rest = b"".join(pieces).partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def memory(self) -> float:
        """Return the resident memory of the process and its children, in MiB."""
        total, waiting = 0, [self.process.pid]
        while waiting:
            pid = waiting.pop()
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            except OSError:
                continue
            total += sum(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmRSS"))
            waiting += map(int, children.split())
        return total / 1024

    def close(self) -> None:
        """Close its stdin and wait for the end; what does not end is killed."""
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()

    def _last_words(self) -> str:
        self.process.wait(5)
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f"it ended: {lines[-1] if lines else self.process.returncode}"


class Driver(Wire):
    """A script of ours in a memory's own environment."""

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """Send a request and return the answer."""
        self.send({"do": do, **given})
        answer = self.read()
        if "error" in answer:
            raise Failed(answer["error"])
        return answer


class Server(Wire):
    """An MCP server."""

    def handshake(self) -> None:
        """Speak the handshake that hosts speak."""
        info = {"name": "benchmark", "version": "1"}
        self.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=info)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request and return its result; notifications in between are passed over."""
        self.number += 1
        self.send({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        answer = self.read()
        while answer.get("id") != self.number or "method" in answer:
            answer = self.read()
        if "error" in answer:
            raise Failed(str(answer["error"]["message"]))
        result: dict[str, Any] = answer["result"]
        return result

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return its structured answer, or the JSON in its text."""
        result = self.ask("tools/call", name=tool, arguments=arguments)
        text = result["content"][0]["text"] if result.get("content") else ""
        if result.get("isError"):
            raise Failed(text.splitlines()[0] if text else "the tool failed")
        structured: dict[str, Any] | None = result.get("structuredContent")
        return structured if structured is not None else {"text": text}
