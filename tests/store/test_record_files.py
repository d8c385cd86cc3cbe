"""Record files of a work tree: found, read, written; nothing outside it is ever touched."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from kagura_git.errors import InvalidRecord, NotFound
from kagura_git.store import codec
from kagura_git.store.files import RecordFiles, blob_id, folder_of
from tests.record_strategies import MOMENT, decision, error, session

FOLDER = ".kagura/decisions/2026-03"


@pytest.fixture
def files(tmp_path: Path) -> RecordFiles:
    top = tmp_path / "work"
    top.mkdir()
    return RecordFiles(str(top))


def put(files: RecordFiles, number: int, text: str = "why") -> str:
    record = decision(id=f"D-0000000{number}", decision=f"Number {number}", rationale=text)
    path = files.place(record)
    files.write(path, codec.dumps(record))
    return path


def at(files: RecordFiles, path: str) -> Path:
    return Path(files.top, path)


def age(files: RecordFiles, *paths: str) -> None:
    """Let the files be a minute old, so that their marks are trusted."""
    past = time.time_ns() - 60_000_000_000
    for path in paths:
        os.utime(at(files, path), ns=(past, past))


def test_a_record_has_its_place_by_kind_month_id_and_title(files: RecordFiles) -> None:
    assert files.place(decision()) == f"{FOLDER}/D-7k3f9q2m-use-jwt.yaml"
    assert files.place(error()) == ".kagura/errors/2026-03/E-7k3f9q2m-valueerror-no-such-thing.yaml"
    assert files.place(session(description="日本語")) == ".kagura/sessions/2026-03/S-7k3f9q2m.yaml"


def test_the_month_is_that_of_utc(files: RecordFiles) -> None:
    moment = MOMENT.replace(day=1, hour=0).astimezone(timezone(timedelta(hours=-5)))
    assert moment.month == 2
    assert f"{moment:%Y-%m}" == "2026-02"
    assert files.place(decision(created_at=moment)).startswith(f"{FOLDER}/")


def test_what_is_written_is_read_and_found_by_id(files: RecordFiles) -> None:
    path = put(files, 1)
    assert files.read(path).id == "D-00000001"
    assert files.path_of("D-00000001") == path
    assert files.get("D-00000001") == (path, files.read(path))
    assert [stored.path for stored in files.read_all()] == [path]


@pytest.mark.parametrize(
    "wanted", ["D-00000009", "E-00000001", "C-00000001", "nonsense", "", "D-00000001\n"]
)
def test_an_unknown_id_is_not_found(files: RecordFiles, wanted: str) -> None:
    put(files, 1)
    assert files.path_of(wanted) is None
    with pytest.raises(NotFound):
        files.get(wanted)


def test_without_a_folder_there_are_no_records(files: RecordFiles) -> None:
    assert list(files.read_all()) == []
    assert files.listing() == {}
    assert files.path_of("D-00000001") is None
    at(files, ".kagura").write_text("a file")
    assert list(files.read_all()) == []
    assert files.names(folder_of("error")) == []


def test_kinds_are_listed_apart_and_in_order(files: RecordFiles) -> None:
    put(files, 2)
    put(files, 1)
    files.write(files.place(error()), codec.dumps(error()))
    ids = [stored.record.id for stored in files.read_all() if stored.record]
    assert ids == ["D-00000001", "D-00000002", "E-7k3f9q2m"]
    assert [path for path, _ in files.entries(("error",))] == [files.place(error())]


def breakages() -> dict[str, Callable[[Path], None]]:
    def folder(path: Path) -> None:
        path.mkdir()

    return {
        "a conflict": lambda path: path.write_text("<<<<<<< HEAD\n=======\n>>>>>>> x\n") and None,
        "no text": lambda path: path.write_bytes(b"\xff\xfe") and None,
        "nothing": lambda path: path.touch(),
        "a folder": folder,
        "a pipe": lambda path: os.mkfifo(path),
        "a link": lambda path: path.symlink_to("/etc/hostname"),
        "a link to nowhere": lambda path: path.symlink_to("nowhere"),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "over a mebibyte": lambda path: path.write_bytes(b"x" * 1_048_577) and None,
        "another id": lambda path: path.write_bytes(codec.dumps(decision())) and None,
    }


@pytest.mark.parametrize("name", breakages())
def test_a_broken_record_hides_no_other(files: RecordFiles, name: str) -> None:
    first, last = put(files, 1), put(files, 3)
    broken = f"{FOLDER}/D-00000002-broken.yaml"
    breakages()[name](at(files, broken))
    found = {stored.path: stored for stored in files.read_all()}
    assert [path for path, stored in found.items() if stored.record] == [first, last]
    problem = found[broken].problem
    assert problem is not None
    assert problem.where.startswith(broken)
    with pytest.raises(InvalidRecord):
        files.get("D-00000002")
    listing = files.listing()
    assert {first, last} <= set(listing)
    assert listing == files.listing()


def test_a_link_with_a_good_record_behind_it_is_still_refused(
    files: RecordFiles, tmp_path: Path
) -> None:
    put(files, 1)
    outside = tmp_path / "D-00000002-x.yaml"
    outside.write_bytes(codec.dumps(decision(id="D-00000002")))
    at(files, f"{FOLDER}/D-00000002-x.yaml").symlink_to(outside)
    with pytest.raises(InvalidRecord, match="regular file"):
        files.get("D-00000002")
    assert len(files.listing()) == 1


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_folder_that_is_a_link_is_neither_read_nor_written(
    files: RecordFiles, tmp_path: Path, depth: int
) -> None:
    outside = tmp_path / "outside"
    RecordFiles(str(outside)).write(files.place(decision()), codec.dumps(decision()))
    parts = FOLDER.split("/")
    link = Path(files.top, *parts[:depth])
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(Path(outside, *parts[:depth]))
    before = sorted(outside.rglob("*"))
    assert [(stored.path, stored.record) for stored in files.read_all()] == [
        ("/".join(parts[:depth]), None)
    ]
    assert files.listing() == {}
    assert files.path_of("D-7k3f9q2m") is None
    assert files.scan("/".join(parts)) == []
    assert files.names("/".join(parts)) == []
    with pytest.raises(InvalidRecord, match="symbolic link") as caught:
        put(files, 1)
    assert caught.value.where == "/".join(parts[:depth])
    assert sorted(outside.rglob("*")) == before


def test_writing_over_a_link_replaces_the_link_not_its_target(
    files: RecordFiles, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine")
    path = put(files, 1)
    at(files, path).unlink()
    at(files, path).symlink_to(secret)
    put(files, 1)
    assert secret.read_text() == "mine"
    assert not at(files, path).is_symlink()


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        ".D-00000001.yaml",
        "D-00000001.yaml.tmp",
        ".D-00000001-x.yaml.12.ab.tmp",
        "x.yaml~",
    ],
)
def test_other_files_are_no_records(files: RecordFiles, name: str) -> None:
    put(files, 2)
    at(files, f"{FOLDER}/{name}").write_bytes(codec.dumps(decision(id="D-00000001")))
    assert len(list(files.read_all())) == len(files.listing()) == 1
    assert files.path_of("D-00000001") is None


@pytest.mark.parametrize("sign", ["\n", "\x1b", "\u202e", "\udcff"], ids=ascii)
def test_a_name_that_cannot_be_shown_is_one_broken_record_beside_the_others(
    files: RecordFiles, sign: str
) -> None:
    good = put(files, 1)
    odd = f"{FOLDER}/D-00000002-{sign}.yaml"
    at(files, odd).write_bytes(codec.dumps(decision(id="D-00000002")))
    assert {stored.path: stored.problem is None for stored in files.read_all()} == {
        good: True, odd: False,
    }  # fmt: skip
    assert list(files.listing()) == [good]


def test_a_blob_id_is_gits(tmp_path: Path) -> None:
    for data in (b"", b"hello\n", "日本\x00".encode() * 1000):
        done = subprocess.run(
            ["git", "hash-object", "--stdin"], input=data, capture_output=True, check=True
        )
        assert done.stdout.decode().strip() == blob_id(data)


def test_the_listing_follows_every_change(files: RecordFiles) -> None:
    first, second = put(files, 1), put(files, 2)
    age(files, first, second)
    before = files.listing()
    assert before == {path: blob_id(files.bytes_at(path)) for path in (first, second)}
    assert files.listing() == before

    put(files, 1, "replaced")
    replaced = files.listing()
    assert replaced[first] != before[first]
    assert replaced[second] == before[second]

    at(files, second).unlink()
    third = put(files, 3)
    assert set(files.listing()) == {first, third}


def test_a_file_changed_in_place_within_a_tick_of_the_clock_is_seen(files: RecordFiles) -> None:
    """Same size, same inode, same time stamp: only its youth says that it may have changed."""
    path = put(files, 1, "aaaa")
    stamp = time.time_ns()
    os.utime(at(files, path), ns=(stamp, stamp))
    before = files.listing()[path]
    at(files, path).write_bytes(files.bytes_at(path).replace(b"aaaa", b"bbbb"))
    os.utime(at(files, path), ns=(stamp, stamp))
    assert files.listing()[path] != before


def test_a_slow_listing_does_not_trust_what_was_young_when_it_was_read(
    files: RecordFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(files, 1, "aaaa")
    stamp = time.time_ns()
    os.utime(at(files, path), ns=(stamp, stamp))
    read = files.bytes_at

    def slow(wanted: str) -> bytes:
        data = read(wanted)
        time.sleep(0.08)
        return data

    monkeypatch.setattr(files, "bytes_at", slow)
    files.listing()
    at(files, path).write_bytes(read(path).replace(b"aaaa", b"bbbb"))
    os.utime(at(files, path), ns=(stamp, stamp))
    assert files.listing()[path] == blob_id(read(path))


def test_only_what_changed_is_read_again(
    files: RecordFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = put(files, 1), put(files, 2)
    age(files, first, second)
    files.listing()
    read: list[str] = []
    bytes_at = files.bytes_at
    monkeypatch.setattr(files, "bytes_at", lambda path: read.append(path) or bytes_at(path))
    files.listing()
    assert read == []
    put(files, 2, "new")
    files.listing()
    assert read == [second]


def test_what_one_process_knew_serves_the_next(
    files: RecordFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = put(files, 1), put(files, 2)
    age(files, first, second)
    before = files.listing()
    later = RecordFiles(files.top)
    later.remember(files.marks())
    put(files, 2, "changed meanwhile")
    read: list[str] = []
    bytes_at = later.bytes_at
    monkeypatch.setattr(later, "bytes_at", lambda path: read.append(path) or bytes_at(path))
    assert later.listing()[first] == before[first]
    assert read == [second]


def test_a_file_that_goes_while_the_others_are_listed_does_no_harm(
    files: RecordFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = put(files, 1), put(files, 2), put(files, 3)
    bytes_at = files.bytes_at

    def racing(path: str) -> bytes:
        at(files, second).unlink(missing_ok=True)
        if path == third and not at(files, third).is_symlink():
            at(files, third).unlink()
            at(files, third).symlink_to("/etc/hostname")
        return bytes_at(path)

    monkeypatch.setattr(files, "bytes_at", racing)
    assert set(files.listing()) == {first}
    put(files, 2)
    found = {stored.path: stored.record is None for stored in files.read_all()}
    assert found[first] is False
    assert second not in found


def test_a_file_that_goes_between_scan_and_stat_does_no_harm(
    files: RecordFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = put(files, 1), put(files, 2)
    scan = files.scan

    def racing(folder: str) -> list[os.DirEntry[str]]:
        found = scan(folder)
        at(files, second).unlink(missing_ok=True)
        return found

    monkeypatch.setattr(files, "scan", racing)
    assert [path for path, _ in files.entries()] == [first]
