"""Every way to make a commit: the hooks see the staging area that git is about to commit."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

import pytest
from git_repo import Sandbox
from kagura_box import SESSION, begin, entries, record, track

BROKEN = ".kagura/decisions/2025-11/D-00000009-x.yaml"


@pytest.fixture
def started(kagura: Sandbox) -> Sandbox:
    """Two files changed, each with a reason, and a decision recorded; a session is active."""
    kagura.commit(a="1\n", b="1\n")
    begin(kagura)
    kagura.write("a", "2\n")
    kagura.write("b", "2\n")
    track(kagura, 1, "a", "for a")
    track(kagura, 2, "b", "for b")
    record(kagura, 1)
    return kagura


def noted(box: Sandbox, rev: str = "HEAD") -> set[str]:
    """Return the ids in a commit's note, but for the session's."""
    return {entry.get("id", "-") for entry in entries(box, rev)} - {SESSION}


def named(box: Sandbox) -> bool:
    return "Kagura-Decision: D-00000001" in box.message()


@pytest.mark.parametrize(
    ("command", "ids"),
    [
        (["--", "a"], {"C-00000001"}),
        (["--only", "b"], {"C-00000002"}),
        (["--include", "b"], {"C-00000002", "D-00000001"}),
        (["-a"], {"C-00000001", "C-00000002", "D-00000001"}),
        ([], {"D-00000001"}),
        (["--", ".kagura"], {"D-00000001"}),
    ],
    ids=["path", "only", "include", "all", "as staged", "records alone"],
)
def test_what_is_committed_is_noted_and_named(
    started: Sandbox, command: list[str], ids: set[str]
) -> None:
    started.run("commit", "-q", "-m", "x", *command)
    assert noted(started) == ids
    assert named(started) == ("D-00000001" in ids)
    rest = {"C-00000001", "C-00000002", "D-00000001"} - ids
    assert set(started.working.pending()) == rest


def test_a_partly_staged_file_is_noted(started: Sandbox) -> None:
    started.write("a", "1\nmore\n")
    started.run("commit", "-q", "-p", "-m", "x", "a", stdin="y\n")
    assert "C-00000001" in noted(started)


@pytest.mark.parametrize(
    "command", [["-a"], ["--", BROKEN], ["--include", BROKEN], ["--only", BROKEN], []]
)
def test_a_broken_record_stops_each_of_them(kagura: Sandbox, command: list[str]) -> None:
    kagura.write(BROKEN, "x: 1\n")
    kagura.run("add", "-A")
    kagura.run("commit", "-q", "--no-verify", "-m", "there")
    kagura.write(BROKEN, "a: [\n")
    if not command:
        kagura.run("add", "-A")
    done = kagura.run("commit", "-m", "x", *command, ok=False)
    assert (done.returncode, f"{BROKEN}:" in done.stderr) == (1, True)


def test_no_verify_skips_the_check_and_nothing_else(kagura: Sandbox) -> None:
    """git then runs neither pre-commit nor commit-msg; what was recorded is linked as ever."""
    begin(kagura)
    track(kagura, 1, "a", "why")
    kagura.write("a")
    kagura.write(BROKEN, "a: [\n")
    kagura.run("add", "-A")
    done = kagura.run("commit", "-q", "--no-verify", "-m", "x")
    assert done.stderr == ""
    assert "C-00000001" in noted(kagura)
    assert f"Kagura-Session: {SESSION}" in kagura.message()
    done = kagura.run("commit", "--allow-empty", "-m", "the next is not held up")
    assert done.stderr == ""


def test_a_mark_left_by_another_commit_is_not_believed(kagura: Sandbox) -> None:
    record(kagura, 1)
    kagura.write(".git/kagura/staged", "999999 D-00000002\n")
    kagura.run("commit", "-q", "--no-verify", "-m", "x")
    assert named(kagura)
    assert "D-00000002" not in kagura.message()


def test_disabled_the_hooks_do_nothing_and_lose_nothing(started: Sandbox) -> None:
    started.write(BROKEN, "a: [\n")
    started.run("add", "-A")
    done = started.run("commit", "-q", "-m", "x", KAGURA_DISABLE="1")
    assert (done.stderr, started.message().strip(), entries(started)) == ("", "x", [])
    assert set(started.working.pending()) == {"C-00000001", "C-00000002", "D-00000001"}


def test_a_stash_takes_and_brings_back_what_waits(started: Sandbox) -> None:
    started.run("stash", "-q")
    started.commit("between", c="1\n")
    assert noted(started) == {"-"}  # the session's change of c, nothing that waits
    started.run("stash", "pop", "-q")
    started.run("commit", "-q", "-a", "-m", "x")
    assert noted(started) == {"C-00000001", "C-00000002", "D-00000001"}


def test_a_rebase_that_stops_and_goes_on_links_each_commit_once(started: Sandbox) -> None:
    started.run("commit", "-q", "-a", "-m", "work")
    before = noted(started)
    started.run("switch", "-q", "-c", "other", "HEAD~1")
    started.working.finish_session()
    started.commit("theirs", a="3\n")
    started.run("switch", "-q", "main")
    begin(started)
    assert started.run("rebase", "other", ok=False).returncode == 1
    track(started, 3, "a", "while rebasing")
    started.write("a", "4\n")
    started.run("add", "-A")
    started.run("rebase", "--continue", GIT_EDITOR=":")
    assert noted(started) == before
    assert started.message().count("Kagura-Session") == 1
    assert set(started.working.pending()) == {"C-00000003"}
    started.commit("later", a="5\n")
    assert "C-00000003" in noted(started)


def test_a_bisect_runs_undisturbed(kagura: Sandbox) -> None:
    begin(kagura)
    for number in range(6):
        record(kagura, number)
        kagura.commit(a=f"{number}\n")
    script = kagura.script("../check", '#!/bin/sh\n[ "$(cat a)" -lt 3 ]\n')
    kagura.run("bisect", "start", "HEAD", "HEAD~5")
    found = kagura.run("bisect", "run", str(script)).stdout
    kagura.run("bisect", "reset")
    assert f"{kagura.out('rev-parse', 'HEAD~2')} is the first bad commit" in found
    assert kagura.working.active_session() == SESSION
    assert kagura.out("status", "--porcelain") == ""


def test_a_merge_without_fast_forward_is_linked_to_its_session(kagura: Sandbox) -> None:
    kagura.run("switch", "-q", "-c", "side")
    kagura.commit("side", s="1\n")
    kagura.run("switch", "-q", "main")
    kagura.commit("main", m="1\n")
    begin(kagura)
    kagura.run("merge", "-q", "--no-edit", "side")
    assert f"Kagura-Session: {SESSION}" in kagura.message()
    assert kagura.run("fsck").returncode == 0


def test_commits_from_several_worktrees_keep_apart(kagura: Sandbox) -> None:
    kagura.run("switch", "-q", "-c", "main-elsewhere")
    kagura.run("worktree", "add", "-q", "../linked", "-b", "topic")
    linked = Sandbox(kagura.top.parent / "linked", kagura.env)
    begin(linked)
    track(linked, 1, "a", "linked")
    track(kagura, 2, "a", "main")
    kagura.commit(a="1\n")
    assert noted(kagura) == {"C-00000002"}
    linked.commit(a="1\n")
    assert noted(linked) == {"C-00000001"}
    assert "Kagura-Session" not in kagura.message()
    linked.write(BROKEN, "a: [\n")
    linked.run("add", "-A")
    assert linked.run("commit", "-m", "x", ok=False).returncode == 1


def test_a_program_that_exports_its_git_dir_commits_as_usual(kagura: Sandbox) -> None:
    begin(kagura)
    kagura.write("a")
    kagura.run("add", "a")
    more = {"GIT_DIR": str(kagura.top / ".git"), "GIT_WORK_TREE": str(kagura.top)}
    kagura.run("commit", "-q", "-m", "x", **more, GIT_INDEX_FILE=".git/index")
    assert f"Kagura-Session: {SESSION}" in kagura.message()
    assert noted(kagura)


def test_a_commit_of_another_staging_area_is_checked_there(kagura: Sandbox) -> None:
    index = str(kagura.top / ".git/other-index")
    kagura.run("read-tree", "HEAD", GIT_INDEX_FILE=index)
    kagura.write(BROKEN, "a: [\n")
    kagura.run("add", "-A", GIT_INDEX_FILE=index)
    assert kagura.run("commit", "-m", "x", ok=False, GIT_INDEX_FILE=index).returncode == 1
    kagura.run("commit", "-q", "--allow-empty", "-m", "x")
    assert os.path.exists(index)


@pytest.fixture
def clean(started: Sandbox) -> Sandbox:
    """All that was changed is committed, and another branch has gone on meanwhile."""
    started.run("commit", "-q", "-a", "-m", "x")
    started.run("switch", "-q", "-c", "other", "HEAD~1")
    started.commit("theirs", theirs="1\n")
    started.run("switch", "-q", "main")
    return started


def edit(box: Sandbox, text: str, **facts: str) -> None:
    time.sleep(1.1)  # a reflog counts whole seconds
    track(box, 3, "a", "why again", head=box.head, at=datetime.now(UTC).isoformat(), **facts)
    box.write("a", text)


def test_a_reason_waits_for_its_edit_though_the_commit_before_is_reworded(clean: Sandbox) -> None:
    edit(clean, "5\n")
    clean.run("commit", "-q", "--amend", "--only", "-m", "said better")
    assert "C-00000003" not in noted(clean)
    clean.run("commit", "-q", "-a", "-m", "y")
    assert "C-00000003" in noted(clean)


def test_a_reason_goes_into_the_commit_that_its_edit_amends(clean: Sandbox) -> None:
    edit(clean, "5\n")
    clean.run("commit", "-q", "-a", "--amend", "--no-edit")
    assert "C-00000003" in noted(clean)


def test_a_reason_given_after_the_commit_goes_into_it_by_an_amend(clean: Sandbox) -> None:
    edit(clean, "2\n")
    clean.run("commit", "-q", "--amend", "--no-edit")
    assert "C-00000003" in noted(clean)


@pytest.mark.parametrize("carry", [["rebase", "--autostash", "other"], ["switch", "other"]])
def test_a_reason_goes_along_with_the_edit(clean: Sandbox, carry: list[str]) -> None:
    clean.run("switch", "-q", "-c", "mine", "HEAD~1")
    clean.commit("mine", mine="1\n")
    edit(clean, "6\n")
    before = time.time() - 1.1
    os.utime(clean.top / "a", (before, before))
    clean.run(*carry)
    clean.run("commit", "-q", "-a", "-m", "y")
    assert "C-00000003" in noted(clean)


def test_a_reason_waits_where_the_file_was_edited_after_a_switch(clean: Sandbox) -> None:
    clean.run("switch", "-q", "-c", "mine", "HEAD~1")
    clean.commit("mine", mine="1\n")
    edit(clean, "6\n")
    clean.run("switch", "-q", "other")
    clean.commit("another reason", a="7\n")
    assert "C-00000003" not in noted(clean)
    assert "C-00000003" in clean.working.pending()


def test_a_reason_of_an_edit_that_was_stashed_elsewhere_waits(clean: Sandbox) -> None:
    edit(clean, "6\n")
    clean.run("stash", "-q")
    clean.run("switch", "-q", "other")
    clean.commit("another reason", a="7\n")
    assert "C-00000003" not in noted(clean)
    assert "C-00000003" in clean.working.pending()
