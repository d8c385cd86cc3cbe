"""Another branch, a merge, a finished rebase: the index is refreshed behind git's back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from git_repo import ROOT, Sandbox
from kagura_box import set_up

from kagura_git.git import shims
from kagura_git.services import setup


@pytest.fixture
def watched(box: Sandbox, tmp_path: Path) -> Sandbox:
    """A repository with an index folder whose hooks start a program that writes down its call."""
    set_up(box)
    recorder = box.script(
        tmp_path / "python",
        "#!/bin/sh\nsleep 0.3\n"
        '{ echo "$*"; env | grep -E "^(GIT_DIR|GIT_INDEX_FILE|GIT_PREFIX|GIT_WORK_TREE)=";\n'
        "env | grep ^PYTHON; readlink /proc/self/fd/0 /proc/self/fd/2; "
        f"ps -o sid= -p $$; }} >> {tmp_path}/calls.new\nmv {tmp_path}/calls.new {tmp_path}/calls\n",
    )
    setup.init(box.repo, program=shims.Program(str(recorder), str(ROOT), "0"))
    box.write(".git/kagura/index/marks", "")
    return box


def calls(box: Sandbox, wait: float = 5.0) -> list[str]:
    path = box.top.parent / "calls"
    end = time.monotonic() + wait
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    path.unlink()
    return lines


def test_a_branch_checkout_starts_a_detached_refresh_and_returns_at_once(watched: Sandbox) -> None:
    start = time.monotonic()
    watched.run("switch", "-qc", "side")
    assert time.monotonic() - start < 0.3
    found = calls(watched)
    assert found[0] == f"-m kagura_git -C {watched.top} index refresh --background"
    assert "PYTHONSAFEPATH=1" in found
    assert not [line for line in found if line.startswith("GIT_")]
    assert found.count("/dev/null") == 2
    assert found[-1].strip() != str(Path("/proc/self/stat").read_text().split()[5])


def test_a_file_checkout_starts_nothing(watched: Sandbox) -> None:
    watched.run("checkout", "--", ".")
    assert calls(watched, 0.8) == []


def test_without_an_index_nothing_starts(watched: Sandbox) -> None:
    (watched.top / ".git/kagura/index/marks").unlink()
    (watched.top / ".git/kagura/index").rmdir()
    watched.run("switch", "-qc", "side")
    assert calls(watched, 0.8) == []


def test_a_merge_starts_one(watched: Sandbox) -> None:
    watched.run("switch", "-qc", "side")
    watched.commit(a="1\n")
    watched.run("switch", "-q", "main")
    time.sleep(0.8)
    calls(watched)
    watched.run("merge", "-q", "side")
    assert len([line for line in calls(watched) if line.startswith("-m kagura_git")]) == 1


def test_a_rebase_starts_one_at_its_end(watched: Sandbox) -> None:
    watched.run("switch", "-qc", "side")
    for number in range(3):
        watched.commit(**{f"f{number}": "1\n"})
    watched.run("switch", "-q", "main")
    watched.commit(a="1\n")
    watched.run("switch", "-q", "side")
    time.sleep(0.8)
    calls(watched)
    watched.run("rebase", "-q", "main")
    time.sleep(0.6)
    assert len([line for line in calls(watched) if line.startswith("-m kagura_git")]) == 1


def test_a_linked_worktree_refreshes_its_own_index(watched: Sandbox) -> None:
    watched.run("worktree", "add", "-q", "../linked")
    time.sleep(0.5)
    calls(watched, 0.1)
    linked = Sandbox(watched.top.parent / "linked", watched.env)
    linked.run("switch", "-qc", "side")
    assert calls(watched, 0.8) == []
    (watched.top / ".git/worktrees/linked/kagura/index").mkdir(parents=True)
    linked.run("switch", "-qc", "other")
    assert calls(watched)[0] == f"-m kagura_git -C {linked.top} index refresh --background"
