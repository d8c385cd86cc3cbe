"""The program as a person runs it, in this process, in a child that is measured, on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kagura_git.cli.app import run
from kagura_git.store import codec
from tests.git_repo import ROOT, Sandbox
from tests.record_strategies import decision
from tests.work import processor_seconds

# What we ourselves send a terminal: colours and weights, nothing else.
OUR_STYLES = re.compile("\x1b\\[[0-9;]*m")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_MEASURED = """
import sys
from kagura_git.cli.app import run
code = run(sys.argv[2:])
with open("/proc/self/status") as status:
    peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
with open(sys.argv[1], "w") as out:
    out.write(peak)
sys.exit(code)
"""
MONTH = ".kagura/decisions/2025-11"


class Done(NamedTuple):
    """What a child did: its exit code, its output, how long it took and what memory."""

    code: int
    out: bytes
    err: bytes
    seconds: float
    megabytes: float


class Program:
    """``git kagura`` in one repository; whatever it is given, it never shows a bug."""

    def __init__(self, box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
        self.box = box
        self.capsys = capsys
        self.code = 0
        self.err = ""

    def __call__(self, *args: str) -> str:
        """Run it in this process and return its stdout."""
        self.capsys.readouterr()
        self.code = run(["-C", str(self.box.top), *args])
        out, self.err = self.capsys.readouterr()
        said = ascii(self.err[:2000])
        assert self.code in (0, 1, 2), said
        assert "Traceback" not in self.err, said
        (out + self.err).encode()  # no half of a character on its way out
        return out

    def ok(self, *args: str) -> str:
        """Run it; a refusal fails the test."""
        out = self(*args)
        assert self.code == 0, ascii(self.err[:2000])
        return out

    def refused(self, *args: str) -> str:
        """Run it; it must end with one clear error, which is returned."""
        self(*args)
        assert self.code in (1, 2), "not refused"
        assert self.err.startswith("error: "), ascii(self.err[:500])
        assert len(self.err) < 3000
        return self.err

    def json(self, *args: str) -> Any:
        """Run it with ``--json`` and return the one document on its stdout."""
        at = args.index("--") if "--" in args else len(args)
        out = self(*args[:at], "--json", *args[at:])
        assert not CONTROL.search(out)
        return json.loads(out)

    def child(self, *args: str, stdin: Path | None = None) -> Done:
        """Run it in a process of its own, measured."""
        peak = self.box.top.parent / "peak"
        command = [sys.executable, "-c", _MEASURED, str(peak), "-C", str(self.box.top), *args]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        started = processor_seconds()
        with open(stdin or os.devnull, "rb") as given:
            done = subprocess.run(command, stdin=given, env=env, capture_output=True, check=False)
        seconds = processor_seconds() - started
        assert b"Traceback" not in done.stderr, done.stderr[-2000:]
        megabytes = int(peak.read_text()) / 1024
        return Done(done.returncode, done.stdout, done.stderr, seconds, megabytes)


def on_a_terminal(command: list[str], cwd: Path, env: dict[str, str]) -> str:
    """Run a command whose stdout and stderr are a terminal; return what the terminal was sent.

    Colours of ours are taken out; any other control fails the test.
    """
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        command, cwd=cwd, env={**env, "TERM": "xterm-256color"}, stdin=theirs, stdout=theirs,
        stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    sent = bytearray()
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the terminal's other end is closed
            break
        if not piece:
            break
        sent += piece
    os.close(ours)
    child.wait(60)
    text = OUR_STYLES.sub("", bytes(sent).replace(b"\r\n", b"\n").decode("utf-8"))
    found = CONTROL.search(text)
    assert found is None, ascii(text[max(0, found.start() - 80) : found.end() + 20])
    return text


def record(number: int, **more: Any) -> bytes:
    """Return the bytes of a good decision, signed long ago."""
    return codec.dumps(decision(id=f"D-{number:08}", **more))


def plant(box: Sandbox, data: bytes, number: int = 2) -> str:
    """Put a file where a record belongs; returns its path."""
    path = f"{MONTH}/D-{number:08}-x.yaml"
    box.write(path, data)
    return path
