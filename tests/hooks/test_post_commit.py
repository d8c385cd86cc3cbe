"""The note of a commit: what changed, joined with the reasons that waited for it."""

from __future__ import annotations

import os
import shutil

import pytest
from git_repo import Sandbox
from kagura_box import SESSION, begin, entries, record, track

from kagura_git.git import commit_entries
from kagura_git.git.diff import CommitChanges, FileChange


def of_path(box: Sandbox, path: str, rev: str = "HEAD") -> list[dict]:
    return [entry for entry in entries(box, rev) if entry.get("path") == path]


def waiting(box: Sandbox) -> set[str]:
    return set(box.working.pending())


def test_without_session_and_facts_there_is_no_note(kagura: Sandbox) -> None:
    kagura.commit(a="1\n")
    assert entries(kagura) == []
    assert kagura.run("rev-parse", "--verify", "-q", "refs/notes/kagura", ok=False).returncode == 1


def test_a_commit_takes_the_reason_its_lines_and_the_session(kagura: Sandbox) -> None:
    begin(kagura)
    track(kagura, 1, "a", "faster", related_files=["b"], line_range=[1, 2])
    kagura.commit(a="1\n2\n", b="1\n")
    (change,) = of_path(kagura, "a")
    assert change["action"] == "create"
    assert (change["id"], change["reason"], change["lines"]) == ("C-00000001", "faster", [2, 0])
    assert (change["related_files"], change["line_range"]) == (["b"], [1, 2])
    assert of_path(kagura, "b") == [
        {"kind": "change", "path": "b", "action": "create", "lines": [1, 0], "session": SESSION}
    ]
    assert {"kind": "session", "id": SESSION} in entries(kagura)
    assert waiting(kagura) == set()


def test_several_reasons_for_a_path_give_several_entries(kagura: Sandbox) -> None:
    track(kagura, 1, "a", "one", action="refactor")
    track(kagura, 2, "a", "two")
    kagura.commit(a="1\n")
    assert [(e["reason"], e["action"]) for e in of_path(kagura, "a")] == [
        ("one", "refactor"), ("two", "create"),
    ]  # fmt: skip


def test_without_a_session_only_explained_paths_are_noted(kagura: Sandbox) -> None:
    track(kagura, 1, "a", "why")
    kagura.commit(a="1\n", b="1\n")
    assert [entry["path"] for entry in entries(kagura)] == ["a"]


def test_git_says_what_happened_to_a_file(kagura: Sandbox) -> None:
    kagura.commit(gone="1\n", old="".join(f"{n}\n" for n in range(30)))
    for number, path in enumerate(("gone", "old"), 1):
        track(kagura, number, path, path)
    kagura.run("rm", "-q", "gone")
    kagura.run("mv", "old", "new")
    kagura.write("bin", b"\0")
    begin(kagura)
    kagura.commit()
    found = {e["path"]: e for e in entries(kagura) if e["kind"] == "change"}
    assert found["gone"]["action"] == "delete"
    assert (found["new"]["action"], found["new"]["old_path"]) == ("rename", "old")
    assert found["new"]["reason"] == "old"
    assert "lines" not in found["bin"]


def test_a_partial_commit_takes_only_its_own_facts(kagura: Sandbox) -> None:
    kagura.commit(a="1\n", b="1\n")
    one, two = track(kagura, 1, "a", "one"), track(kagura, 2, "b", "two")
    kagura.write("a", "2\n")
    kagura.write("b", "2\n")
    kagura.run("commit", "-m", "a alone", "--", "a")
    assert [entry["id"] for entry in entries(kagura)] == [one]
    assert waiting(kagura) == {two}
    kagura.run("commit", "-a", "-m", "the rest")
    assert [entry["id"] for entry in entries(kagura)] == [two]
    assert waiting(kagura) == set()


def test_the_first_commit_of_a_repository_is_noted(box: Sandbox) -> None:
    from kagura_git.services import setup

    setup.init(box.repo)
    begin(box)
    track(box, 1, "a", "the start")
    record(box)
    box.commit(a="1\n")
    assert [e["reason"] for e in of_path(box, "a")] == ["the start"]
    assert {e["id"]: e["relation"] for e in entries(box) if "relation" in e} == {
        "D-00000001": "recorded"
    }
    assert waiting(box) == set()


def test_a_fact_of_another_branch_stays(kagura: Sandbox) -> None:
    kagura.run("switch", "-qc", "side")
    kagura.commit(side="1\n")
    fact = track(kagura, 1, "a", "for the side branch")
    kagura.run("switch", "-q", "main")
    kagura.commit(a="1\n")
    assert entries(kagura) == []
    assert waiting(kagura) == {fact}
    kagura.run("switch", "-q", "side")
    kagura.commit(a="2\n")
    assert [entry["id"] for entry in entries(kagura)] == [fact]


def test_a_fact_from_before_some_commits_is_taken(kagura: Sandbox) -> None:
    fact = track(kagura, 1, "a", "early")
    kagura.commit(b="1\n")
    kagura.commit(a="1\n")
    assert [entry["id"] for entry in entries(kagura)] == [fact]


def test_a_fact_with_a_hostile_head_stays_and_harms_nothing(kagura: Sandbox) -> None:
    fact = track(kagura, 1, "a", "x", head="--output=pwned")
    kagura.commit(a="1\n")
    assert waiting(kagura) == {fact}
    assert not (kagura.top / "pwned").exists()


def test_amend_keeps_the_note_and_takes_what_came_since(kagura: Sandbox) -> None:
    begin(kagura)
    track(kagura, 1, "a", "first")
    kagura.commit(a="1\n", b="1\n")
    track(kagura, 2, "c", "second")
    kagura.write("c")
    kagura.run("add", "c")
    kagura.run("commit", "--amend", "--no-edit")
    assert [e["id"] for e in of_path(kagura, "a")] == ["C-00000001"]
    assert len(of_path(kagura, "b")) == 1
    assert [e["id"] for e in of_path(kagura, "c")] == ["C-00000002"]
    assert waiting(kagura) == set()


def test_rebase_keeps_notes_and_consumes_nothing(kagura: Sandbox) -> None:
    base = kagura.head
    track(kagura, 1, "a", "why a")
    kagura.commit(a="1\n")
    begin(kagura)
    fact = track(kagura, 2, "a", "not yet")
    kagura.run("switch", "-qc", "other", base)
    kagura.run("-c", "core.hooksPath=/dev/null", "commit", "--allow-empty", "-m", "elsewhere")
    kagura.run("rebase", "other", "main")
    assert [e["id"] for e in of_path(kagura, "a")] == ["C-00000001"]
    assert waiting(kagura) == {fact}
    assert "Kagura-Session" not in kagura.message()


@pytest.mark.parametrize("how", ["cherry-pick", "revert"])
def test_replays_consume_nothing_and_get_no_trailer(kagura: Sandbox, how: str) -> None:
    kagura.commit(a="1\n")
    kagura.commit(a="2\n")
    begin(kagura)
    fact = track(kagura, 1, "a", "mine")
    if how == "cherry-pick":
        kagura.run("reset", "-q", "--hard", "HEAD~")
        kagura.run("cherry-pick", "ORIG_HEAD")
    else:
        kagura.run("revert", "--no-edit", "HEAD")
    assert entries(kagura) == []
    assert waiting(kagura) == {fact}
    assert "Kagura-Session" not in kagura.message()


def test_a_cherry_pick_that_stopped_consumes_nothing_when_concluded(kagura: Sandbox) -> None:
    kagura.commit(a="1\n")
    kagura.commit(a="2\n")
    kagura.run("reset", "-q", "--hard", "HEAD~")
    kagura.commit(a="3\n")
    begin(kagura)
    fact = track(kagura, 1, "a", "mine")
    pick = kagura.out("rev-parse", "HEAD@{2}")
    assert kagura.run("cherry-pick", pick, ok=False).returncode != 0
    kagura.write("a", "4\n")
    kagura.run("commit", "-a", "--no-edit")
    assert entries(kagura) == []
    assert waiting(kagura) == {fact}


def test_a_conflicted_merge_notes_reasons_and_session_but_not_the_other_side(
    kagura: Sandbox,
) -> None:
    kagura.commit(a="1\n")
    kagura.run("switch", "-qc", "side")
    record(kagura, 7)
    kagura.commit(a="side\n", other="1\n")
    kagura.run("switch", "-q", "main")
    kagura.commit(a="main\n")
    begin(kagura)
    track(kagura, 1, "a", "both")
    assert kagura.run("merge", "side", ok=False).returncode != 0
    kagura.write("a", "both\n")
    kagura.run("commit", "-a", "--no-edit")
    assert [(e["kind"], e["id"]) for e in entries(kagura)] == [
        ("change", "C-00000001"),
        ("session", SESSION),
    ]
    assert kagura.message().endswith(f"Kagura-Session: {SESSION}\n") or SESSION in kagura.message()
    assert "Kagura-Decision" not in kagura.message()


def test_records_are_noted_as_recorded_changed_solved_and_removed(kagura: Sandbox) -> None:
    path = record(kagura)
    kagura.commit()
    assert entries(kagura) == [{"kind": "decision", "id": "D-00000001", "relation": "recorded"}]
    record(kagura, rationale="better", decision="Use X")
    kagura.working.drop_pending("D-00000001")
    fact = {"kind": "decision", "id": "D-00000001", "relation": "solved", "path": path}
    kagura.working.add_pending("D-00000001-solved", fact)
    kagura.commit()
    assert [entry["relation"] for entry in entries(kagura)] == ["solved"]
    kagura.run("rm", "-q", path)
    begin(kagura)
    kagura.commit()
    assert entries(kagura)[0] == {
        "kind": "decision", "id": "D-00000001", "relation": "removed", "session": SESSION,
    }  # fmt: skip


def test_a_record_edited_by_hand_is_noted_without_session(kagura: Sandbox) -> None:
    path = record(kagura)
    kagura.commit()
    text = (kagura.top / path).read_text()
    kagura.write(path, text.replace("because", "because of that"))
    kagura.commit()
    assert entries(kagura) == [{"kind": "decision", "id": "D-00000001", "relation": "changed"}]


def test_a_fact_survives_a_commit_that_was_refused(kagura: Sandbox) -> None:
    fact = track(kagura, 1, "a", "why")
    kagura.write("a")
    kagura.run("add", "a")
    assert kagura.run("commit", "-m", "", ok=False).returncode == 1
    assert waiting(kagura) == {fact}


def test_a_note_that_cannot_be_written_keeps_the_facts_and_the_commit(kagura: Sandbox) -> None:
    fact = track(kagura, 1, "a", "why")
    kagura.write(".git/refs/notes/kagura/in-the-way", "x")
    before = kagura.head
    kagura.write("a")
    kagura.run("add", "a")
    done = kagura.run("commit", "-m", "goes on")
    assert kagura.head != before
    assert waiting(kagura) == {fact}
    assert len([line for line in done.stderr.splitlines() if line.startswith("kagura:")]) == 1


def test_a_linked_worktree_has_a_memory_of_its_own(kagura: Sandbox) -> None:
    kagura.run("worktree", "add", "-q", "../linked", "-b", "linked")
    linked = Sandbox(kagura.top.parent / "linked", kagura.env)
    begin(linked)
    track(linked, 1, "a", "in the worktree")
    mine = track(kagura, 2, "a", "in the main one")
    record(linked)
    linked.commit(a="1\n")
    assert {e.get("id") for e in entries(linked)} == {"C-00000001", "D-00000001", SESSION}
    assert SESSION in linked.message()
    assert waiting(kagura) == {mine}
    assert waiting(linked) == set()


def test_a_commit_from_a_subfolder_is_noted(kagura: Sandbox) -> None:
    track(kagura, 1, "sub/a", "below")
    kagura.write("sub/a")
    below = Sandbox(kagura.top / "sub", kagura.env)
    below.run("add", "a")
    below.run("commit", "-m", "from below")
    assert [entry["id"] for entry in entries(kagura)] == ["C-00000001"]


def test_odd_file_names_come_into_the_note(kagura: Sandbox) -> None:
    names = ["new\nline", 'quo"te', "\udcff", "ä"]
    for number, name in enumerate(names):
        track(kagura, number, name, name)
        with open(os.path.join(kagura.top, name), "w") as file:
            file.write("1\n")
    kagura.commit()
    assert {entry["path"] for entry in entries(kagura)} == set(names)
    assert waiting(kagura) == set()


def test_without_a_reflog_commits_are_noted_all_the_same(kagura: Sandbox) -> None:
    kagura.run("config", "core.logAllRefUpdates", "false")
    shutil.rmtree(kagura.top / ".git/logs")
    track(kagura, 1, "a", "why")
    kagura.commit(a="1\n")
    assert [entry["id"] for entry in entries(kagura)] == ["C-00000001"]


def test_at_most_a_thousand_unexplained_paths_are_listed() -> None:
    files = [FileChange("A", f"f{n}", None, 1, 0) for n in range(1500)]
    facts = {"C-1": {"kind": "change", "id": "C-1", "path": "f1400", "reason": "kept"}}
    found, taken = commit_entries.describe(CommitChanges(("p",), files), facts, SESSION, [])
    assert len([e for e in found if e["kind"] == "change"]) == 1001
    assert {"kind": "truncated", "count": 499} in found
    assert taken == ["C-1"]


def test_settings_and_environment_turn_the_hooks_off(kagura: Sandbox) -> None:
    begin(kagura)
    fact = track(kagura, 1, "a", "why")
    kagura.write("a")
    kagura.run("add", "a")
    kagura.run("commit", "-m", "silent", KAGURA_DISABLE="1")
    kagura.write("kagura.toml", "[hooks]\nenabled = false # for now\n")
    kagura.commit(a="2\n")
    assert waiting(kagura) == {fact}
    assert "Kagura" not in kagura.message("HEAD~") + kagura.message()
