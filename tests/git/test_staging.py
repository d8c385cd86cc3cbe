"""Staging a record never fails a recording, and never leaves a lock behind."""

from __future__ import annotations

import os
import threading
import time

from git_repo import Sandbox

from kagura_git.git.staging import stage, unstaged_records

RECORD = ".kagura/decisions/2025-11/D-7k3f9q2m-x.yaml"


def test_a_record_is_staged_and_nothing_else(box: Sandbox) -> None:
    box.write("other")
    box.write(RECORD)
    assert stage(box.repo, [RECORD]) == []
    assert box.out("status", "--porcelain") == f"A  {RECORD}\n?? other"


def test_a_new_version_of_a_tracked_record_is_staged(box: Sandbox) -> None:
    box.commit(**{RECORD: "1\n"})
    box.write(RECORD, "2\n")
    assert unstaged_records(box.repo) == [RECORD]
    assert stage(box.repo, [RECORD]) == []
    assert unstaged_records(box.repo) == []
    assert box.out("diff", "--cached", "--name-only") == RECORD


def test_a_record_that_the_owner_ignores_is_not_forced(box: Sandbox) -> None:
    box.write(".gitignore", ".kagura/\n")
    box.write(RECORD)
    other = box.write("kept.yaml").name
    assert stage(box.repo, [RECORD, other]) == [RECORD]
    assert box.out("diff", "--cached", "--name-only") == "kept.yaml"


def test_a_tracked_record_is_staged_though_an_ignore_rule_came_later(box: Sandbox) -> None:
    box.commit(**{RECORD: "1\n"})
    box.write(".gitignore", ".kagura/\n")
    box.write(RECORD, "2\n")
    assert stage(box.repo, [RECORD]) == []


def test_one_missing_file_does_not_hold_up_the_others(box: Sandbox) -> None:
    box.write(RECORD)
    gone = RECORD.replace("-x", "-gone")
    assert stage(box.repo, [gone, RECORD]) == [gone]
    assert box.out("diff", "--cached", "--name-only") == RECORD


def test_odd_names_are_staged(box: Sandbox) -> None:
    names = ["-x.yaml", 'a"\nb.yaml', "*.yaml", "\udcff.yaml"]
    for name in names:
        with open(os.path.join(box.top, name), "w") as file:
            file.write("1\n")
    box.write("other.yaml")
    assert stage(box.repo, names) == []
    found = box.out("diff", "--cached", "--name-only", "-z").split("\0")[:-1]
    assert sorted(found) == sorted(names)


def test_a_lock_that_stays_is_waited_for_and_left(box: Sandbox) -> None:
    box.write(RECORD)
    lock = box.write(".git/index.lock", "")
    start = time.monotonic()
    assert stage(box.repo, [RECORD]) == [RECORD]
    assert time.monotonic() - start > 0.5
    assert lock.exists()
    lock.unlink()
    assert stage(box.repo, [RECORD]) == []


def test_a_lock_that_goes_away_is_waited_for(box: Sandbox) -> None:
    box.write(RECORD)
    lock = box.write(".git/index.lock", "")
    timer = threading.Timer(0.2, lock.unlink)
    timer.start()
    assert stage(box.repo, [RECORD]) == []
    timer.join()
    assert not lock.exists()


def test_a_sparse_checkout_takes_records_outside_its_cone(box: Sandbox) -> None:
    old = RECORD.replace("-x", "-old")
    box.commit(**{"src/a": "1\n", old: "1\n"})
    box.run("sparse-checkout", "set", "--cone", "src")
    assert not (box.top / old).exists()
    box.write(RECORD)
    box.write(old, "2\n")
    assert stage(box.repo, [RECORD, old]) == []
    assert sorted(box.out("diff", "--cached", "--name-only").split()) == sorted([old, RECORD])


def test_a_leaked_staging_area_of_another_command_is_not_touched(box: Sandbox, monkeypatch) -> None:
    box.write(RECORD)
    box.env["GIT_INDEX_FILE"] = str(box.top / "elsewhere")
    assert stage(box.repo, [RECORD]) == []
    assert not (box.top / "elsewhere").exists()
