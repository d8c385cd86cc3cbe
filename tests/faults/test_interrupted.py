"""What a process leaves that was killed between two steps, made by hand, one state a test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kagura_git.errors import Conflict, KaguraError
from kagura_git.git import notes
from kagura_git.git.head_move import last_move
from kagura_git.memory import SyncCodingMemory
from kagura_git.model.records import Session
from kagura_git.services import sessions
from kagura_git.store.working import Working
from tests.faults import checks
from tests.faults.place import SOURCES, Place, commit_all, edit


class Killed(BaseException):
    """Ends a call where a kill would."""


def killed(*_: object, **__: object) -> None:
    raise Killed


@pytest.fixture
def quiet(place: Place) -> SyncCodingMemory:
    """A memory in whose worktree no session is active."""
    memory = place.memory()
    if memory.ws.working.active_session():
        memory.end_coding_session("done")
    return memory


def test_a_start_that_was_cut_short_leaves_no_session_active(
    quiet: SyncCodingMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(quiet.ws), "save", killed)
    with pytest.raises(Killed):
        quiet.start_coding_session("cut short")
    monkeypatch.undo()
    assert quiet.ws.working.active_session() is None
    assert quiet.start_coding_session("the next one").active


def test_a_start_that_was_cut_short_at_its_end_can_be_resumed(
    place: Place, quiet: SyncCodingMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "replace", _dying_for("session"))
    monkeypatch.setattr(os, "unlink", killed)
    with pytest.raises(Killed):
        quiet.start_coding_session("cut short")
    monkeypatch.undo()
    memory = place.memory()
    (left,) = [s for s in memory.list_sessions() if s["description"] == "cut short"]
    assert memory.resume_coding_session(left["id"]).id == left["id"]


def _dying_for(name: str):  # type: ignore[no-untyped-def]
    replace = os.replace

    def dying(source: str, target: str, **folders: int) -> None:
        if os.path.basename(target) == name:
            raise Killed
        replace(source, target, **folders)

    return dying


@pytest.fixture
def half_ended(place: Place, quiet: SyncCodingMemory, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a session that is written as ended, and still counts as active."""
    started = quiet.start_coding_session("half ended")
    monkeypatch.setattr(Working, "finish_session", killed)
    with pytest.raises(Killed):
        quiet.end_coding_session("the first try", True)
    monkeypatch.undo()
    record = place.memory().recall(started.id)
    assert isinstance(record, Session)
    assert record.ended_at is not None
    assert place.memory().ws.working.active_session() == started.id
    return started.id


def test_an_end_that_was_cut_short_can_be_said_again(place: Place, half_ended: str) -> None:
    assert place.memory().end_coding_session("the second try", True)["id"] == half_ended
    record = place.memory().recall(half_ended)
    assert isinstance(record, Session)
    assert record.summary == "the second try"
    assert place.memory().ws.working.active_session() is None


def test_an_end_that_was_cut_short_is_in_no_next_sessions_way(
    place: Place, half_ended: str
) -> None:
    assert place.memory().start_coding_session("the next one").id != half_ended


def test_a_session_whose_record_is_gone_can_be_ended(place: Place, quiet: SyncCodingMemory) -> None:
    assert quiet.ws.working.begin_session("S-00000001") is None
    with pytest.raises(Conflict, match="S-00000001 is gone"):
        quiet.end_coding_session("done")
    assert quiet.start_coding_session("the next one").active


def test_of_two_who_end_one_session_the_second_is_told(quiet: SyncCodingMemory) -> None:
    quiet.start_coding_session("shared")
    quiet.end_coding_session("mine")
    with pytest.raises(Conflict, match="no session is active"):
        quiet.end_coding_session("yours")


def test_a_resumed_session_is_active_and_open(place: Place, quiet: SyncCodingMemory) -> None:
    first = quiet.start_coding_session("first")
    quiet.end_coding_session("done")
    quiet.resume_coding_session(first.id)
    _, session = sessions.get(quiet.ws, first.id)
    assert session.ended_at is None
    assert quiet.resume_coding_session(first.id).id == first.id


def test_what_a_dead_process_could_not_stage_the_next_record_stages(place: Place) -> None:
    lock = place.git_dir / "index.lock"
    lock.touch()
    first = checks.command(place, "decision", "add", "Unstaged", "--rationale", "r", "--json")
    assert not staged(place, first["path"])
    lock.unlink()
    second = checks.command(place, "decision", "add", "Staged", "--rationale", "r", "--json")
    assert staged(place, first["path"])
    assert staged(place, second["path"])
    assert place.memory().ws.working.unstaged() == []


