"""A lock holds among processes, with flock or without, and outlives no process."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kagura_git import atomic, lock_file
from kagura_git.errors import KaguraError

REFUSALS = [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL]


@pytest.fixture(params=[None, *REFUSALS])
def lock(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lock on a file system with locks, or one whose flock fails with an error."""
    if request.param is not None:
        without_flock(monkeypatch, request.param)
    return str(tmp_path / "lock")


def without_flock(monkeypatch: pytest.MonkeyPatch, number: int = errno.ENOLCK) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_one_holds_it_at_a_time(lock: str) -> None:
    release = lock_file.acquire(lock, 0)
    with pytest.raises(lock_file.Held):
        lock_file.acquire(lock, 0)
    release()
    lock_file.acquire(lock, 0)()


def test_many_threads_count_without_loss(lock: str) -> None:
    count = [0]

    def add() -> None:
        for _ in range(20):
            with atomic.locked(lock, 60):
                before = count[0]
                os.sched_yield()
                count[0] = before + 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == [80]


def test_a_lock_file_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_flock(monkeypatch)
    with atomic.locked(str(tmp_path / "lock"), 1):
        assert sorted(os.listdir(tmp_path)) == ["lock", f"lock{lock_file.FALLBACK}"]
    assert os.listdir(tmp_path) == ["lock"]


def test_it_works_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_flock(monkeypatch)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links")

    monkeypatch.setattr(os, "link", refuse)
    test_one_holds_it_at_a_time(str(tmp_path / "lock"))


def test_a_lock_file_of_a_process_that_was_killed_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "lock")
    code = (
        "import os, signal, sys; from kagura_git import lock_file; "
        f"lock_file._by_file({path + lock_file.FALLBACK!r}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert os.path.exists(path + lock_file.FALLBACK)
    without_flock(monkeypatch)
    lock_file.acquire(path, 0)()


@pytest.mark.parametrize(
    ("changed", "taken"),
    [
        ({"boot": "another"}, True),
        ({"started": "1"}, True),  # the number belongs to another process now
        ({}, False),
        ({"machine": "elsewhere", "process": "999999999"}, False),
        ({"space": "pid:[1]", "process": "999999999"}, False),
        ({"boot": "", "process": "999999999"}, False),
        ({"process": "-1"}, False),
    ],
)
def test_only_a_proof_takes_a_lock_file_from_its_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], taken: bool
) -> None:
    without_flock(monkeypatch)
    path = str(tmp_path / "lock")
    holder = lock_file._this()._replace(**changed)
    Path(path + lock_file.FALLBACK).write_text("\n".join((*holder, "")))
    if taken:
        lock_file.acquire(path, 0)()
        return
    with pytest.raises(KaguraError) as raised, atomic.locked(path, 0):
        pass
    assert raised.value.where == path + lock_file.FALLBACK
    assert holder.machine in raised.value.hint
    assert "delete this file" in raised.value.hint


def test_a_lock_file_that_says_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_flock(monkeypatch)
    path = str(tmp_path / "lock")
    Path(path + lock_file.FALLBACK).write_bytes(b"\xff torn")
    with pytest.raises(KaguraError, match="for over") as raised, atomic.locked(path, 0):
        pass
    assert "is not known" in raised.value.hint


def test_a_process_killed_while_it_took_a_lock_over_blocks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_flock(monkeypatch)
    path = str(tmp_path / "lock")
    gone = "\n".join((*lock_file._this()._replace(boot="another"), ""))
    for end in ("", ".break"):
        Path(path + lock_file.FALLBACK + end).write_text(gone)
    lock_file.acquire(path, 5)()
    assert os.listdir(tmp_path) == ["lock"]
