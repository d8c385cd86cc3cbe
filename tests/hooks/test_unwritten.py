"""A note that cannot be written in two seconds waits, and comes to its own commit."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from git_repo import Sandbox
from kagura_box import SESSION, begin, entries, track

from kagura_git import hook
from kagura_git.git import notes, unwritten
from kagura_git.git.unwritten import Note
from kagura_git.services import health, late_notes
from kagura_git.workspace import open_workspace
from tests.work import wait_until

LOCK = ".git/refs/notes/kagura.lock"


@pytest.fixture
def locked(kagura: Sandbox) -> Sandbox:
    """A repository in which something else holds the notes; no process tries in the background."""
    text = (kagura.top / ".git/hooks/post-commit").read_text()
    quiet = text.replace("kagura_background hook unwritten", ":")
    assert quiet != text
    kagura.script(".git/hooks/post-commit", quiet)
    kagura.write(LOCK, "")
    return kagura


def reasons(box: Sandbox, rev: str) -> list[str]:
    return [entry["reason"] for entry in entries(box, rev) if "reason" in entry]


def waiting(box: Sandbox) -> list[str]:
    return [note.commit for note in unwritten.waiting(box.working.folder)]


def test_a_commit_does_not_wait_until_the_lock_is_gone(locked: Sandbox) -> None:
    track(locked, 1, "a", "why")
    locked.write("a")
    locked.run("add", "a")
    done = locked.run("commit", "-m", "x")
    assert done.stderr.count("kagura:") == 1
    assert "it is kept, and the next commit writes it" in done.stderr
    assert waiting(locked) == [locked.head]
    assert set(locked.working.pending()) == {"C-00000001"}


def test_the_patience_of_a_hook_is_below_two_seconds() -> None:
    assert hook._PATIENCE + 0.5 <= 2.0  # with one more try of git itself


def test_the_next_commit_writes_both_each_to_its_own(locked: Sandbox) -> None:
    begin(locked)
    track(locked, 1, "a", "first")
    locked.commit(a="1\n")
    (locked.top / LOCK).unlink()
    track(locked, 2, "a", "second")
    locked.commit(a="2\n")
    assert reasons(locked, "HEAD~1") == ["first"]
    assert reasons(locked, "HEAD") == ["second"]
    assert {"kind": "session", "id": SESSION} in entries(locked, "HEAD~1")
    assert (waiting(locked), locked.working.pending()) == ([], {})


def test_a_commit_of_nothing_recorded_writes_it_too(locked: Sandbox) -> None:
    track(locked, 1, "a", "first")
    locked.commit(a="1\n")
    (locked.top / LOCK).unlink()
    locked.commit(b="1\n")
    assert (reasons(locked, "HEAD~1"), entries(locked)) == (["first"], [])


def test_doctor_says_so_and_writes_it(locked: Sandbox) -> None:
    track(locked, 1, "a", "first")
    locked.commit(a="1\n")
    ws = open_workspace(str(locked.top), os.environ)
    found = [f for f in health.health_git.notes(ws) if "could not be written" in f.message]
    assert len(found) == 1
    (locked.top / LOCK).unlink()
    assert late_notes.write(ws) == [locked.head]
    assert reasons(locked, "HEAD") == ["first"]
    assert (waiting(locked), locked.working.pending()) == ([], {})
    assert late_notes.write(ws) == []


def test_an_amended_commit_takes_what_waited_for_the_one_before(locked: Sandbox) -> None:
    track(locked, 1, "a", "first")
    locked.commit(a="1\n")
    (locked.top / LOCK).unlink()
    track(locked, 2, "b", "second")
    locked.write("b")
    locked.run("add", "b")
    locked.run("commit", "--amend", "-m", "both")
    assert sorted(reasons(locked, "HEAD")) == ["first", "second"]


def test_a_fact_never_comes_into_a_second_note_after_a_crash(kagura: Sandbox) -> None:
    track(kagura, 1, "a", "first")
    kagura.run("-c", "core.hooksPath=/dev/null", "commit", "-q", "--allow-empty", "-m", "crashed")
    entry = {"kind": "change", "id": "C-00000001", "path": "a", "action": "edit", "reason": "first"}
    # As if the process had been killed after its note was kept, or even written.
    unwritten.keep(kagura.working.folder, Note(kagura.head, [entry], "A <a@b>", ["C-00000001"]))
    kagura.commit(a="2\n")
    assert reasons(kagura, "HEAD~1") == ["first"]
    assert reasons(kagura, "HEAD") == []
    assert kagura.working.pending() == {}


def test_a_commit_that_was_killed_before_the_branch_moved_takes_no_reason(
    kagura: Sandbox,
) -> None:
    kagura.commit(a="1\n")
    head = kagura.head
    kagura.write("a", "2\n")
    kagura.run("add", "a")
    tree = kagura.out("write-tree")
    for how in ("commit: x", "commit (amend): x"):  # git writes HEAD's log before the branch
        made = kagura.out("commit-tree", tree, "-p", head, "-m", how)
        with (kagura.top / ".git/logs/HEAD").open("a") as log:
            log.write(f"{head} {made} Ada <ada@example.org> {int(time.time()) + 5} +0000\t{how}\n")
    track(kagura, 1, "a", "why")
    kagura.run("commit", "-q", "-m", "y")
    assert kagura.out("rev-parse", "HEAD~1") == head
    assert reasons(kagura, "HEAD") == ["why"]
    assert kagura.working.pending() == {}


def test_a_commit_that_was_pruned_meanwhile_holds_up_no_other(locked: Sandbox) -> None:
    unwritten.keep(locked.working.folder, Note("1" * 40, [{"kind": "x"}], "A <a@b>", []))
    track(locked, 1, "a", "first")
    locked.commit(a="1\n")
    (locked.top / LOCK).unlink()
    locked.commit(b="1\n")
    assert reasons(locked, "HEAD~1") == ["first"]
    assert waiting(locked) == []


def test_half_a_file_is_passed_over(kagura: Sandbox) -> None:
    kagura.write(f".git/kagura/unwritten/{'2' * 40}.json", '{"commit": ')
    kagura.write(f".git/kagura/unwritten/{'3' * 40}.json", "[]")
    track(kagura, 1, "a", "why")
    kagura.commit(a="1\n")
    assert reasons(kagura, "HEAD") == ["why"]


def test_in_the_background_it_is_written_when_the_lock_is_gone(kagura: Sandbox) -> None:
    kagura.write(LOCK, "")
    track(kagura, 1, "a", "why")
    kagura.commit(a="1\n")
    assert waiting(kagura) == [kagura.head]
    (kagura.top / LOCK).unlink()
    wait_until(lambda: not waiting(kagura))
    assert reasons(kagura, "HEAD") == ["why"]


def test_forty_commits_at_once_lose_no_reason(kagura: Sandbox, tmp_path: Path) -> None:
    boxes = []
    for number in range(40):
        kagura.run("worktree", "add", "-q", str(tmp_path / f"tree{number}"))
        box = Sandbox(tmp_path / f"tree{number}", kagura.env)
        track(box, number, "a", f"reason {number}")
        box.write("a", f"{number}\n")
        box.run("add", "a")
        boxes.append(box)

    def commit(box: Sandbox) -> subprocess.CompletedProcess[str]:
        return box.run("commit", "-q", "-m", "at once")

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(commit, boxes))
    wait_until(lambda: not any(waiting(box) for box in boxes))
    assert [reasons(box, "HEAD") for box in boxes] == [[f"reason {n}"] for n in range(40)]
    assert not any(box.working.pending() for box in boxes)


def test_what_another_hook_keeps_meanwhile_is_not_forgotten(
    kagura: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, git = kagura.working.folder, kagura.repo.git
    kagura.commit(a="1\n")
    who = "Ada <ada@example.org>"
    first = unwritten.Note(kagura.head, [{"kind": "session", "id": SESSION}], who, [])
    more = first._replace(entries=[*first.entries, {"kind": "session", "id": "S-00000002"}])
    unwritten.keep(folder, first)
    add = notes.add

    def slow(*args, **kwargs):  # type: ignore[no-untyped-def]
        add(*args, **kwargs)
        unwritten.keep(folder, more)

    monkeypatch.setattr(notes, "add", slow)
    unwritten.write(git, folder, [first])
    assert unwritten.waiting(folder) == [more]
