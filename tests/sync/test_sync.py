"""Clones exchange their notes: nothing is lost, nobody is overwritten, in the end all are equal."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from clones import TRACKING, WHO, Clone, Hub, fact, same
from git_repo import ROOT

from kagura_git.errors import GitError
from kagura_git.git import notes
from kagura_git.services import sync


def test_the_first_notes_arrive_and_are_fetched_by_the_other_clone(
    hub: Hub, ada: Clone, bob: Clone
) -> None:
    one = ada.note("main", "a")
    done = ada.sync()
    assert (done.remote, done.merged, done.pushed, done.attempts) == ("origin", 0, 1, 1)
    assert hub.tip() == ada.tip
    done = bob.sync()
    assert (done.fetched, done.merged, done.pushed, done.attempts) == (1, 1, 0, 0)
    assert bob.said() == {one: {"a"}}
    assert bob.sync().up_to_date


def test_notes_that_diverged_become_their_union_on_both_sides(
    hub: Hub, ada: Clone, bob: Clone
) -> None:
    one, two, three = hub.commits
    ada.note(one, "base")
    ada.sync()
    bob.sync()
    ada.note(one, "ada")
    ada.note(two, "ada")
    bob.note(one, "bob")
    bob.note(three, "bob")
    ada.sync()
    done = bob.sync()
    assert (done.fetched, done.merged, done.pushed) == (2, 2, 2)
    ada.sync()
    assert same(ada, bob)
    assert ada.said() == {one: {"base", "ada", "bob"}, two: {"ada"}, three: {"bob"}}
    assert {ada.out("rev-parse", TRACKING), hub.tip()} == {ada.tip}


def test_three_clones_end_up_with_the_same(hub: Hub, ada: Clone, bob: Clone) -> None:
    eve = hub.clone("eve")
    everyone = (ada, bob, eve)
    for clone, commit in zip(everyone, hub.commits, strict=True):
        clone.note(commit, clone.top.name)
        clone.note(hub.commits[0], clone.top.name)
    for clone in (*everyone, *everyone):
        clone.sync()
    assert same(*everyone)
    assert ada.said()[hub.commits[0]] == {"ada", "bob", "eve"}


def test_without_push_only_our_side_changes(hub: Hub, ada: Clone, bob: Clone) -> None:
    ada.note("main", "a")
    ada.sync()
    bob.note("main", "b")
    before = hub.tip()
    done = bob.sync(push=False)
    assert (done.merged, done.pushed, done.attempts) == (1, 0, 0)
    assert hub.tip() == before
    assert bob.said()[bob.head] == {"a", "b"}


def test_a_remote_without_any_notes_or_commits(hub: Hub, ada: Clone) -> None:
    assert ada.sync().up_to_date
    empty = hub.folder / "empty.git"
    ada.run("init", "-q", "--bare", str(empty))
    ada.run("remote", "add", "empty", str(empty))
    assert ada.sync("empty").up_to_date
    ada.note("main", "a")
    assert ada.sync("empty").pushed == 1


def test_what_a_plain_fetch_has_brought_is_taken_in_without_network(
    hub: Hub, ada: Clone, bob: Clone
) -> None:
    ada.note("main", "a")
    ada.sync()
    bob.note("main", "b")
    bob.run("fetch", "-q", "origin", f"{notes.REF}*:refs/notes/remotes/origin/kagura*")
    hub.bare.top.rename(hub.folder / "away")
    assert sync.take_in(bob.ws) == 1
    assert bob.said()[bob.head] == {"a", "b"}
    assert sync.take_in(bob.ws) == 0


def test_one_remote_with_odd_notes_does_not_keep_the_others_out(hub: Hub, bob: Clone) -> None:
    blob = bob.run("hash-object", "-w", "--stdin", stdin="x").stdout.strip()
    bob.run("update-ref", "refs/notes/remotes/aaa/kagura", blob)
    bob.plumb({bob.head: b'- {"kind": "change", "id": "a"}\n'}, ref=TRACKING)
    with pytest.raises(GitError, match="no commit"):
        sync.take_in(bob.ws)
    assert bob.said() == {bob.head: {"a"}}


# races


RIVAL = """
# Once, before the push is accepted, a rival's push has been.
[ -e rival ] && { read -r tip < rival; rm rival; unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY \\
  GIT_ALTERNATE_OBJECT_DIRECTORIES; git update-ref refs/notes/kagura "$tip"; }
exit 0
"""


def rival(hub: Hub, rivals: Clone) -> None:
    """Let a rival's notes arrive at the very moment of the next push."""
    rivals.run("push", "-q", "origin", f"{notes.REF}:refs/heads/rival")
    (hub.bare.top / "rival").write_text(f"{rivals.tip}\n")
    hub.hook("pre-receive", RIVAL)


def test_a_push_that_lost_the_race_is_united_and_tried_again(
    hub: Hub, ada: Clone, bob: Clone
) -> None:
    bob.note("main", "bob")
    rival(hub, bob)
    ada.note("main", "ada")
    waits: list[float] = []
    done = ada.sync(sleep=waits.append)
    assert (done.attempts, len(waits), done.merged) == (2, 1, 1)
    assert ada.said()[ada.head] == {"ada", "bob"}
    assert hub.tip() == ada.tip
    bob.sync()
    assert same(ada, bob)


