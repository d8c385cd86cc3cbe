"""Working memory: one active session, facts for the next commit, no matter who crashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.store.working import Working


@pytest.fixture
def working(tmp_path: Path) -> Working:
    return Working(str(tmp_path / "kagura"))


def test_a_session_is_active_from_begin_to_finish(working: Working) -> None:
    assert working.active_session() is None
    assert working.begin_session("S-00000001") is None
    assert working.active_session() == "S-00000001"
    assert Working(working.folder).active_session() == "S-00000001"
    working.finish_session()
    assert working.active_session() is None
    working.finish_session()
    assert working.begin_session("S-00000002") is None


def test_a_second_session_is_told_which_is_active(working: Working) -> None:
    working.begin_session("S-00000001")
    assert working.begin_session("S-00000002") == "S-00000001"
    assert working.active_session() == "S-00000001"


def test_the_file_is_one_line_that_a_shell_can_read(working: Working) -> None:
    working.begin_session("S-00000001")
    read = f'read -r id < "{working.folder}/session" && printf %s "$id"'
    assert subprocess.run(["sh", "-c", read], capture_output=True).stdout == b"S-00000001"


@pytest.mark.parametrize("left", [b"", b"\n", b"\xff\xfe", b"  \n"])
def test_a_session_file_that_a_crash_left_empty_is_in_nobodys_way(
    working: Working, left: bytes
) -> None:
    os.makedirs(working.folder)
    Path(working.folder, "session").write_bytes(left)
    assert working.active_session() is None
    assert working.begin_session("S-00000001") is None
    assert working.active_session() == "S-00000001"
    assert os.listdir(working.folder) == ["session"]


def test_a_session_that_ends_while_another_begins_leaves_one_of_them(
    working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between "there is one" and "which?" it may be gone: then the new one is the active one."""
    working.begin_session("S-00000001")
    active = working.active_session
    calls = []

    def racing() -> str | None:
        if not calls:
            calls.append(1)
            working.finish_session()
        return active()

    monkeypatch.setattr(working, "active_session", racing)
    assert working.begin_session("S-00000002") is None
    assert active() == "S-00000002"


RACER = """
import sys
from kagura_git.store.working import Working
working = Working(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(working.begin_session(f"S-0000000{sys.argv[2]}") is None)
"""


def test_of_many_processes_that_begin_at_once_one_wins(working: Working) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, working.folder, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for number in range(6)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [number for number, racer in enumerate(racers) if racer.communicate()[0] == "True\n"]
    assert len(won) == 1
    assert working.active_session() == f"S-0000000{won[0]}"
    assert os.listdir(working.folder) == ["session"]


def test_facts_wait_until_they_are_dropped(working: Working) -> None:
    assert working.pending() == {}
    working.add_pending("C-2", {"at": "2026-01-02", "path": "b"})
    working.add_pending("C-1", {"at": "2026-01-01", "path": "a"})
    working.add_pending("D-3", {"at": "2026-01-03"})
    assert list(working.pending()) == ["C-1", "C-2", "D-3"]
    assert list(working.pending("C-")) == ["C-1", "C-2"]
    working.add_pending("C-1", {"at": "2026-01-09", "path": "again"})
    assert working.pending()["C-1"] == {"at": "2026-01-09", "path": "again"}
    assert working.is_pending("C-1")
    working.drop_pending("C-1")
    working.drop_pending("C-1")
    assert not working.is_pending("C-1")
    assert list(working.pending()) == ["C-2", "D-3"]


@given(
    st.dictionaries(
        st.text().map("_".__add__), st.text() | st.integers() | st.lists(st.text()), max_size=4
    )
)
def test_any_fact_comes_back(
    tmp_path_factory: pytest.TempPathFactory, fact: dict[str, object]
) -> None:
    working = Working(str(tmp_path_factory.mktemp("working")))
    working.add_pending("C-1", {**fact, "path": "caf\udce9"}, durable=False)
    assert working.pending() == {"C-1": {**fact, "path": "caf\udce9"}}


@pytest.mark.parametrize(
    "left", [b"", b'{"at": "2026', b"[]", b"5", b"\xff", b"[" * 100_000, b"null"]
)
def test_what_a_crash_left_half_written_hides_no_fact(working: Working, left: bytes) -> None:
    working.add_pending("C-1", {"at": "1"})
    Path(working.folder, "pending", "C-2.json").write_bytes(left)
    Path(working.folder, "pending", ".C-3.json.12.ab.tmp").write_bytes(b'{"at": "0"}')
    Path(working.folder, "pending", "C-4.json.tmp").write_bytes(b'{"at": "0"}')
    assert working.pending() == {"C-1": {"at": "1"}}


def test_a_file_in_the_folders_place_is_no_crash(tmp_path: Path) -> None:
    place = tmp_path / "kagura"
    place.write_text("")
    working = Working(str(place))
    assert working.active_session() is None
    assert working.pending() == {}
    assert not working.is_pending("C-1")
