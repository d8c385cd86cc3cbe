"""Links and devices where files and folders of ours belong: never read through, never written."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.git_repo import Sandbox
from tests.hostile.program import MONTH, Program, plant, record
from tests.work import processor_seconds

RECORD = f"{MONTH}/D-00000002-x.yaml"


def fifo(path: Path) -> None:
    os.mkfifo(path)


def door(path: Path) -> None:
    before = os.getcwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


ODD = {
    "link to a private file": lambda path: path.symlink_to("/etc/passwd"),
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to nothing": lambda path: path.symlink_to("nowhere"),
    "link to a good record": lambda path: path.symlink_to("D-00000001-x.yaml"),
    "FIFO": fifo,
    "socket": door,
    "folder": lambda path: (path.mkdir(), (path / "f").write_text("x")),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_regular_file_is_reported_and_never_opened(
    kagura: Sandbox, program: Program, name: str
) -> None:
    ODD[name](kagura.top / RECORD)
    started = processor_seconds()
    assert "The good needle" in program.ok("decision", "list")
    assert "D-00000001" in program.ok("search", "needle")
    messages = [finding["message"] for finding in program.json("doctor")["findings"]]
    assert any(RECORD in message and "regular file" in message for message in messages)
    for command in (["show", "D-00000002"], ["decision", "accept", "D-00000002"]):
        assert "regular file" in program.refused(*command)
    program.ok("decision", "add", "Another", "--rationale", "r")
    program.ok("context")
    assert processor_seconds() - started < 60
    kagura.run("add", "-A", ok=False)  # git itself takes no FIFO
    if "link" in name:
        done = kagura.run("commit", "-m", "odd", ok=False)
        assert (done.returncode, "must be a regular file" in done.stderr) == (1, True)


def outside_of(kagura: Sandbox) -> Path:
    """Return a folder beside the repository that holds a good record, and what is private."""
    outside = kagura.top.parent / "outside"
    (outside / "decisions/2025-11").mkdir(parents=True)
    (outside / "decisions/2025-11/D-00000009-x.yaml").write_bytes(record(9, decision="Outside"))
    (outside / "README.md").write_text("mine")
    return outside


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("place", [".kagura", ".kagura/decisions", MONTH])
def test_a_link_in_the_place_of_a_folder_leads_nowhere(
    kagura: Sandbox, program: Program, place: str
) -> None:
    outside = outside_of(kagura)
    before = everything(outside)
    shutil.rmtree(kagura.top / place)
    inside = Path(place).relative_to(".kagura")
    (kagura.top / place).symlink_to(outside / inside)
    assert "Outside" not in program("decision", "list")
    assert "D-00000009" not in program("search", "Outside")
    assert program.refused("show", "D-00000009")
    (finding,) = [f for f in program.json("doctor")["findings"] if place in f["message"]][:1]
    assert "link" in finding["message"]
    if place == ".kagura":
        assert "link" in program.refused("init")
    program("decision", "add", "New", "--rationale", "r")
    program("error", "add", "--type", "T", "--message", "m")
    program("doctor", "--fix")
    assert everything(outside) == before
    kagura.run("add", "-A")
    done = kagura.run("commit", "-m", "a link", ok=False)
    assert done.returncode == 1
    assert f"kagura: {place}: a link where records belong" in done.stderr


@pytest.mark.parametrize("target", ["/", "../outside"])
def test_a_repository_whose_kagura_was_always_a_link_is_no_home(
    box: Sandbox, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    outside = outside_of(box)
    (box.top / ".kagura").symlink_to(target)
    program = Program(box, capsys)
    assert "symbolic link" in program.refused("init")
    program.refused("decision", "add", "x", "--rationale", "r")
    assert program.json("decision", "list")["decisions"] == []
    assert (outside / "README.md").read_text() == "mine"


@pytest.mark.parametrize(
    "name", [".kagura/README.md", ".kagura/schemas", ".gitattributes", "kagura.toml"]
)
def test_init_and_uninstall_write_through_no_link(
    kagura: Sandbox, program: Program, name: str
) -> None:
    outside = outside_of(kagura)
    full = kagura.top / name
    shutil.rmtree(full) if full.is_dir() else full.unlink()
    full.symlink_to(outside / "README.md")
    before = everything(outside)
    assert "symbolic link" in program.refused("init")
    program("uninstall")
    assert everything(outside) == before


def test_a_submodule_in_the_place_of_a_folder_is_refused(kagura: Sandbox, program: Program) -> None:
    inner = kagura.top / ".kagura/errors"
    subprocess.run(["git", "init", "-q", str(inner)], check=True, env=kagura.env)
    subprocess.run(
        ["git", "-C", str(inner), "commit", "-q", "--allow-empty", "-m", "x"],
        check=True, env=kagura.env,
    )  # fmt: skip
    kagura.run("add", "-A")
    done = kagura.run("commit", "-m", "submodule", ok=False)
    assert (done.returncode, "a link where records belong" in done.stderr) == (1, True)
    program.ok("decision", "list")
    program.ok("doctor")


def test_what_cannot_be_read_is_reported(kagura: Sandbox, program: Program) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (kagura.top / plant(kagura, record(2))).chmod(0)
    assert "The good needle" in program.ok("decision", "list")
    assert not program.json("doctor")["ok"]


def test_the_good_records_beside_5_000_tiny_files_are_found_in_time(
    kagura: Sandbox, program: Program
) -> None:
    folder = kagura.top / MONTH
    for number in range(2500):
        (folder / f"D-{number + 10:08}-x.yaml").write_bytes(b"a: 1\n")
        (folder / f"E-{number + 10:08}-x.yaml").write_bytes(b"")
    started = processor_seconds()
    assert "D-00000001" in program.ok("search", "needle")
    assert "D-00000001" in program.ok("decision", "list")
    assert len(program("doctor").splitlines()) < 120
    program.ok("decision", "add", "Another", "--rationale", "r")
    assert processor_seconds() - started < 40
    kagura.run("add", "-A")
    started = processor_seconds()
    done = kagura.run("commit", "-m", "tiny", ok=False)
    assert processor_seconds() - started < 60
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) < 40, "the first ones are named, the others counted"
    assert sys.getsizeof(done.stderr) < 20_000
