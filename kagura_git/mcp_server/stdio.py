"""JSON-RPC lines on stdin and stdout, for messages that the SDK's own transport drops unanswered.

A line that no JSON parser of the SDK takes (half a surrogate pair, a number of 5,000 digits) is
mended where it can be and refused with a JSON-RPC error where not: a client that gets no answer
waits forever. A client that has gone away ends the server without a traceback.
"""

from __future__ import annotations

import errno
import json
import os
import re
import select
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final, cast

import anyio
import anyio.from_thread
import anyio.to_thread
import mcp_types
from anyio.lowlevel import EventLoopToken, current_token
from mcp.server.stdio import stdio_server
from pydantic import ValidationError

from kagura_git.errors import KaguraError
from kagura_git.model.printable import whole_characters

_PIECE: Final = 1024 * 1024
_LONGEST_NUMBER: Final = 1000
_PARSE_ERROR: Final = -32700
_INVALID_REQUEST: Final = -32600
_ID: Final = r'"id"\s*:\s*(-?\d{1,18}|"(?:[^"\\]|\\.){0,200}")'
_ID_FIRST: Final = re.compile(r'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID)
_ID_LAST: Final = re.compile(r",\s*" + _ID + r"\s*\}\s*\Z")


class Wire:
    """The two ends of the protocol, as the files that ``stdio_server`` reads and writes.

    While it serves, descriptor 0 is /dev/null and 1 is stderr: what a library prints, or a child
    process, stays out of the protocol.

    Attributes:
        failed: the error of the write that ended the server.
    """

    def __init__(self) -> None:
        self.failed: OSError | None = None
        self._in, self._out = _taken(0, os.open(os.devnull, os.O_RDONLY)), _taken(1, os.dup(2))
        self._lock = anyio.Lock()
        self._send, self._lines = anyio.create_memory_object_stream[str](0)

    async def run(self, server: Any) -> None:
        """Serve until stdin ends or the client no longer reads."""
        reader = threading.Thread(target=self._read, args=(current_token(),), daemon=True)
        reader.start()
        files = cast(Any, self)
        async with stdio_server(files, files) as (read_stream, write_stream):
            await server.run(read_stream, write_stream, server.create_initialization_options())

    def check(self) -> None:
        """Raise ``KaguraError`` if the answers could not be written though the client is there."""
        error = self.failed
        if error is not None and error.errno not in (errno.EPIPE, errno.ECONNRESET):
            raise KaguraError(
                f"the client cannot be answered: {error.strerror or error}", where="stdout"
            )

    def _read(self, token: EventLoopToken) -> None:
        """Hand the lines of stdin to the event loop, from a thread that nothing waits for."""
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, RuntimeError):
            for line in _lines(self._in):
                anyio.from_thread.run(self._send.send, line, token=token)
            anyio.from_thread.run(self._send.aclose, token=token)

    async def __aiter__(self) -> AsyncIterator[str]:
        async for line in self._lines:
            message = _message(line)
            if isinstance(message, str):
                yield message
            elif message is not None:
                await self.write(json.dumps(message) + "\n")

    async def write(self, text: str) -> None:
        """Write one message; of a client that has gone away, end the reading too."""
        async with self._lock:
            if self.failed is None:
                await anyio.to_thread.run_sync(self._write, text.encode("utf-8", "replace"))
            if self.failed is not None:
                self._send.close()

    async def flush(self) -> None:
        """Do nothing: every message is written at once."""

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._out, left) :]
            except BlockingIOError:  # a pipe that does not block, and is full
                select.select([], [self._out], [])
            except OSError as error:
                self.failed = error
                return


def _taken(descriptor: int, other: int) -> int:
    """Return a private copy of a standard descriptor, which becomes another one."""
    private = os.dup(descriptor)
    os.dup2(other, descriptor)
    os.close(other)
    return private


def _lines(descriptor: int) -> Any:
    pieces: list[bytes] = []
    while piece := _piece(descriptor):
        *whole, rest = piece.split(b"\n")
        for line in whole:
            yield b"".join([*pieces, line]).decode("utf-8", "replace")
            pieces = []
        pieces.append(rest)
    if last := b"".join(pieces):
        yield last.decode("utf-8", "replace")


def _piece(descriptor: int) -> bytes:
    while True:
        try:
            return os.read(descriptor, _PIECE)
        except BlockingIOError:
            select.select([descriptor], [], [])
        except OSError:  # a terminal that was closed
            return b""


def _message(line: str) -> str | dict[str, Any] | None:
    """Return a line that the SDK can parse, else the error that answers it; None for no answer."""
    if not line.strip():
        return None
    if _problem(line) is None:
        return line
    try:
        mended = _mended(line)
    except RecursionError:
        return _refused(line, _PARSE_ERROR, "nested too deeply")
    except ValueError as error:
        return _refused(line, _PARSE_ERROR, f"not valid JSON: {error}")
    wrong = _problem(mended)
    if wrong is None:
        return mended
    return _refused(line, _INVALID_REQUEST, wrong) if '"id"' in line else None


def _problem(line: str) -> str | None:
    try:
        mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError as error:
        return "no JSON-RPC message" if "json_invalid" not in str(error) else "not valid JSON"
    return None


def _mended(line: str) -> str:
    """Return a JSON text with U+FFFD for half a surrogate pair, and text for endless numbers."""
    data = json.loads(line, parse_int=_whole)
    return whole_characters(json.dumps(data, ensure_ascii=False))


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def _refused(line: str, code: int, message: str) -> dict[str, Any]:
    found = _ID_FIRST.match(line) or _ID_LAST.search(line[-400:])
    request = json.loads(found[1]) if found else None
    return {"jsonrpc": "2.0", "id": request, "error": {"code": code, "message": message}}
