"""The question on a real terminal, and what Ctrl-C does to a call."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from provider import Answer, Provider

from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup
from tests.work import wait_until

ESCAPE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
SAID = json.dumps(
    {"what": ["It adds."], "why": [], "problems": [], "decisions": [], "open_ends": [],
     "recommendations": []}
)  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
    memory = SyncCodingMemory(top)
    setup.init(memory.ws.repo, with_hooks=False)
    memory.start_coding_session("Let the cart add")
    monkeypatch.setenv("CODING_MEMORY_MODEL", "gpt-5-mini")
    monkeypatch.setenv("CODING_MEMORY_COST_THRESHOLD", "0")
    monkeypatch.setenv("TERM", "xterm")
    return top


def at_a_terminal(top: Path, answer: bytes) -> tuple[str, int]:
    """Run ``session end`` with a terminal as its standard streams, and answer its question."""
    pid, terminal = pty.fork()
    if pid == 0:
        argv = [sys.executable, "-m", "kagura_git", "-C", str(top), "session", "end"]
        os.execv(sys.executable, argv)
    seen, answered = b"", False
    while True:
        try:
            data = os.read(terminal, 65_536)
        except OSError:
            break
        if not data:
            break
        seen += data
        if b"[y/N] " in ESCAPE.sub(b"", seen) and not answered:
            answered = True
            os.write(terminal, answer)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    shown = ESCAPE.sub(b"", seen).decode("utf-8", "replace")
    return shown, os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize(
    ("answer", "calls"), [(b"y\n", 1), (b"yes\n", 1), (b"n\n", 0), (b"\n", 0), (b"\x04", 0)]
)
def test_the_question_shows_the_price_and_silence_is_no(
    provider: Provider, shop: Path, answer: bytes, calls: int
) -> None:
    provider.says(SAID)
    shown, code = at_a_terminal(shop, answer)
    assert code == 0
    assert "Approval required" in shown
    assert "Estimated cost: $0.0" in shown
    assert "Model: gpt-5-mini" in shown
    assert len(provider.asked) == calls
    assert ("It adds." in shown) == bool(calls)


def test_ctrl_c_ends_a_call_and_the_session_is_safe(provider: Provider, shop: Path) -> None:
    provider.says(Answer(SAID, slow=600))
    environ = {**os.environ, "CODING_MEMORY_AUTO_APPROVE": "true"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kagura_git", "-C", str(shop), "session", "end"],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: provider.asked)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in out + err
    ended = SyncCodingMemory(shop).list_sessions()[0]
    assert ended["ended_at"]
    assert "Nothing was recorded" in ended["summary"]