def staged(place: Place, path: str) -> bool:
    return path in place.box.out("diff", "--cached", "--name-only").splitlines()


def test_a_record_that_git_ignores_is_not_tried_again(place: Place) -> None:
    place.box.write(".gitignore", ".kagura/\n")
    place.memory().record_decision("Keep it here", "private")
    assert place.memory().ws.working.unstaged() == []


def test_what_was_to_be_staged_and_is_gone_is_forgotten(place: Place) -> None:
    memory = place.memory()
    memory.ws.working.add_unstaged([".kagura/decisions/2025-01/D-00000001-50%2F.yaml"])
    assert memory.ws.working.unstaged() == [".kagura/decisions/2025-01/D-00000001-50%2F.yaml"]
    memory.record_decision("Go on", "so")
    assert memory.ws.working.unstaged() == []


def test_no_temporary_file_is_ever_in_gits_sight(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "replace", _dying_for_records())
    monkeypatch.setattr(os, "unlink", killed)
    with pytest.raises(Killed):
        place.memory().record_decision("Cut short", "so")
    monkeypatch.undo()
    assert ".tmp" not in place.box.out("status", "--porcelain", "--untracked-files=all")
    (left,) = (place.kagura / "tmp").iterdir()
    old = time.time() - 3600  # the process of that number, this one, is younger
    os.utime(left, (old, old))
    reported, _ = checks.doctor(place)
    assert left.name in " ".join(reported)


def _full(target: str, folders: dict[str, int]) -> str:
    """Return a target's path; a file of the work tree is named below an open folder."""
    if "dst_dir_fd" not in folders:
        return target
    return os.path.join(os.readlink(f"/proc/self/fd/{folders['dst_dir_fd']}"), target)


def _dying_for_records():  # type: ignore[no-untyped-def]
    replace = os.replace

    def dying(source: str, target: str, **folders: int) -> None:
        if f"{os.sep}.kagura{os.sep}" in _full(target, folders):
            raise Killed
        replace(source, target, **folders)

    return dying


