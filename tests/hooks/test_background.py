"""What hooks start behind git's back: one at a time, apart from everything, gone after a minute."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from git_repo import ROOT, Sandbox
from kagura_box import set_up

from kagura_git.cli import background
from kagura_git.git import shims
from kagura_git.services import setup
from tests.work import wait_until

COMMAND = [sys.executable, "-m", "kagura_git.cli.background"]


def refresh(box: Sandbox) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "-C", str(box.top), "index", "refresh", "--background", "--json"],
        env=box.env, cwd=ROOT, capture_output=True, text=True, check=True, timeout=200,
    )  # fmt: skip


def test_while_another_one_works_a_refresh_ends_at_once(kagura: Sandbox) -> None:
    lock = kagura.write(".git/kagura/refresh.lock", "")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert json.loads(refresh(kagura).stdout) == {"skipped": "another refresh is running"}
    assert json.loads(refresh(kagura).stdout)["records"] == 0


def test_the_lock_is_held_until_the_process_ends(kagura: Sandbox) -> None:
    program = (
        "import sys, time\n"
        "from kagura_git.cli.background import first_in_background\n"
        "from kagura_git.cli.output import App\n"
        f"print(first_in_background(App({str(kagura.top)!r})), flush=True)\n"
        "time.sleep(60)\n"
    )
    with started([sys.executable, "-c", program], kagura) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "True\n"
        assert "skipped" in json.loads(refresh(kagura).stdout)
    assert "records" in json.loads(refresh(kagura).stdout)


class started:
    """Run a program for the time of a block."""

    def __init__(self, command: list[str], box: Sandbox) -> None:
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=box.env, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> subprocess.Popen[str]:
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


HANGS = {
    "in Python": "time.sleep(600)",
    "in foreign code that lets no thread run": "ctypes.PyDLL(None).sleep(600)",
}


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS.keys())
def test_nothing_stays_after_the_time_that_is_set(box: Sandbox, hang: str) -> None:
    assert background.SECONDS <= 60
    program = (
        "import ctypes, signal, subprocess, time\n"
        "from kagura_git.cli import background\n"
        "background.SECONDS, background._GROUP_SECONDS = 2, 1\n"
        "background.keep_short()\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "print(child.pid, flush=True)\n"
        f"{hang}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env=box.env, stdout=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN),
    )  # fmt: skip
    assert process.stdout is not None
    child = int(process.stdout.readline())
    assert process.wait() < 0
    if "PyDLL" in hang:
        os.kill(child, signal.SIGKILL)  # only the process itself could be ended
    wait_until(lambda: ended(child))


def ended(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"  # its parent has not looked yet


@pytest.fixture
def slow(box: Sandbox, tmp_path: Path) -> Iterator[Sandbox]:
    """A repository whose hooks start a program that runs for a while, and writes down its pid."""
    set_up(box)
    program = box.script(
        tmp_path / "python", f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n"
    )
    setup.init(box.repo, program=shims.Program(str(program), str(ROOT), "0"))
    box.write(".git/kagura/index/marks", "")
    box.commit("other", a="1\n")
    yield box
    pid = tmp_path / "pid"
    if pid.exists():
        os.kill(int(pid.read_text()), signal.SIGKILL)


def pid_of(box: Sandbox) -> int:
    path = box.top.parent / "pid"
    return int(wait_until(lambda: path.exists() and path.read_text()))


def test_who_reads_git_s_output_to_its_end_does_not_wait(slow: Sandbox) -> None:
    slow.run("checkout", "-q", "HEAD~1")
    process = Path(f"/proc/{pid_of(slow)}")
    # Until then the shell holds its script. It still runs: git did not wait for it.
    wait_until(lambda: (process / "comm").read_text() == "sleep\n")
    assert {os.readlink(path) for path in (process / "fd").iterdir()} == {"/dev/null"}


def test_a_script_s_own_lock_is_free_when_the_script_has_ended(slow: Sandbox) -> None:
    lock = slow.top.parent / "lock"
    script = f"exec 9> '{lock}'; flock 9; git checkout -q HEAD~1"
    subprocess.run(["bash", "-c", script], cwd=slow.top, env=slow.env, check=True)
    assert pid_of(slow)
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_terminal_that_is_closed_does_not_end_it(slow: Sandbox) -> None:
    slow.run("checkout", "-q", "HEAD~1")
    pid = pid_of(slow)
    assert os.getsid(pid) == pid
    assert os.getsid(pid) != os.getsid(0)


def test_every_high_descriptor_is_closed_too(kagura: Sandbox) -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)
    process = subprocess.Popen(
        [*COMMAND, "-C", str(kagura.top), "index", "refresh", "--background"],
        env=kagura.env, cwd=ROOT, close_fds=False, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read, "rb") as end:
        assert end.read() == b""  # at its end: nobody holds the other side
    assert process.wait(timeout=200) == 0
