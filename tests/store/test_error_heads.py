"""Knowing an error again: what another process wrote a moment ago counts too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kagura_git.model.records import Error
from kagura_git.store import codec
from kagura_git.store import heads as heads_
from kagura_git.store.files import RecordFiles
from kagura_git.store.heads import Head
from tests.record_strategies import decision, error


class ErrorHeads(heads_.ErrorHeads):
    """Refreshed before every question, as a warm server does."""

    def by_fingerprint(self, fingerprint: str) -> list[Head]:
        self.refresh()
        return super().by_fingerprint(fingerprint)

    def alike(self, error: Error, at_least: float = 0.5) -> list[tuple[float, Head]]:
        self.refresh()
        return super().alike(error, at_least)


MONTH = ".kagura/errors/2026-03"


@pytest.fixture
def files(tmp_path: Path) -> RecordFiles:
    return RecordFiles(str(tmp_path))


@pytest.fixture
def heads(files: RecordFiles) -> ErrorHeads:
    return ErrorHeads(files)


def write(
    files: RecordFiles, number: int, message: str = "no such table users", **more: str
) -> str:
    record = error(id=f"E-{number:08}", fingerprint=f"print {number}", message=message, **more)
    path = files.place(record)
    # By another process, as far as the heads can tell.
    RecordFiles(files.top).write(path, codec.dumps(record), durable=False)
    return path


def ids(heads: ErrorHeads, number: int) -> list[str]:
    return [head.id for head in heads.by_fingerprint(f"print {number}")]


def test_the_twin_is_found_by_its_fingerprint(files: RecordFiles, heads: ErrorHeads) -> None:
    assert ids(heads, 1) == []
    path = write(files, 1)
    write(files, 2)
    (head,) = heads.by_fingerprint("print 1")
    assert (head.path, head.id, head.error_type) == (path, "E-00000001", "ValueError")
    assert heads.by_fingerprint("") == []


def test_the_heads_are_those_of_the_last_refresh(files: RecordFiles) -> None:
    heads = heads_.ErrorHeads(files)
    write(files, 1)
    assert heads.by_fingerprint("print 1") == []
    heads.refresh()
    assert len(heads.by_fingerprint("print 1")) == 1


def test_an_error_without_a_fingerprint_is_nobodys_twin(
    files: RecordFiles, heads: ErrorHeads
) -> None:
    record = error()
    files.write(files.place(record), codec.dumps(record))
    assert heads.by_fingerprint("None") == []
    assert [head.id for _, head in heads.alike(error(id="E-00000009"))] == [record.id]


def test_every_file_is_found_in_the_moment_it_is_written(
    files: RecordFiles, heads: ErrorHeads
) -> None:
    """Many writes fall into one tick of the file system's clock: none may be missed."""
    for number in range(400):
        write(files, number)
        assert ids(heads, number) == [f"E-{number:08}"], number


def test_a_file_in_the_same_tick_as_the_last_listing_is_found(
    files: RecordFiles, heads: ErrorHeads
) -> None:
    write(files, 1)
    month = Path(files.top, MONTH)
    stamp = time.time_ns()
    os.utime(month, ns=(stamp, stamp))
    assert ids(heads, 1) == ["E-00000001"]
    write(files, 2)
    os.utime(month, ns=(stamp, stamp))
    assert ids(heads, 2) == ["E-00000002"]


