"""Nobody ever meets half a file: not a reader, not after ``kill -9``, not on a full disk."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kagura_git import atomic
from kagura_git.store import codec
from kagura_git.store.files import RecordFiles
from tests.record_strategies import decision


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic.write(path, b"one")
    atomic.write(str(path), b"two", durable=False)
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a"]


def test_a_name_as_long_as_a_file_system_takes_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250 + ".yaml")
    atomic.write(path, b"x")
    assert path.read_bytes() == b"x"


def test_a_relative_path_counts_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    atomic.write("a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_fails_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a"
    atomic.write(path, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="no space"):
        atomic.write(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_durable_write_reaches_the_disk_before_and_after_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append("fsync") or fsync(fd))
    monkeypatch.setattr(os, "replace", lambda a, b: steps.append("replace") or replace(a, b))
    atomic.write(tmp_path / "a", b"x")
    assert steps == ["fsync", "replace", "fsync"]
    steps.clear()
    atomic.write(tmp_path / "b", b"x", durable=False)
    assert steps == ["replace"]


def test_a_file_is_created_once(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert atomic.create(path, b"one")
    assert not atomic.create(path, b"two")
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]


def create(path: Path, number: int, barrier: threading.Barrier, won: list[int]) -> None:
    barrier.wait()
    if atomic.create(path, b"%d" % number * 1000):
        won.append(number)


def test_of_many_creators_one_wins_and_its_content_stands(tmp_path: Path) -> None:
    for round_ in range(20):
        path = tmp_path / f"a{round_}"
        won: list[int] = []
        barrier = threading.Barrier(4)

        threads = [threading.Thread(target=create, args=(path, n, barrier, won)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert path.read_bytes() == b"%d" % won[0] * 1000


WRITER = """
import sys
from kagura_git.store import codec
from kagura_git.store.files import RecordFiles
from tests.record_strategies import decision
files = RecordFiles(sys.argv[1])
number = 0
while True:
    record = decision(id=f"D-0000000{number % 4}", rationale=f"{number}\\n" * 4000)
    files.write(files.place(record), codec.dumps(record), durable=number % 2 == 0)
    number += 1
    if number == 4:
        print("writing", flush=True)
"""


def test_kill_9_never_leaves_half_a_record(tmp_path: Path) -> None:
    """Eight writers are killed in mid-write; every file holds one version, whole."""
    files = RecordFiles(str(tmp_path))
    for round_ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, files.top],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert writer.stdout is not None
        with writer, writer.stdout:
            writer.stdout.readline()
            time.sleep(0.003 * round_)
            writer.send_signal(signal.SIGKILL)
        stored = list(files.read_all())
        assert [one.problem for one in stored] == [None] * 4
        for one in stored:
            assert one.record is not None
            lines = set(getattr(one.record, "rationale").split())  # noqa: B009
            assert len(lines) == 1
        assert len(files.listing()) == 4


def test_a_reader_never_meets_half_a_record(tmp_path: Path) -> None:
    files = RecordFiles(str(tmp_path))
    versions = [codec.dumps(decision(rationale=f"{n}\n" * 20_000)) for n in range(2)]
    path = files.place(decision())
    files.write(path, versions[0], durable=False)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            files.write(path, versions[number % 2], durable=False)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(300):
            assert files.bytes_at(path) in versions
    finally:
        stop.set()
        writer.join()


def test_what_a_crash_leaves_is_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill between writing and renaming leaves a temporary file: it is nobody's record."""
    files = RecordFiles(str(tmp_path))
    data = codec.dumps(decision())

    class Killed(BaseException):
        pass

    def die(*_: object, **folders: int) -> None:
        raise Killed

    monkeypatch.setattr(os, "replace", die)
    monkeypatch.setattr(os, "unlink", die)
    with pytest.raises(Killed):
        files.write(files.place(decision()), data)
    monkeypatch.undo()
    (left,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left.read_bytes() == data
    assert (left.name[0], left.suffix) == (".", ".tmp")
    assert list(files.read_all()) == []
    assert files.listing() == {}
    assert files.path_of(decision().id) is None


def test_flushing_the_disk_is_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(os, "sync", lambda: calls.append(1))
    atomic.flush_to_disk()
    assert calls == [1]
