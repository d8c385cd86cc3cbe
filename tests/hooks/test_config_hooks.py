"""Hooks that git's configuration starts: beside all others, in nobody's place, never twice."""

from __future__ import annotations

from pathlib import Path

import newer_git
import pytest
from git_repo import Sandbox, new
from kagura_box import SESSION, begin, entries, record, set_up, snapshot, track

from kagura_git.errors import KaguraError
from kagura_git.git import shims
from kagura_git.services import setup

HOOKS = ".git/hooks"


@pytest.fixture
def modern(env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    newer_git.use(env, monkeypatch, 2, 54)
    return new(tmp_path / "it's a repo", env)


def linked(box: Sandbox) -> None:
    """One commit is linked, once."""
    begin(box)
    track(box, 1, "a", "why")
    record(box)
    box.commit("Do it", a="1\n")
    assert [e.get("id") for e in entries(box)].count("C-00000001") == 1
    assert box.message().count("Kagura-Decision: D-00000001") == 1
    assert f"Kagura-Session: {SESSION}" in box.message()


def ok(box: Sandbox) -> bool:
    return all(state.ok for state in shims.inspect(box.repo))


def test_git_starts_ours_first_and_the_others_where_they_are(modern: Sandbox) -> None:
    modern.script("theirs/pre-commit", "#!/bin/sh\necho theirs >> ../ran\n")
    modern.script(f"{HOOKS}/pre-commit", "#!/bin/sh\necho nobody's >> ../ran\n")
    modern.run("config", "core.hooksPath", "theirs")
    before = snapshot(str(modern.top / HOOKS)), snapshot(str(modern.top / "theirs"))
    setup.init(modern.repo, by_config=True)
    assert setup.init(modern.repo) == []
    assert ok(modern)
    assert (snapshot(str(modern.top / HOOKS)), snapshot(str(modern.top / "theirs"))) == before
    assert modern.out("config", "core.hooksPath") == "theirs"
    assert modern.out("hook", "list", "pre-commit").splitlines()[0] == "kagura-pre-commit"
    linked(modern)
    assert (modern.top.parent / "ran").read_text() == "theirs\n"


def test_a_broken_record_stops_the_commit(modern: Sandbox) -> None:
    setup.init(modern.repo, by_config=True)
    modern.write(".kagura/decisions/2025-11/D-00000001-x.yaml", "a: [\n")
    modern.run("add", "-A")
    done = modern.run("commit", "-m", "x", ok=False)
    assert (done.returncode, "not valid YAML" in done.stderr) == (1, True)


def test_never_are_two_sets_of_hooks_installed(modern: Sandbox) -> None:
    modern.script(f"{HOOKS}/post-commit", "#!/bin/sh\necho theirs >> ../ran\n")
    hooks = snapshot(str(modern.top / HOOKS))
    set_up(modern)
    setup.init(modern.repo, by_config=True)
    assert ok(modern)
    assert snapshot(str(modern.top / HOOKS)) == hooks
    linked(modern)
    setup.init(modern.repo, by_config=False)
    assert ok(modern)
    assert "kagura" not in modern.out("hook", "list", "post-commit")
    assert not (modern.top / ".git/kagura/hooks").exists()
    modern.working.finish_session()
    linked_again = modern.commit("More", b="1\n")
    assert linked_again
    assert (modern.top.parent / "ran").read_text() == "theirs\n" * 3


def test_uninstall_gives_every_byte_back(modern: Sandbox) -> None:
    modern.script(f"{HOOKS}/pre-commit", "#!/bin/sh\n")
    modern.run("config", "core.hooksPath", ".husky/_")
    before = snapshot(str(modern.top))
    setup.init(modern.repo, by_config=True)
    setup.uninstall(modern.repo)
    assert snapshot(str(modern.top)) == before


def test_a_moved_repository_commits_without_ours_until_init(modern: Sandbox) -> None:
    setup.init(modern.repo, by_config=True)
    moved = Sandbox(modern.top.rename(modern.top.parent / "moved"), modern.env)
    begin(moved)
    assert moved.commit("no link", a="1\n")
    assert "Kagura" not in moved.message()
    assert {state.state for state in shims.inspect(moved.repo)} == {"unreached"}
    setup.init(moved.repo)
    assert ok(moved)
    moved.commit("a link", a="2\n")
    assert "Kagura-Session" in moved.message()
    assert moved.out("config", "--local", "--get-regexp", "^includeif").count("\n") == 1


def test_a_hook_that_the_user_turned_off_is_named(modern: Sandbox) -> None:
    setup.init(modern.repo, by_config=True)
    modern.run("config", "hook.kagura-pre-commit.enabled", "false")
    assert {state.detail for state in shims.inspect(modern.repo)} == {
        "turned off by hook.kagura-pre-commit.enabled"
    }


def test_an_older_git_is_refused_and_nothing_changes(box: Sandbox) -> None:
    if newer_git._version("git") >= (2, 54):
        pytest.skip("the git on the PATH knows hook.<name>.command")
    before = snapshot(str(box.top))
    with pytest.raises(KaguraError, match="does not start hooks") as caught:
        setup.init(box.repo, by_config=True)
    assert "2.54" in caught.value.hint
    assert snapshot(str(box.top)) == before


def test_an_older_git_beside_the_newer_one_is_noticed(
    modern: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.init(modern.repo, by_config=True)
    path = modern.env["PATH"].partition(":")[2]
    monkeypatch.setenv("PATH", path)
    if newer_git._version("git") >= (2, 54):
        pytest.skip("there is no older git")
    old = Sandbox(modern.top, {**modern.env, "PATH": path})
    states = shims.inspect(old.repo)
    assert {state.state for state in states} == {"unreached"}
    assert "--no-config-hooks" in states[0].mend