def test_a_settled_month_is_not_listed_again(
    files: RecordFiles, heads: ErrorHeads, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(files, 1)
    past = time.time_ns() - 10**10
    os.utime(Path(files.top, MONTH), ns=(past, past))
    heads.by_fingerprint("x")
    monkeypatch.setattr(files, "names", lambda folder: pytest.fail("listed again"))
    monkeypatch.setattr(files, "scan", lambda folder: pytest.fail("listed again"))
    assert ids(heads, 1) == ["E-00000001"]


def test_a_file_is_read_once(
    files: RecordFiles, heads: ErrorHeads, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write(files, 1)
    heads.by_fingerprint("x")
    read: list[str] = []
    bytes_at = files.bytes_at
    monkeypatch.setattr(files, "bytes_at", lambda path: read.append(path) or bytes_at(path))
    second = write(files, 2)
    assert ids(heads, 2) == ["E-00000002"]
    assert read == [second]
    assert first not in read


def test_what_is_deleted_is_forgotten(files: RecordFiles, heads: ErrorHeads) -> None:
    path = write(files, 1)
    write(files, 2)
    assert ids(heads, 1) == ["E-00000001"]
    Path(files.top, path).unlink()
    assert ids(heads, 1) == []
    assert [head.id for _, head in heads.alike(error(message="no such table users"))] == [
        "E-00000002"
    ]
    shutil.rmtree(Path(files.top, ".kagura"))
    assert ids(heads, 2) == []
    write(files, 2)
    assert ids(heads, 2) == ["E-00000002"]


def test_a_broken_record_hides_no_other_and_counts_once_it_is_mended(
    files: RecordFiles, heads: ErrorHeads
) -> None:
    path = Path(files.top, write(files, 1))
    good = path.read_bytes()
    path.write_bytes(b"<<<<<<< HEAD\n" + good + b"=======\n>>>>>>> x\n")
    write(files, 2)
    Path(files.top, MONTH, "E-00000003.yaml").symlink_to("/etc/hostname")
    Path(files.top, MONTH, "E-00000004.yaml").mkdir()
    assert ids(heads, 1) == []
    assert ids(heads, 2) == ["E-00000002"]
    write(files, 1)  # as an editor or git does it: a new file in the old one's place
    assert ids(heads, 1) == ["E-00000001"]


def test_a_decision_among_the_errors_is_no_error(files: RecordFiles, heads: ErrorHeads) -> None:
    write(files, 1)
    Path(files.top, MONTH, "D-7k3f9q2m-x.yaml").write_bytes(codec.dumps(decision()))
    assert ids(heads, 1) == ["E-00000001"]


def test_months_that_are_links_are_not_followed(
    files: RecordFiles, heads: ErrorHeads, tmp_path: Path
) -> None:
    outside = RecordFiles(str(tmp_path / "outside"))
    write(outside, 1)
    Path(files.top, ".kagura/errors").mkdir(parents=True)
    Path(files.top, MONTH).symlink_to(Path(outside.top, MONTH))
    assert ids(heads, 1) == []


@pytest.mark.parametrize(
    "message", ["no such table users", "no such table: users 12", "No Such Table Users!"]
)
def test_alike_is_measured_by_words(files: RecordFiles, heads: ErrorHeads, message: str) -> None:
    write(files, 1)
    write(files, 2, "connection refused by peer")
    ((score, head),) = heads.alike(error(id="E-00000009", message=message))
    assert (head.id, score) == ("E-00000001", 1.0)


def test_another_type_halves_the_likeness_and_the_closest_comes_first(
    files: RecordFiles, heads: ErrorHeads
) -> None:
    write(files, 1, "no such table users")
    write(files, 2, "no such table orders")
    write(files, 3, "no such table users", error_type="OSError")
    found = heads.alike(error(message="no such table users"))
    assert [(score, head.id) for score, head in found] == [
        (1.0, "E-00000001"),
        (0.6, "E-00000002"),
        (0.5, "E-00000003"),
    ]


def test_alike_agrees_with_the_plain_measure_over_all(
    files: RecordFiles, heads: ErrorHeads
) -> None:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    messages = [" ".join(words[i] for i in range(6) if n >> i & 1) for n in range(1, 64)]
    for number, message in enumerate(messages):
        write(files, number, message)
    for message in messages[::7]:
        wanted = set(message.split())
        expected = {
            f"E-{n:08}"
            for n, other in enumerate(messages)
            if 2 * len(wanted & set(other.split())) >= len(wanted | set(other.split()))
        }
        found = heads.alike(error(message=message))
        assert {head.id for _, head in found} == expected


WRITER = """
import sys, time
from kagura_git.store import codec
from kagura_git.store.files import RecordFiles
from tests.record_strategies import error
files = RecordFiles(sys.argv[1])
for number in range(int(sys.argv[2])):
    record = error(id=f"E-{number:08}", fingerprint=f"print {number}")
    files.write(files.place(record), codec.dumps(record), durable=False)
    print(number, flush=True)
"""


def test_a_warm_process_sees_what_another_one_writes(files: RecordFiles, heads: ErrorHeads) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, files.top, "200"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert writer.stdout is not None
    with writer, writer.stdout:
        for line in writer.stdout:
            assert ids(heads, int(line)) == [f"E-{int(line):08}"]
    assert writer.returncode == 0
