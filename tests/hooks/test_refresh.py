"""Another commit, a merge, a finished rebase: what hooks do at once, and what behind git's back."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from git_repo import ROOT, Sandbox
from kagura_box import record, set_up

from kagura_git.git import shims
from kagura_git.services import setup
from tests.work import wait_until

NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
REFRESH = "background: index refresh --background"
AFTER = "background: after-merge"


@pytest.fixture
def watched(box: Sandbox, tmp_path: Path) -> Sandbox:
    """A repository with an index folder and a branch `side`, whose hooks start a program that
    writes down its call.
    """
    set_up(box)
    recorder = box.script(
        tmp_path / "python",
        f"#!/bin/sh\nlog={tmp_path}/calls\n"
        'case $2 in\n-S) while [ $# -gt 1 ]; do shift; done; echo "at once: $1" >> "$log" ;;\n'
        "*) shift 6; sleep 0.2\n"
        f'[ -z "$SLOW" ] || until [ -e {tmp_path}/go ]; do sleep 0.1; done\n'
        f"env | grep -E '^(GIT_|PYTHON|KAGURA)' > {tmp_path}/env\n"
        f"ps -o sid= -p $$ > {tmp_path}/sid\n"
        'echo "background: $*" >> "$log" ;;\nesac\n',
    )
    setup.init(box.repo, program=shims.Program(str(recorder), str(ROOT), "0"))
    box.write(".git/kagura/index/marks", "")
    box.run("switch", "-qc", "side")
    box.write("side")
    box.run("add", "side")
    box.run(*NO_HOOKS, "commit", "-q", "-m", "side")
    box.run(*NO_HOOKS, "switch", "-q", "main")
    return box


def calls(box: Sandbox, expected: int = 1) -> list[str]:
    """Return what was started since the last look; waits a moment for one that should not be."""
    path = box.top.parent / "calls"

    def written() -> list[str]:
        return path.read_text().splitlines() if path.exists() else []

    if expected:
        wait_until(lambda: len(written()) >= expected)
    else:
        time.sleep(0.8)
    lines = written()
    path.unlink(missing_ok=True)
    return lines


def test_another_commit_starts_a_detached_refresh_and_git_returns_at_once(
    watched: Sandbox,
) -> None:
    watched.run("switch", "-q", "side", GIT_PREFIX="x", SLOW="yes")
    assert not (watched.top.parent / "calls").exists()
    watched.write("../go")
    assert calls(watched) == [REFRESH]
    env = (watched.top.parent / "env").read_text().splitlines()
    assert {"PYTHONSAFEPATH=1", "KAGURA_BACKGROUND=1"} <= set(env)
    where = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE", "GIT_REFLOG_ACTION")
    assert not [line for line in env if line.startswith(where)]
    assert int((watched.top.parent / "sid").read_text()) != os.getsid(0)


@pytest.mark.parametrize("command", [["checkout", "--", "."], ["switch", "-qc", "new"]])
def test_a_file_checkout_or_a_new_branch_starts_nothing(
    watched: Sandbox, command: list[str]
) -> None:
    watched.run(*command)
    assert calls(watched, 0) == []


def test_without_an_index_nothing_starts(watched: Sandbox) -> None:
    (watched.top / ".git/kagura/index/marks").unlink()
    (watched.top / ".git/kagura/index").rmdir()
    watched.run("switch", "-q", "side")
    assert calls(watched, 0) == []


def test_turned_off_nothing_starts(watched: Sandbox) -> None:
    watched.write("kagura.toml", "[hooks]\nenabled = false\n")
    watched.run("switch", "-q", "side")
    watched.run("switch", "-q", "main")
    watched.run("merge", "-q", "side")
    assert calls(watched, 0) == []


def test_a_merge_of_other_files_starts_one_process_behind_git_s_back(watched: Sandbox) -> None:
    watched.run("merge", "-q", "side")
    assert calls(watched) == [AFTER]


@pytest.mark.parametrize("fast_forward", ["--ff", "--no-ff"])
def test_a_merge_that_brings_records_is_looked_at_at_once(
    watched: Sandbox, fast_forward: str
) -> None:
    watched.run(*NO_HOOKS, "switch", "-q", "side")
    record(watched)
    watched.run(*NO_HOOKS, "commit", "-q", "-m", "a record")
    watched.run(*NO_HOOKS, "switch", "-q", "main")
    watched.run("merge", "-q", "--no-edit", fast_forward, "side")
    assert calls(watched, 2)[-2:] == ["at once: post-merge", AFTER]


def test_a_squashed_merge_is_not_one_yet(watched: Sandbox) -> None:
    watched.run(*NO_HOOKS, "switch", "-q", "side")
    record(watched)
    watched.run(*NO_HOOKS, "commit", "-q", "-m", "a record")
    watched.run(*NO_HOOKS, "switch", "-q", "main")
    watched.run("merge", "-q", "--squash", "side")
    assert calls(watched) == [AFTER]


def test_a_merge_where_kagura_is_not_used_starts_nothing(watched: Sandbox) -> None:
    watched.run("rm", "-rq", ".kagura")
    watched.run(*NO_HOOKS, "commit", "-q", "-m", "without")
    os.rename(watched.top / ".git/kagura", watched.top / ".git/elsewhere")
    watched.run("merge", "-q", "--no-edit", "side")
    assert calls(watched, 0) == []


def test_a_rebase_starts_one_at_its_end(watched: Sandbox) -> None:
    watched.run(*NO_HOOKS, "switch", "-q", "side")
    for number in range(3):
        watched.write(f"f{number}")
        watched.run("add", "-A")
        watched.run(*NO_HOOKS, "commit", "-q", "-m", f"{number}")
    watched.run(*NO_HOOKS, "switch", "-q", "main")
    watched.write("main")
    watched.run("add", "-A")
    watched.run(*NO_HOOKS, "commit", "-q", "-m", "main")
    watched.run(*NO_HOOKS, "switch", "-q", "side")
    watched.run("rebase", "-q", "main")
    time.sleep(0.6)
    assert calls(watched) == [AFTER]


def test_a_linked_worktree_refreshes_its_own_index(watched: Sandbox) -> None:
    watched.run("worktree", "add", "-q", "../linked", "-b", "linked")
    linked = Sandbox(watched.top.parent / "linked", watched.env)
    linked.run("checkout", "-q", "--detach", "side")
    assert calls(watched, 0) == []
    (watched.top / ".git/worktrees/linked/kagura/index").mkdir(parents=True)
    linked.run("checkout", "-q", "--detach", "main")
    assert calls(watched) == [REFRESH]