def test_a_rival_who_was_there_before_the_push_is_no_error(
    hub: Hub, ada: Clone, bob: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kagura_git.git import remote

    ada.note("main", "ada")
    bob.note("main", "bob")
    real, pushes = remote.push, []

    def late(*args, **more):
        if not pushes.append(1) and len(pushes) == 1:
            bob.run("push", "-q", "origin", notes.REF)
        return real(*args, **more)

    monkeypatch.setattr(remote, "push", late)
    assert ada.sync().attempts == 2
    assert ada.said()[ada.head] == {"ada", "bob"}


def test_something_that_looks_like_a_race_for_ever_ends(hub: Hub, ada: Clone) -> None:
    # A lock left behind on the server.
    (hub.bare.top / "refs/notes").mkdir()
    (hub.bare.top / "refs/notes/kagura.lock").touch()
    ada.note("main", "a")
    with pytest.raises(GitError) as caught:
        ada.sync(sleep=lambda seconds: None)
    assert "git failed" in caught.value.message
    assert ada.said() == {ada.head: {"a"}}


_SYNC = """
import os, sys
sys.path.insert(0, {root!r})
from kagura_git.services.sync import sync
from kagura_git.workspace import open_workspace
sys.stdin.readline()
sync(open_workspace(sys.argv[1], os.environ))
"""


def test_eight_clones_at_once_all_get_through(hub: Hub) -> None:
    clones = [hub.clone(f"clone{number}") for number in range(8)]
    for clone in clones:
        clone.note("main", clone.top.name)
        clone.note(hub.commits[len(clone.top.name) % 2], clone.top.name)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _SYNC.format(root=str(ROOT)), str(clone.top)],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=clone.env,
        )
        for clone in clones
    ]  # fmt: skip
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in running:
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said.decode()
    for clone in clones:
        clone.sync(push=False)
    assert same(*clones)
    assert clones[0].said()[clones[0].head] == {clone.top.name for clone in clones}


# a remote that was set back


def test_a_rewound_remote_loses_nothing_and_is_brought_back(
    hub: Hub, ada: Clone, bob: Clone
) -> None:
    ada.note("main", "first")
    ada.sync()
    first = hub.tip()
    ada.note("main", "second")
    ada.sync()
    bob.run("fetch", "-q", "origin", f"{notes.REF}:{TRACKING}")  # has it, but not among its own
    hub.bare.run("update-ref", notes.REF, first)
    done = bob.sync()
    assert bob.said()[bob.head] == {"first", "second"}
    assert done.pushed == 1
    assert hub.tip() == bob.tip


def test_a_remote_whose_notes_were_replaced_keeps_both(hub: Hub, ada: Clone, bob: Clone) -> None:
    ada.note("main", "old")
    ada.sync()
    bob.note("main", "new")
    bob.run("push", "-q", "--force", "origin", f"{notes.REF}:{notes.REF}")
    ada.sync()
    assert ada.said()[ada.head] == {"old", "new"}
    assert hub.tip() == ada.tip


def test_a_remote_whose_notes_were_deleted_gets_them_again(hub: Hub, ada: Clone) -> None:
    ada.note("main", "a")
    ada.sync()
    hub.bare.run("update-ref", "-d", notes.REF)
    assert ada.sync().pushed == 1
    assert hub.tip() == ada.tip


def test_a_forced_refspec_of_the_user_does_not_overwrite_ours_in_a_sync(
    hub: Hub, ada: Clone, bob: Clone
) -> None:
    ada.note("main", "a")
    ada.sync()
    bob.note("main", "b")
    bob.run("config", "--add", "remote.origin.fetch", "+refs/notes/*:refs/notes/*")
    bob.sync()
    assert bob.said()[bob.head] == {"a", "b"}


# comparing


def state(clone: Clone, remote: str | None = None) -> str:
    return sync.check(clone.ws, remote).state


def test_how_both_sides_stand(hub: Hub, ada: Clone, bob: Clone) -> None:
    assert state(ada) == "equal"
    ada.note("main", "a")
    assert state(ada) == "ahead"
    ada.sync()
    assert (state(ada), state(bob)) == ("equal", "behind")
    bob.note("main", "b")
    assert state(bob) == "diverged"
    bob.sync()
    assert (state(bob), state(ada)) == ("equal", "behind")
    ada.note("main", "c")
    assert state(ada) == "diverged"


def test_comparing_writes_and_fetches_nothing(hub: Hub, ada: Clone, bob: Clone) -> None:
    ada.note("main", "a")
    ada.sync()
    before = bob.out("for-each-ref"), bob.out("count-objects")
    assert state(bob) == "behind"
    assert (bob.out("for-each-ref"), bob.out("count-objects")) == before


def test_file_names_that_are_not_utf8_travel(hub: Hub, ada: Clone, bob: Clone) -> None:
    entry = {"kind": "change", "path": os.fsdecode(b"caf\xe9\n"), "reason": "\u2028\udcff"}
    notes.add(ada.repo.git, {ada.head: [entry]}, WHO)
    bob.note("main", "b")
    ada.sync()
    bob.sync()
    ada.sync()
    for clone in (ada, bob):
        found = notes.read(clone.repo.git, [clone.head])[clone.head]
        assert sorted(map(str, found)) == sorted(map(str, [entry, fact("b")]))