def test_where_the_other_folder_is_on_another_disk_files_are_written_beside(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def apart(source: str, target: str, **folders: int) -> None:
        if os.path.dirname(source) != os.path.dirname(target):
            raise OSError(18, "Invalid cross-device link")
        replace(source, target, **folders)

    monkeypatch.setattr(os, "replace", apart)
    done = place.memory().record_decision("Go on", "so")
    assert (place.top / done.path).is_file()
    assert list((place.kagura / "tmp").iterdir()) == []


def test_a_record_that_could_not_be_written_is_not_in_the_journal(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = place.memory()
    before = {version.path for version in memory.ws.journal.versions()}
    monkeypatch.setattr(os, "replace", _failing_for_records())
    with pytest.raises(KaguraError, match="the disk is full"):
        memory.record_decision("Refused", "so")
    with pytest.raises(KaguraError, match="the disk is full"):
        memory.record_many([{"kind": "decision", "decision": "Refused", "rationale": "so"}])
    assert {version.path for version in memory.ws.journal.versions()} == before


def _failing_for_records():  # type: ignore[no-untyped-def]
    replace = os.replace

    def failing(source: str, target: str, **folders: int) -> None:
        if f"{os.sep}.kagura{os.sep}" in _full(target, folders):
            raise OSError(28, "No space left on device")
        replace(source, target, **folders)

    return failing


# Commits whose hook never came to its end


def reasons(place: Place, commit: str) -> set[str]:
    found = notes.read(place.box.repo.git, [commit]).get(commit, [])
    return {entry["reason"] for entry in found if entry.get("reason")}


def without_hooks(place: Place, *arguments: str) -> str:
    """Commit as a program does that runs no hooks, or as git does that is killed before."""
    off = ("-c", "core.hooksPath=/dev/null", "-c", "notes.rewrite.amend=false")
    place.box.run(*off, "commit", "-q", "-a", "-m", "without hooks", *arguments)
    return place.box.head


def track(place: Place, reason: str, path: str = SOURCES[0]) -> None:
    place.memory().track_file_change(path, "edit", "", reason)


def test_the_reason_of_a_commit_whose_hook_was_killed_goes_to_that_commit(place: Place) -> None:
    track(place, "the first reason")
    edit(place, "first")
    first = without_hooks(place)
    track(place, "the second reason")
    second = commit_all(place, "second")
    assert reasons(place, first) == {"the first reason"}
    assert reasons(place, second) == {"the second reason"}
    assert place.memory().ws.working.pending("C-") == {}


def test_a_record_of_a_commit_whose_hook_was_killed_waits_no_longer(place: Place) -> None:
    done = place.memory().record_decision("Ride along", "so")
    first = without_hooks(place)
    track(place, "the second reason")
    commit_all(place, "second")
    found = notes.read(place.box.repo.git, [first])[first]
    assert {"recorded"} == {e["relation"] for e in found if e.get("id") == done.id}
    assert not place.memory().ws.working.is_pending(done.id)


def test_a_reason_for_a_file_that_was_not_committed_goes_on_waiting(place: Place) -> None:
    track(place, "for later", "src/later.py")
    edit(place, "first")
    first = without_hooks(place)
    second = commit_all(place, "second")
    assert reasons(place, first) | reasons(place, second) == set()
    place.box.write("src/later.py")
    assert reasons(place, commit_all(place, "third")) == {"for later"}


def test_an_amended_commit_keeps_its_reasons_though_git_was_killed_before_it_copied_them(
    place: Place,
) -> None:
    track(place, "the first reason")
    commit_all(place, "first")
    edit(place, "more")
    without_hooks(place, "--amend")
    edit(place, "still more")
    last = without_hooks(place, "--amend")
    assert reasons(place, last) == set()
    track(place, "the second reason")
    second = commit_all(place, "second")
    assert reasons(place, last) == {"the first reason"}
    assert reasons(place, second) == {"the second reason"}


def test_a_colleagues_commit_of_the_same_file_takes_no_reason(place: Place) -> None:
    track(place, "mine")
    place.box.run("fetch", "-q", "origin")
    place.box.run("reset", "-q", "--keep", "HEAD~1")
    place.box.run("merge", "-q", "--ff-only", "origin/main")
    theirs = place.box.head
    mine = commit_all(place, "mine")
    assert "mine" not in reasons(place, theirs)
    assert reasons(place, mine) == {"mine"}


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8, 0.999])
def test_a_reflog_entry_that_a_full_disk_cut_short_misleads_nobody(
    place: Place, kept: float
) -> None:
    log = place.git_dir / "logs" / "HEAD"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines) + lines[-1][: int(len(lines[-1]) * kept)].rstrip(b"\n"))
    track(place, "a reason")
    head = commit_all(place, "the next")
    move = last_move(place.box.repo.git, str(place.git_dir))
    assert move is not None
    assert (move.new, move.how) == (head, "commit")
    assert reasons(place, head) == {"a reason"}


# Locks of git's own


def test_a_lock_left_in_the_staging_area_is_named_and_recording_goes_on(place: Place) -> None:
    lock = place.git_dir / "index.lock"
    lock.touch()
    old = time.time() - 3600
    os.utime(lock, (old, old))
    assert checks.command(place, "error", "add", "--type", "E", "--message", "m", "--json")["new"]
    reported, _ = checks.doctor(place)
    assert str(lock) in " ".join(reported)


@pytest.mark.parametrize(
    "name",
    [
        "HEAD", "refs/heads/main", "refs/notes/kagura", "packed-refs", "objects/maintenance",
        "objects/info/commit-graphs/commit-graph-chain", "objects/pack/multi-pack-index",
    ],
)  # fmt: skip
def test_a_lock_left_on_a_ref_or_on_objects_is_named(place: Place, name: str) -> None:
    lock = place.git_dir / f"{name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    old = time.time() - 3600
    os.utime(lock, (old, old))
    reported, _ = checks.doctor(place)
    assert str(lock) in " ".join(reported)


def test_the_writers_lock_of_a_dead_process_is_in_nobodys_way(place: Place) -> None:
    holder = hold(place.kagura / "lock")
    holder.kill()
    holder.wait()
    assert place.memory().record_error("E", "after the holder's death").new


def test_a_writer_that_hangs_is_named_after_a_while(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = hold(place.kagura / "lock")
    try:
        monkeypatch.setattr("kagura_git.workspace._LOCK_SECONDS", 0.3)
        memory = place.memory()
        busy = pytest.raises(KaguraError, match="another process has been writing")
        with busy as said, memory.ws.lock(0.3):
            raise AssertionError("the lock was held twice")
        assert str(place.kagura / "lock") in str(said.value)
    finally:
        holder.kill()
        holder.wait()


def hold(path: Path) -> subprocess.Popen[str]:
    code = "import fcntl, sys, time; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX)"
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{code}; print('held', flush=True); time.sleep(60)", str(path)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder
