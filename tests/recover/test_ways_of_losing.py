"""Every way in which git takes a record away, and every way in which it only seems to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.recover.desk import Desk

Act = Callable[[Desk, str], object]


def reset_before_the_commit(desk: Desk, record: str) -> None:
    desk.run("reset", "-q", "--hard")


def reset_after_the_commit(desk: Desk, record: str) -> None:
    desk.commit("decide")
    desk.run("reset", "-q", "--hard", "HEAD~1")


def clean(desk: Desk, record: str) -> None:
    desk.run("reset", "-q")
    desk.run("clean", "-q", "-fd")


def checkout_force(desk: Desk, record: str) -> None:
    desk.run("checkout", "-q", "-f")
    desk.run("clean", "-q", "-fd")


def restore(desk: Desk, record: str) -> None:
    desk.run("restore", "--staged", "--worktree", "--", ".kagura")


def switch_discarding_changes(desk: Desk, record: str) -> None:
    desk.run("branch", "other")
    desk.run("switch", "-q", "--discard-changes", "other")


def stash_dropped(desk: Desk, record: str) -> None:
    desk.run("stash", "-q")
    desk.run("stash", "drop", "-q")


def stashes_cleared(desk: Desk, record: str) -> None:
    desk.run("stash", "-q")
    desk.write("code.py", "2\n")
    desk.run("stash", "-q")
    desk.run("stash", "clear")


def branch_deleted(desk: Desk, record: str) -> None:
    desk.run("checkout", "-q", "-b", "side")
    desk.commit("decide")
    desk.run("checkout", "-q", "main")
    desk.run("branch", "-q", "-D", "side")


def branch_forced_elsewhere(desk: Desk, record: str) -> None:
    desk.run("checkout", "-q", "-b", "side")
    desk.commit("decide")
    desk.run("checkout", "-q", "main")
    desk.run("branch", "-q", "-f", "side", "main")


def amended_away(desk: Desk, record: str) -> None:
    desk.commit("decide")
    desk.run("rm", "-q", str(desk.path(record)))
    desk.run("commit", "-q", "--amend", "--allow-empty", "-m", "nothing")


def removed_before_the_commit(desk: Desk, record: str) -> None:
    desk.run("rm", "-q", "-f", str(desk.path(record)))


def rebased_without_its_commit(desk: Desk, record: str) -> None:
    desk.commit("decide")
    desk.commit("work", **{"code.py": "2\n"})
    desk.run("rebase", "-q", "--onto", "HEAD~2", "HEAD~1")


def garbage_collected(desk: Desk, record: str) -> None:
    branch_deleted(desk, record)
    desk.forget_everything()


def deleted_by_hand(desk: Desk, record: str) -> None:
    desk.run("reset", "-q")
    desk.delete_records()


def fetched_away(desk: Desk, record: str) -> None:
    """The only ref was a remote branch, and the remote deleted it."""
    hub = str(desk.top.parent / "hub.git")
    desk.run("clone", "-q", "--bare", ".", hub)
    desk.run("remote", "add", "origin", hub)
    desk.run("checkout", "-q", "-b", "side")
    desk.commit("decide")
    desk.run("push", "-q", "origin", "side")
    desk.run("checkout", "-q", "main")
    desk.run("branch", "-q", "-D", "side")
    assert desk.lost() == []
    desk.run("push", "-q", "origin", ":side")


WAYS = (
    reset_before_the_commit, reset_after_the_commit, clean, checkout_force, restore,
    switch_discarding_changes, stash_dropped, stashes_cleared, branch_deleted,
    branch_forced_elsewhere, amended_away, removed_before_the_commit, rebased_without_its_commit,
    garbage_collected, deleted_by_hand, fetched_away,
)  # fmt: skip


@pytest.mark.parametrize("lose", WAYS, ids=lambda way: way.__name__)
def test_what_git_took_away_is_listed_and_comes_back_as_it_was(desk: Desk, lose: Act) -> None:
    other = desk.decide("Stay")
    desk.commit("stay")
    record = desk.decide()
    before = desk.record(record)
    path = desk.path(record)
    lose(desk, record)
    (lost,) = desk.lost()
    assert (lost.id, lost.what, lost.record) == (record, "gone", before)
    assert lost.path == str(path.relative_to(desk.top))
    (done,) = desk.restore()
    assert (done.id, done.how, done.problem) == (record, "restored", "")
    assert desk.path(record) == path
    assert desk.record(record) == before
    assert desk.lost() == []
    desk.commit("restored")
    assert desk.lost() == []
    assert lose is deleted_by_hand or desk.has(other)


def test_what_a_worktree_held_unsaved_is_lost_with_it(desk: Desk) -> None:
    side = desk.beside("side")
    record = side.decide()
    assert desk.lost() == []
    desk.run("worktree", "remove", "--force", str(side.top))
    assert desk.lost_ids() == [record]


def test_what_was_committed_during_a_rebase_is_lost_when_that_is_aborted(desk: Desk) -> None:
    desk.run("checkout", "-q", "-b", "side")
    desk.commit("two", **{"code.py": "2\n"})
    desk.run("checkout", "-q", "main")
    desk.commit("three", **{"code.py": "3\n"})
    assert desk.run("rebase", "side", ok=False).returncode
    record = desk.decide()
    desk.run("checkout", "-q", "--theirs", "code.py")
    desk.commit("three, and a decision")
    assert desk.lost() == []
    desk.run("rebase", "--abort")
    assert desk.lost_ids() == [record]


def on_another_branch(desk: Desk, record: str) -> None:
    desk.run("checkout", "-q", "-b", "side")
    desk.commit("decide")
    desk.run("checkout", "-q", "main")


def on_a_tag(desk: Desk, record: str) -> None:
    on_another_branch(desk, record)
    desk.run("tag", "-a", "-m", "kept", "kept", "side")
    desk.run("branch", "-q", "-D", "side")


def in_a_stash(desk: Desk, record: str) -> None:
    desk.run("stash", "-q")


def in_an_older_stash(desk: Desk, record: str) -> None:
    desk.run("stash", "-q")
    desk.write("code.py", "2\n")
    desk.run("stash", "-q")


def untracked_in_a_stash(desk: Desk, record: str) -> None:
    desk.run("reset", "-q")
    desk.run("stash", "-q", "-u")


def stashed_and_popped(desk: Desk, record: str) -> None:
    desk.run("stash", "-q")
    desk.run("stash", "pop", "-q")


def untracked_in_another_worktree(desk: Desk, record: str) -> None:
    side = desk.beside("side")
    path = desk.path(record)
    there = side.top / path.relative_to(desk.top)
    there.parent.mkdir(parents=True, exist_ok=True)
    path.rename(there)
    desk.run("rm", "-q", "-r", "--cached", ".kagura/decisions")


def staged_in_another_worktree(desk: Desk, record: str) -> None:
    untracked_in_another_worktree(desk, record)
    side = Desk(desk.top.parent / "side", desk.env)
    side.run("add", ".kagura")
    side.path(record).unlink()


def on_no_branch_in_another_worktree(desk: Desk, record: str) -> None:
    desk.run("checkout", "-q", "--detach")
    desk.commit("decide")
    desk.beside("side", "--detach")
    desk.run("checkout", "-q", "main")


def removed_by_a_commit(desk: Desk, record: str) -> None:
    desk.commit("decide")
    desk.run("rm", "-q", "-r", ".kagura/decisions")
    desk.commit("undecide")


def reverted(desk: Desk, record: str) -> None:
    desk.commit("decide")
    desk.run("revert", "--no-edit", "HEAD")


def merged_and_its_branch_deleted(desk: Desk, record: str) -> None:
    on_another_branch(desk, record)
    desk.commit("meanwhile", **{"more.py": "1\n"})
    desk.run("merge", "-q", "--no-edit", "side")
    desk.run("branch", "-q", "-d", "side")


def cherry_picked_and_its_branch_deleted(desk: Desk, record: str) -> None:
    on_another_branch(desk, record)
    desk.commit("meanwhile", **{"more.py": "1\n"})
    desk.run("cherry-pick", "side")
    desk.run("branch", "-q", "-D", "side")


def rebased(desk: Desk, record: str) -> None:
    on_another_branch(desk, record)
    desk.commit("meanwhile", **{"more.py": "1\n"})
    desk.run("rebase", "-q", "main", "side")


def only_deleted_from_the_work_tree(desk: Desk, record: str) -> None:
    desk.commit("decide")
    desk.delete_records()


def in_the_autostash_of_a_rebase(desk: Desk, record: str) -> None:
    desk.run("checkout", "-q", "-b", "side")
    desk.run("commit", "-q", "-m", "two", "--allow-empty", "--", "code.py")
    desk.run(
        "-c", "sequence.editor=sed -i 1s/pick/edit/", "rebase", "-q", "-i", "--autostash",
        "--keep-empty", "main", ok=False,
    )  # fmt: skip
    assert not desk.has(record)


def in_a_merge_under_way(desk: Desk, record: str) -> None:
    on_another_branch(desk, record)
    desk.commit("meanwhile", **{"more.py": "1\n"})
    desk.run("merge", "-q", "--no-commit", "--no-ff", "side")
    desk.run("branch", "-q", "-D", "side")
    desk.run("rm", "-q", "-f", "-r", ".kagura/decisions")


HELD = (
    on_another_branch, on_a_tag, in_a_stash, in_an_older_stash, untracked_in_a_stash,
    stashed_and_popped, untracked_in_another_worktree, staged_in_another_worktree,
    on_no_branch_in_another_worktree, removed_by_a_commit, reverted,
    merged_and_its_branch_deleted, cherry_picked_and_its_branch_deleted, rebased,
    only_deleted_from_the_work_tree, in_the_autostash_of_a_rebase, in_a_merge_under_way,
)  # fmt: skip


@pytest.mark.parametrize("act", HELD, ids=lambda act: act.__name__)
def test_what_git_or_a_work_tree_still_has_is_not_listed(desk: Desk, act: Act) -> None:
    record = desk.decide()
    act(desk, record)
    assert desk.lost() == []


def test_each_thing_is_lost_once_the_last_that_held_it_is_gone(desk: Desk) -> None:
    record = desk.decide()
    on_a_tag(desk, record)
    desk.run("update-ref", "refs/heads/again", "kept^{commit}")
    desk.run("tag", "-d", "kept")
    assert desk.lost() == []
    desk.run("branch", "-q", "-D", "again")
    assert desk.lost_ids() == [record]


def test_what_is_told_of_each_is_where_it_was_and_what_became_of_it(desk: Desk) -> None:
    first = desk.decide("First")
    desk.run("checkout", "-q", "-b", "side")
    sha = desk.commit("decide at last")
    desk.run("checkout", "-q", "main")
    desk.run("branch", "-q", "-D", "side")
    second = desk.decide("Second")
    desk.run("reset", "-q", "--hard")
    newest, oldest = desk.lost()
    assert (newest.id, oldest.id) == (second, first)
    assert (newest.branch, newest.commit) == ("main", None)
    assert (oldest.branch, oldest.commit) == ("main", sha)
    assert sha[:10] in oldest.why
    assert "decide at last" in oldest.why
    assert oldest.author == "Ada <ada@example.org>"
    assert oldest.written <= newest.written <= desk.ws.clock()


def test_a_branch_that_is_gone_is_said_to_be(desk: Desk) -> None:
    desk.run("checkout", "-q", "-b", "side")
    desk.decide()
    desk.commit("decide")
    desk.run("checkout", "-q", "main")
    desk.run("branch", "-q", "-D", "side")
    (lost,) = desk.lost()
    assert lost.branch == "side"
    assert "written on side, a branch that is gone" in lost.why
