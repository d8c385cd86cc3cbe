"""``[store] stage = "commit"``: records stay out of the staging area until a commit is made."""

from __future__ import annotations

import os

import pytest
from git_repo import Sandbox
from kagura_box import entries

from kagura_git import settings
from kagura_git.errors import KaguraError
from kagura_git.services import decisions, health_records
from kagura_git.workspace import Workspace, open_workspace


@pytest.fixture
def late(kagura: Sandbox) -> Sandbox:
    """A repository whose records are staged by pre-commit."""
    kagura.write("kagura.toml", '[store]\nstage = "commit"\n')
    kagura.commit("settings", a="1\n")
    return kagura


def workspace(box: Sandbox) -> Workspace:
    return open_workspace(str(box.top), box.env)


def decide(box: Sandbox, text: str = "Use X") -> str:
    """Record a decision; returns its path."""
    return decisions.record(workspace(box), text, "for a reason").path


def status(box: Sandbox) -> list[str]:
    return box.out("status", "--porcelain", "--untracked-files=all").splitlines()


def committed(box: Sandbox, rev: str = "HEAD") -> list[str]:
    return box.out("show", "--format=", "--name-only", rev).splitlines()


def test_a_record_waits_untracked_and_rides_in_the_next_commit(late: Sandbox) -> None:
    path = decide(late)
    assert status(late) == [f"?? {path}"]
    late.write("a", "2\n")
    late.run("commit", "-q", "-a", "-m", "work")
    assert committed(late) == [path, "a"]
    assert [entry["relation"] for entry in entries(late)] == ["recorded"]
    assert "Kagura-Decision: D-" in late.message()
    assert status(late) == []
    assert workspace(late).working.at_commit() == []


@pytest.mark.parametrize("command", [
    ["commit", "-q", "-m", "x"], ["commit", "-q", "--amend", "--no-edit"],
    ["commit", "-q", "-i", "-m", "x", "--", "a"],
])  # fmt: skip
def test_every_whole_commit_takes_it(late: Sandbox, command: list[str]) -> None:
    path = decide(late)
    late.write("a", "2\n")
    late.run("add", "a")
    late.run(*command)
    assert path in committed(late)
    assert status(late) == []


def test_git_refuses_a_commit_of_nothing_else_until_the_record_is_staged(late: Sandbox) -> None:
    path = decide(late)
    # git decides whether there is anything to commit by what was staged before the hook.
    assert late.run("commit", "-q", "-m", "x", ok=False).returncode == 1
    assert status(late) == [f"A  {path}"]
    late.run("commit", "-q", "-m", "x")
    assert committed(late) == [path]


def test_a_staging_area_that_is_locked_stops_no_commit_and_no_check(late: Sandbox) -> None:
    path = decide(late)
    lock = late.write(".git/index.lock", "")
    done = late.run("hook", "run", "pre-commit", ok=False)
    assert (done.returncode, "index.lock" in done.stderr) == (0, True)
    lock.unlink()
    assert workspace(late).working.at_commit() == [path]


@pytest.mark.parametrize("args", [["-q", "-m", "x", "--", "a"], ["-q", "-n", "-a", "-m", "x"]])
def test_a_commit_of_named_paths_or_without_hooks_leaves_it_waiting(
    late: Sandbox, args: list[str]
) -> None:
    path = decide(late)
    late.write("a", "2\n")
    late.run("commit", *args)
    assert (committed(late), status(late)) == (["a"], [f"?? {path}"])
    late.run("commit", "-q", "--allow-empty", "-m", "y")
    assert (committed(late), status(late)) == ([path], [])


def test_a_record_that_is_edited_waits_as_a_change_of_the_work_tree(late: Sandbox) -> None:
    made = decisions.record(workspace(late), "Use X", "for a reason")
    late.run("commit", "-q", "--allow-empty", "-m", "x")
    decisions.review(workspace(late), made.decision.id, "accepted")
    assert status(late) == [f" M {made.path}"]
    late.run("commit", "-q", "--allow-empty", "-m", "y")
    assert (committed(late), status(late)) == ([made.path], [])


def test_a_pull_with_rebase_goes_through(late: Sandbox) -> None:
    other = Sandbox(late.top.parent / "other", late.env)
    late.run("clone", "-q", ".", str(other.top))
    other.commit("theirs", b="1\n")
    late.commit("mine", c="1\n")
    path = decide(late)
    late.run("pull", "-q", "--rebase", str(other.top), "main")
    assert status(late) == [f"?? {path}"]
    late.run("commit", "-q", "--allow-empty", "-m", "x")
    assert committed(late) == [path]


def test_a_replayed_commit_takes_no_record(late: Sandbox) -> None:
    late.run("switch", "-q", "-c", "side", "HEAD")
    late.commit("theirs", b="1\n")
    late.run("switch", "-q", "main")
    path = decide(late)
    late.run("cherry-pick", "side")
    assert (committed(late), status(late)) == (["b"], [f"?? {path}"])


@pytest.mark.parametrize("said", ["true", "false"])
def test_the_hook_stages_nothing_where_the_settings_do_not_say_so(late: Sandbox, said: str) -> None:
    path = decide(late)
    late.write("kagura.toml", f"[store]\nstage = {said}\n")
    late.run("commit", "-q", "-a", "-m", "x")
    assert (committed(late), status(late)) == (["kagura.toml"], [f"?? {path}"])


def test_nothing_but_the_waiting_records_is_staged(late: Sandbox) -> None:
    path = decide(late)
    late.write("other", "untracked\n")
    late.write(".kagura/mine.txt", "untracked\n")
    late.write("target", "elsewhere\n")
    os.symlink("../target", late.top / ".kagura" / "link.yaml")
    working = workspace(late).working
    working.add_at_commit([".kagura/link.yaml", ".kagura/../other", ".kagura/gone.yaml"])
    late.run("commit", "-q", "--allow-empty", "-m", "x")
    assert committed(late) == [path]
    assert sorted(working.at_commit()) == [".kagura/../other", ".kagura/link.yaml"]


def test_what_the_owner_ignores_stays_out(late: Sandbox) -> None:
    late.write(".gitignore", ".kagura/\n")
    late.commit("ignored")
    made = decisions.record(workspace(late), "Use X", "for a reason")
    assert not made.staged
    late.run("commit", "-q", "--allow-empty", "-m", "x")
    assert committed(late) == []


def test_a_record_that_was_broken_meanwhile_stops_the_commit(late: Sandbox) -> None:
    path = decide(late)
    late.write(path, "decision: [\n")
    done = late.run("commit", "-q", "--allow-empty", "-m", "x", ok=False)
    assert done.returncode == 1
    assert path in done.stderr


def test_doctor_finds_nothing_amiss_while_it_waits(late: Sandbox) -> None:
    decide(late)
    assert list(health_records.unstaged(workspace(late))) == []


def test_another_word_is_refused_with_what_may_stand_there(late: Sandbox) -> None:
    late.write("kagura.toml", '[store]\nstage = "later"\n')
    with pytest.raises(KaguraError, match='not true, false or "commit"'):
        settings.load(str(late.top), late.env)


def test_a_branch_without_settings_stages_as_the_branch_that_has_them(late: Sandbox) -> None:
    late.run("switch", "-q", "--orphan", "other")
    late.write("b", "1\n")
    path = decide(late)
    late.run("add", "b")
    late.run("commit", "-q", "-m", "first")
    assert committed(late) == [path, "b"]
