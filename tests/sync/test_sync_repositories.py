"""Repositories and remotes of every shape exchange notes."""

from __future__ import annotations

from pathlib import Path

import newer_git
import pytest
from clones import TRACKING, Clone, Hub
from git_repo import new

from kagura_git.errors import NotFound
from kagura_git.git import notes, remote
from kagura_git.services import sync


def exchanged(hub: Hub, ada: Clone, bob: Clone) -> None:
    """Both write, both sync, both have everything."""
    ada.note("main", "ada")
    bob.note("main", "bob")
    for clone in (ada, bob, ada):
        clone.sync()
    assert ada.tip == bob.tip == hub.tip()
    assert ada.said()[ada.head] == {"ada", "bob"}
    assert sync.check(ada.ws).state == "equal"


def test_sha256(tmp_path: Path, env: dict[str, str]) -> None:
    hub = Hub(tmp_path, env, "--object-format=sha256")
    assert len(hub.commits[0]) == 64
    exchanged(hub, hub.clone("ada"), hub.clone("bob"))


def test_reftable(tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    newer_git.use(env, monkeypatch, 2, 45)
    hub = Hub(tmp_path, env, "--ref-format=reftable")
    ada, bob = (hub.clone(name, "--ref-format=reftable") for name in ("ada", "bob"))
    assert not (ada.top / ".git/refs/notes").exists()
    exchanged(hub, ada, bob)


def test_a_linked_worktree(hub: Hub, ada: Clone, bob: Clone) -> None:
    ada.run("worktree", "add", "-q", str(hub.folder / "linked"), "-b", "side")
    linked = Clone(hub.folder / "linked", ada.env)
    exchanged(hub, linked, bob)
    assert ada.tip == linked.tip


def test_a_bare_repository_with_worktrees(hub: Hub, bob: Clone) -> None:
    bare = hub.folder / "ours.git"
    bob.run("clone", "-q", "--bare", hub.url, str(bare))
    bob.run("-C", str(bare), "worktree", "add", "-q", str(hub.folder / "tree"), "main")
    exchanged(hub, Clone(hub.folder / "tree", hub.env), bob)


def test_a_shallow_clone_has_the_notes_of_commits_it_lacks(hub: Hub, ada: Clone) -> None:
    for number, commit in enumerate(hub.commits):
        ada.note(commit, f"n{number}")
        ada.sync()
    shallow = hub.clone("shallow", "--depth=1")
    shallow.note("HEAD", "mine")
    shallow.sync()
    assert set(shallow.said()) == set(hub.commits)
    ada.sync()
    assert ada.tip == shallow.tip


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_partial_clone_gets_whole_notes(hub: Hub, ada: Clone, kind: str) -> None:
    hub.bare.run("config", "uploadpack.allowFilter", "true")
    hub.bare.run("config", "uploadpack.allowAnySHA1InWant", "true")
    ada.note("main", "a")
    ada.note(hub.commits[0], "old")
    ada.sync()
    partial = hub.clone("partial", f"--filter={kind}")
    partial.note("main", "mine")
    # As a plain fetch brings them: their texts, or even folders, stay away.
    partial.run("fetch", "-q", "origin", f"{notes.REF}:{TRACKING}")
    partial.sync()
    hub.bare.top.rename(hub.folder / "away.git")
    assert partial.said() == {ada.head: {"a", "mine"}, hub.commits[0]: {"old"}}


def test_fetched_notes_of_which_texts_are_missing_wait_for_a_sync(hub: Hub, ada: Clone) -> None:
    hub.bare.run("config", "uploadpack.allowFilter", "true")
    hub.bare.run("config", "uploadpack.allowAnySHA1InWant", "true")
    ada.note("main", "a")
    ada.sync()
    partial = hub.clone("partial", "--filter=blob:none")
    partial.run("fetch", "-q", "origin", f"{notes.REF}:{TRACKING}")
    partial.note("main", "mine")
    with pytest.raises(Exception, match="partial clone"):
        sync.take_in(partial.ws)
    assert partial.said() == {ada.head: {"mine"}}
    partial.sync()
    assert partial.said() == {ada.head: {"a", "mine"}}


# which remote


@pytest.mark.parametrize("name", ["team/hub", "a b", "ünïcode", "kagura", "x=y", "it's", "-dash"])
def test_a_remote_of_any_name(hub: Hub, ada: Clone, bob: Clone, name: str) -> None:
    for clone in (ada, bob):
        clone.run("config", "--remove-section", "remote.origin")
        clone.run("config", f"remote.{name}.url", hub.url)
        clone.run("config", "branch.main.remote", name)
    if name.startswith("-"):
        with pytest.raises(Exception, match="not a remote"):
            ada.sync(name)
    else:
        exchanged(hub, ada, bob)


def test_an_address_leaves_no_trace_but_the_notes(hub: Hub, ada: Clone, bob: Clone) -> None:
    for clone in (ada, bob):
        clone.run("remote", "remove", "origin")
    ada.note("main", "a")
    bob.note("main", "b")
    for clone in (ada, bob, ada):
        clone.sync(hub.url)
    assert ada.tip == bob.tip == hub.tip()
    refs = ada.out("for-each-ref", "--format=%(refname)", "refs/notes").split()
    assert refs == [notes.REF]


def test_an_address_that_a_remote_has_is_that_remote(hub: Hub, ada: Clone) -> None:
    ada.note("main", "a")
    assert ada.sync(hub.url).remote == "origin"


def second(hub: Hub, name: str = "second.git") -> Hub:
    other = object.__new__(Hub)
    other.folder, other.env, other.commits = hub.folder, hub.env, hub.commits
    other.bare = new(hub.folder / name, hub.env, "--bare")
    return other


def test_every_push_address_gets_the_notes_of_all(hub: Hub, ada: Clone, bob: Clone) -> None:
    other = second(hub)
    for url in (hub.url, other.url):
        ada.run("remote", "set-url", "--add", "--push", "origin", url)
    bob.run("remote", "add", "second", other.url)
    bob.note("main", "bob")
    bob.sync("second")
    ada.note("main", "ada")
    ada.sync()
    assert hub.tip() != other.tip()  # the first one was pushed before the second one's came in
    ada.sync()
    assert hub.tip() == other.tip() == ada.tip
    assert ada.said()[ada.head] == {"ada", "bob"}


def test_a_remote_fetched_from_one_place_and_pushed_to_another(
    hub: Hub, ada: Clone, bob: Clone
) -> None:
    fork = second(hub, "fork.git")
    ada.run("remote", "set-url", "--push", "origin", fork.url)
    bob.run("remote", "add", "fork", fork.url)
    bob.note("main", "in the fork")
    bob.sync("fork")
    ada.note("main", "ada")
    done = ada.sync()
    assert done.attempts == 2
    assert fork.tip() == ada.tip
    assert hub.tip() == ""
    assert ada.said()[ada.head] == {"ada", "in the fork"}


def test_which_remote_is_meant(hub: Hub, ada: Clone) -> None:
    git = ada.repo.git

    def name() -> str:
        return remote.place(git).name

    assert name() == "origin"
    ada.run("remote", "add", "fork", str(hub.folder))
    assert name() == "origin"
    ada.run("config", "branch.main.remote", "fork")
    assert name() == "fork"
    ada.run("config", "remote.pushDefault", "origin")
    assert name() == "origin"
    ada.run("config", "branch.main.pushRemote", "fork")
    assert name() == "fork"
    ada.run("checkout", "-q", "--detach")
    assert name() == "origin"
    ada.run("config", "--unset", "remote.pushDefault")
    ada.run("remote", "rename", "origin", "upstream")
    with pytest.raises(NotFound, match="which remote") as caught:
        name()
    assert "fork, upstream" in caught.value.hint
    ada.run("remote", "remove", "fork")
    assert name() == "upstream"


def test_a_branch_based_on_one_of_this_repository(ada: Clone) -> None:
    ada.run("checkout", "-q", "-b", "topic", "--track", "main")
    assert ada.out("config", "branch.topic.remote") == "."
    assert remote.place(ada.repo.git).name == "origin"


def test_before_the_first_commit(hub: Hub, ada: Clone) -> None:
    ada.note("main", "a")
    ada.sync()
    fresh = Clone(new(hub.folder / "fresh", hub.env).top, hub.env)
    fresh.run("remote", "add", "origin", hub.url)
    assert fresh.sync().merged == 1
    assert fresh.tip == ada.tip
