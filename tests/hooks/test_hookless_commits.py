"""Commits made by programs that run no hooks: each reason goes to its own commit, or waits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest
from git_repo import Sandbox, new
from kagura_box import entries

from kagura_git.services import capture, history, relink, waiting_reasons
from kagura_git.workspace import open_workspace


@pytest.fixture
def ready(kagura: Sandbox) -> Sandbox:
    kagura.commit("start", a="1\n2\n3\n4\n5\n6\n7\n8\n9\n", b="1\n")
    return kagura


def explain(box: Sandbox, path: str, reason: str) -> str:
    """Record a reason as `change add` does, with what the file holds at this moment."""
    ws = open_workspace(str(box.top), box.env)
    return capture.track(ws, path, "edit", reason).change.id


def reasons(box: Sandbox, rev: str = "HEAD") -> list[str]:
    return [entry["reason"] for entry in entries(box, rev) if "reason" in entry]


def waiting(box: Sandbox) -> list[str]:
    return [str(fact["reason"]) for fact in box.working.pending("C-").values()]


def edit(box: Sandbox, line: int, text: str) -> None:
    """Replace one line of the file ``a``."""
    lines = (box.top / "a").read_text().split("\n")
    lines[line - 1] = text
    box.write("a", "\n".join(lines))


def plumbing(box: Sandbox, *log: str, subject: str = "by another program") -> str:
    """Commit the staging area as a patch stack does; returns the commit."""
    made = box.out("commit-tree", "-p", "HEAD", "-m", subject, box.out("write-tree"))
    box.run("update-ref", *log, "HEAD", made)
    return made


def stgit(box: Sandbox) -> str:
    return plumbing(box, "-m", "refresh p1")


def without_words(box: Sandbox) -> str:
    return plumbing(box)


def other_words(box: Sandbox) -> str:
    box.run("commit", "-q", "-m", "x", GIT_REFLOG_ACTION="foo")
    return box.head


def no_hooks(box: Sandbox) -> str:
    box.run("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "x")
    return box.head


def other_words_no_hooks(box: Sandbox) -> str:
    how = ("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "x")
    box.run(*how, GIT_REFLOG_ACTION="some tool")
    return box.head


def no_reflog(box: Sandbox) -> str:
    made = box.out("commit-tree", "-p", "HEAD", "-m", "x", box.out("write-tree"))
    box.write(".git/refs/heads/main", f"{made}\n")
    return made


def gitpython(box: Sandbox) -> str:
    import git

    repo = git.Repo(box.top)
    who = git.Actor("Ada", "ada@example.org")
    made = repo.index.commit("by a library", author=who, committer=who, skip_hooks=True)
    repo.close()
    return made.hexsha


def pygit2(box: Sandbox) -> str:
    library = pytest.importorskip("pygit2")
    repo = library.Repository(str(box.top))
    who = library.Signature("Ada", "ada@example.org")
    tree = repo.index.write_tree()
    return str(repo.create_commit("HEAD", who, who, "by a library", tree, [repo.head.target]))


TOOLS = [
    stgit, without_words, other_words, no_hooks, other_words_no_hooks, no_reflog, gitpython, pygit2,
]  # fmt: skip
Tool = Callable[[Sandbox], str]


@pytest.mark.parametrize("before", [True, False], ids=["given before", "given after"])
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_a_reason_goes_to_the_commit_of_another_program(
    ready: Sandbox, tool: Tool, before: bool
) -> None:
    if before:
        explain(ready, "a", "why two")
    edit(ready, 2, "two words")
    if not before:
        explain(ready, "a", "why two")
    ready.run("add", "a")
    made = tool(ready)
    edit(ready, 8, "eight words")
    explain(ready, "a", "why eight")
    ready.run("commit", "-q", "-a", "-m", "with hooks")
    assert (reasons(ready, made), reasons(ready)) == (["why two"], ["why eight"])
    assert waiting(ready) == []


def test_a_later_commit_without_a_reason_gets_none(ready: Sandbox) -> None:
    explain(ready, "a", "why two")
    edit(ready, 2, "two words")
    ready.run("add", "a")
    made = stgit(ready)
    ready.commit("another file", b="2\n")
    edit(ready, 3, "three words")
    ready.run("commit", "-q", "-a", "-m", "later")
    assert reasons(ready, made) == ["why two"]
    assert (reasons(ready), waiting(ready)) == ([], [])


def test_several_reasons_go_to_the_commits_of_their_edits(ready: Sandbox) -> None:
    commits = []
    for line in (2, 5):
        edit(ready, line, f"line {line} anew")
        explain(ready, "a", f"why {line}")
        ready.run("add", "a")
        commits.append(stgit(ready))
    edit(ready, 8, "line 8 anew")
    explain(ready, "a", "why 8")
    ready.run("commit", "-q", "-a", "-m", "with hooks")
    found = [reasons(ready, commit) for commit in (*commits, "HEAD")]
    assert (found, waiting(ready)) == ([["why 2"], ["why 5"], ["why 8"]], [])


def test_a_second_reason_given_before_its_edit_waits_for_it(ready: Sandbox) -> None:
    explain(ready, "a", "why 2")
    edit(ready, 2, "line 2 anew")
    ready.run("add", "a")
    explain(ready, "a", "why 8")
    edit(ready, 8, "line 8 anew")
    made = stgit(ready)
    ready.run("commit", "-q", "-a", "-m", "with hooks")
    assert (reasons(ready, made), reasons(ready)) == (["why 2"], ["why 8"])


def test_a_reason_waits_while_only_other_lines_are_committed(ready: Sandbox) -> None:
    edit(ready, 8, "line 8 anew")
    explain(ready, "a", "why 8")
    ready.run("stash", "-q")
    edit(ready, 2, "line 2 anew")
    ready.run("commit", "-q", "-a", "-m", "something else")
    assert (reasons(ready), waiting(ready)) == ([], ["why 8"])
    ready.run("stash", "pop", "-q")
    ready.run("commit", "-q", "-a", "-m", "the edit")
    assert (reasons(ready), waiting(ready)) == (["why 8"], [])


def test_a_reason_follows_an_edit_that_was_edited_further(ready: Sandbox) -> None:
    edit(ready, 8, "line 8 anew")
    explain(ready, "a", "why 8")
    edit(ready, 8, "something quite different")
    ready.run("commit", "-q", "-a", "-m", "the edit")
    assert (reasons(ready), waiting(ready)) == (["why 8"], [])


def test_a_reason_follows_an_edit_that_a_formatter_went_over(ready: Sandbox) -> None:
    edit(ready, 8, "call( one,two )")
    explain(ready, "a", "why 8")
    ready.write("a", "\n" * 5 + (ready.top / "a").read_text().replace("call( one", "    call(one"))
    ready.run("commit", "-q", "-a", "-m", "the edit")
    assert (reasons(ready), waiting(ready)) == (["why 8"], [])


def test_a_reason_goes_to_the_first_commit_of_an_edit_committed_in_parts(ready: Sandbox) -> None:
    edit(ready, 2, "line 2 anew")
    edit(ready, 8, "line 8 anew")
    explain(ready, "a", "why both")
    ready.run("add", "-p", "a", stdin="s\ny\nn\n")
    ready.run("commit", "-q", "-m", "first part")
    assert ready.out("diff", "--name-only") == "a"
    assert (reasons(ready), waiting(ready)) == (["why both"], [])


def test_a_deletion_is_known_by_the_file_that_is_gone(ready: Sandbox) -> None:
    (ready.top / "b").unlink()
    explain(ready, "b", "no longer needed")
    ready.run("rm", "-q", "--cached", "b")
    made = stgit(ready)
    ready.commit("back again", b="3\n")
    assert (reasons(ready, made), reasons(ready)) == (["no longer needed"], [])


def test_a_rename_is_known_under_its_new_name(ready: Sandbox) -> None:
    ready.run("mv", "a", "moved")
    explain(ready, "moved", "a better name")
    made = stgit(ready)
    ready.write("moved", "quite new\n")
    ready.run("commit", "-q", "-a", "-m", "later")
    assert (reasons(ready, made), reasons(ready)) == (["a better name"], [])


def test_a_patch_that_is_refreshed_takes_the_reason(ready: Sandbox) -> None:
    edit(ready, 2, "line 2 anew")
    ready.run("add", "a")
    stgit(ready)
    explain(ready, "a", "why 8")
    edit(ready, 8, "line 8 anew")
    ready.run("add", "a")
    made = ready.out("commit-tree", "-p", "HEAD~1", "-m", "p1", ready.out("write-tree"))
    ready.run("update-ref", "-m", "refresh p1", "HEAD", made)
    edit(ready, 5, "line 5 anew")
    ready.run("commit", "-q", "-a", "-m", "with hooks")
    assert (reasons(ready, made), reasons(ready), waiting(ready)) == (["why 8"], [], [])


@pytest.mark.parametrize("words", [None, "some tool"])
@pytest.mark.parametrize("how", ["cherry-pick", "revert", "am"])
def test_a_commit_that_is_made_again_takes_no_reason(
    ready: Sandbox, how: str, words: str | None
) -> None:
    env = {"GIT_REFLOG_ACTION": words} if words else {}
    old = {"GIT_AUTHOR_DATE": "1760000000 +0000"}
    ready.run("switch", "-q", "-c", "side")
    edit(ready, 5, "line 5 anew")
    ready.run("commit", "-q", "-a", "-m", "theirs", **old)
    patch = ready.out("format-patch", "--stdout", "-1") + "\n"
    ready.run("switch", "-q", "main")
    explain(ready, "a", "why 8")
    match how:
        case "cherry-pick":
            ready.run("cherry-pick", "side", **env)
        case "revert":
            ready.run("merge", "-q", "side")
            ready.run("revert", "--no-edit", "HEAD", **env)
        case _:
            ready.run("am", "-q", stdin=patch, **env)
    assert (reasons(ready), waiting(ready)) == ([], ["why 8"])
    edit(ready, 8, "line 8 anew")
    ready.run("commit", "-q", "-a", "-m", "mine")
    assert (reasons(ready, "HEAD~1"), reasons(ready), waiting(ready)) == ([], ["why 8"], [])


def test_commits_of_others_that_a_pull_brings_take_no_reason(ready: Sandbox) -> None:
    other = Sandbox(ready.top.parent / "other", ready.env)
    ready.run("clone", "-q", ".", str(other.top))
    explain(ready, "a", "why 8")
    edit(other, 2, "theirs")
    other.run("commit", "-q", "-a", "-m", "theirs")
    ready.run("pull", "-q", "--ff-only", str(other.top), "main")
    edit(ready, 8, "line 8 anew")
    ready.run("commit", "-q", "-a", "-m", "mine")
    assert (reasons(ready, "HEAD~1"), reasons(ready)) == ([], ["why 8"])


def fixup(box: Sandbox) -> None:
    """Make a commit, another, and a fixup of the first by a program that runs no hooks."""
    box.commit("first", a="1\n2\nthree\n")
    box.commit("second", b="2\n")
    explain(box, "a", "why 2")
    box.write("a", "1\ntwo words\nthree\n")
    box.run("add", "a")
    plumbing(box, "-m", "commit: fixup! first", subject="fixup! first")


def test_a_reason_follows_a_fixup_that_is_melted_into_its_commit(ready: Sandbox) -> None:
    fixup(ready)
    ready.run("rebase", "-q", "-i", "--autosquash", "HEAD~3", GIT_SEQUENCE_EDITOR="true")
    assert (reasons(ready, "HEAD~1"), waiting(ready)) == (["why 2"], [])


def test_relink_finds_the_commit_that_a_fixup_was_melted_into(ready: Sandbox) -> None:
    fixup(ready)
    quiet = {"GIT_SEQUENCE_EDITOR": "true", "KAGURA_DISABLE": "1"}
    ready.run("rebase", "-q", "-i", "--autosquash", "HEAD~3", **quiet)
    assert (reasons(ready, "HEAD~1"), waiting(ready)) == ([], ["why 2"])
    report = relink.relink(open_workspace(str(ready.top), ready.env))
    assert "autosquash" in {item.how for item in report.relinked}
    assert (reasons(ready, "HEAD~1"), waiting(ready)) == (["why 2"], [])


def test_relink_gives_a_reason_to_a_commit_that_no_hook_has_seen(ready: Sandbox) -> None:
    explain(ready, "a", "why 2")
    edit(ready, 2, "line 2 anew")
    ready.run("add", "a")
    made = stgit(ready)
    ws = open_workspace(str(ready.top), ready.env)
    assert [item.how for item in relink.relink(ws, dry_run=True).relinked] == ["waiting reason"]
    assert waiting(ready) == ["why 2"]
    (item,) = relink.relink(ws).relinked
    assert (item.commit, reasons(ready), waiting(ready)) == (made, ["why 2"], [])


def test_why_and_log_tell_the_reason_of_a_commit_that_no_hook_has_seen(ready: Sandbox) -> None:
    explain(ready, "a", "why 2")
    edit(ready, 2, "line 2 anew")
    ready.run("add", "a")
    made = stgit(ready)
    ws = open_workspace(str(ready.top), ready.env)
    (reason,) = history.why(ws, "a", 2).reasons
    assert (reason["reason"], reason["commit"]) == ("why 2", made)
    assert history.log(ws, limit=1)[0].changes[0]["reason"] == "why 2"


def test_why_tells_what_it_can_while_the_notes_are_locked(ready: Sandbox) -> None:
    explain(ready, "a", "why 2")
    edit(ready, 2, "line 2 anew")
    ready.run("add", "a")
    stgit(ready)
    ready.write(".git/refs/notes/kagura.lock", "")
    ws = open_workspace(str(ready.top), ready.env)
    assert [reason["commit"] for reason in history.why(ws, "a").reasons] == [None]
    assert waiting(ready) == ["why 2"]


def test_doctor_names_a_reason_whose_edit_no_commit_contains(ready: Sandbox) -> None:
    edit(ready, 8, "line 8 anew")
    identifier = explain(ready, "a", "why 8")
    ws = open_workspace(str(ready.top), ready.env)
    assert list(waiting_reasons.overdue(ws)) == []
    ready.run("checkout", "-q", "--", "a")
    edit(ready, 2, "line 2 anew")
    ready.run("commit", "-q", "-a", "-m", "something else")
    (finding,) = waiting_reasons.overdue(ws)
    assert identifier in finding.message
    assert "relink" in finding.mend


def test_an_untracked_file_is_known_by_its_lines(kagura: Sandbox) -> None:
    kagura.write("new", "some words\n")
    explain(kagura, "new", "needed")
    kagura.run("add", "new")
    made = stgit(kagura)
    kagura.commit("later", new="some words\nmore\n")
    assert (reasons(kagura, made), reasons(kagura)) == (["needed"], [])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX links")
def test_a_reason_can_be_given_for_what_is_no_plain_file(ready: Sandbox) -> None:
    os.symlink("b", ready.top / "link")
    (ready.top / "folder").mkdir()
    explain(ready, "link", "a link")
    explain(ready, "folder", "a folder")
    explain(ready, "nowhere", "to come")
    ready.commit("all of it", nowhere="1\n")
    assert set(reasons(ready)) == {"a link", "to come"}


def test_damaged_content_is_as_good_as_none(ready: Sandbox) -> None:
    identifier = explain(ready, "a", "why")
    fact = ready.working.pending()[identifier]
    for content in (7, {"base": 1, "blob": 2}, {"base": "x", "blob": "y", "lines": [1]},
                    {"base": "x", "blob": "y", "lines": [], "spans": [[1]]}):  # fmt: skip
        ready.working.add_pending(identifier, {**fact, "content": content})
        edit(ready, 2, f"line {content}")
        ready.run("commit", "-q", "-a", "-m", "x")
        assert reasons(ready) == ["why"]


def test_the_first_commit_of_all_is_known(env: dict[str, str], box: Sandbox) -> None:
    other = new(box.top.parent / "fresh", env)
    (other.top / ".kagura").mkdir()
    explain(other, "a", "the start")
    other.write("a", "some words\n")
    other.run("add", "a")
    tree = other.out("write-tree")
    made = other.out("commit-tree", "-m", "x", tree)
    other.run("update-ref", "-m", "refresh", "HEAD", made)
    ws = open_workspace(str(other.top), other.env)
    relink.relink(ws)
    assert (reasons(other), waiting(other)) == (["the start"], [])
