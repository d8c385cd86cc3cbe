"""Reasons in the journal: kept beside the notes, brought back, and pruned."""

from __future__ import annotations

import os
import shlex
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kagura_git.git import notes
from kagura_git.services import capture, health, kept_reasons, relink, rewrite_maps, setup
from kagura_git.store.reason_journal import NAME, ReasonJournal
from kagura_git.workspace import Workspace, open_workspace
from tests.git_repo import Sandbox, isolated, new
from tests.survival.world import run_program

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SHA = "a" * 40
ENTRY = {"kind": "change", "id": "C-00000001", "path": "a", "action": "edit", "reason": "why"}


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    home = tmp_path / "home"
    home.mkdir()
    made = new(tmp_path / "repo", isolated(home))
    setup.init(made.repo)
    made.commit("set up")
    return made


def workspace(box: Sandbox) -> Workspace:
    return open_workspace(str(box.top), box.env)


def step(box: Sandbox, path: str, reason: str) -> str:
    capture.track(workspace(box), path, "edit", reason)
    return box.commit(f"step {path}", **{path: f"{reason}\n"})


def reasons(box: Sandbox) -> dict[str, list[str]]:
    """Return the reasons of each commit on the branch, by subject."""
    found = {}
    for line in box.out("log", "--format=%H %s").splitlines():
        sha, _, subject = line.partition(" ")
        entries = notes.read(box.repo.git, [sha]).get(sha, [])
        told = [entry["reason"] for entry in entries if entry.get("reason")]
        if told:
            found[subject] = told
    return found


def test_what_a_hook_writes_into_a_note_is_kept(box: Sandbox) -> None:
    sha = step(box, "a", "why a")
    kept = workspace(box).reason_journal.read()
    assert [entry["reason"] for entry in kept[sha]] == ["why a"]


def test_what_git_itself_tells_is_not_kept(tmp_path: Path) -> None:
    journal = ReasonJournal(str(tmp_path))
    journal.keep({SHA: [{"kind": "change", "path": "a"}, {"kind": "truncated", "count": 1}]}, NOW)
    assert os.listdir(tmp_path) == []
    journal.keep({SHA: [ENTRY, {"kind": "session", "id": "S-00000001"}]}, NOW)
    journal.keep({SHA: [ENTRY]}, NOW)
    assert journal.read() == {SHA: [ENTRY, {"kind": "session", "id": "S-00000001"}]}


def test_damaged_lines_spoil_no_other(tmp_path: Path) -> None:
    journal = ReasonJournal(str(tmp_path))
    journal.keep({SHA: [ENTRY]}, NOW)
    (file,) = tmp_path.glob(f"*/{NAME}")
    bad = [b'{"commit": "', b"[1]", b"7", b'{"commit": "x", "entries": []}', b"\xff\xfe",
           b'{"commit": "%s", "entries": [3, {"path": "../x"}]}' % (b"b" * 40)]  # fmt: skip
    file.write_bytes(b"\n".join(bad) + file.read_bytes())
    journal.keep({"c" * 40: [ENTRY]}, NOW)
    assert journal.read() == {SHA: [ENTRY], "b" * 40: [], "c" * 40: [ENTRY]}


def test_relink_brings_back_notes_that_are_gone(box: Sandbox) -> None:
    step(box, "a", "why a")
    step(box, "b", "why b")
    before = reasons(box)
    box.run("update-ref", "-d", "refs/notes/kagura")
    assert reasons(box) == {}
    report = relink.relink(workspace(box))
    assert {item.how for item in report.relinked} == {"journal"}
    assert reasons(box) == before == {"step a": ["why a"], "step b": ["why b"]}
    assert relink.relink(workspace(box)).relinked == ()


def test_relink_leaves_a_note_alone_that_somebody_removed(box: Sandbox) -> None:
    sha = step(box, "a", "why a")
    step(box, "b", "why b")
    box.run("notes", "--ref=kagura", "remove", sha)
    assert relink.relink(workspace(box)).relinked == ()
    assert reasons(box) == {"step b": ["why b"]}


def test_a_filter_whose_old_notes_were_pruned_loses_no_reason(box: Sandbox) -> None:
    pytest.importorskip("git_filter_repo")
    step(box, "a", "why a")
    words = box.top.parent / "words"
    words.write_text("step a==>first step\n")
    _filter(box, "--replace-message", str(words))
    box.run("notes", "--ref=kagura", "prune")
    assert box.out("notes", "--ref=kagura", "list") == ""
    (item,) = relink.relink(workspace(box)).relinked
    assert (item.how, reasons(box)) == (rewrite_maps.HOW, {"first step": ["why a"]})


def test_files_that_a_filter_took_out_of_a_folder_are_found(box: Sandbox) -> None:
    pytest.importorskip("git_filter_repo")
    step(box, "sub/a", "why a")
    step(box, "other/b", "why b")
    _filter(box, "--subdirectory-filter", "sub")
    (finding,) = rewrite_maps.unread(workspace(box))
    assert finding.mend == "Run `git kagura relink`."
    relink.relink(workspace(box))
    assert list(rewrite_maps.unread(workspace(box))) == []
    assert reasons(box) == {"step sub/a": ["why a"]}
    sha = box.head
    assert [e["path"] for e in notes.read(box.repo.git, [sha])[sha] if "path" in e] == ["a"]


def test_a_file_that_a_filter_removed_is_not_taken_for_one_of_its_name(box: Sandbox) -> None:
    pytest.importorskip("git_filter_repo")
    step(box, "b", "why b")
    capture.track(workspace(box), "sub/a", "edit", "of the one below")
    box.commit("both", **{"sub/a": "1\n", "a": "2\n"})
    _filter(box, "--path", "sub", "--invert-paths")
    assert len(list(rewrite_maps.unread(workspace(box)))) == 1
    relink.relink(workspace(box))
    assert list(rewrite_maps.unread(workspace(box))) == []
    assert reasons(box) == {"step b": ["why b"]}


def test_records_in_a_folder_are_reported_with_what_to_do(box: Sandbox) -> None:
    pytest.importorskip("git_filter_repo")
    step(box, "a", "why a")
    ws = workspace(box)
    _record(ws)
    box.commit("a record")
    _filter(box, "--to-subdirectory-filter", "in here")
    ws = workspace(box)
    hint = ws.moved_hint()
    assert hint is not None
    (finding,) = health.check(ws, None, {})  # type: ignore[arg-type]
    assert finding.mend == hint
    box.run(*shlex.split(hint.split("`")[1])[1:])
    relink.relink(ws)
    assert reasons(box) == {"step a": ["why a"]}
    assert workspace(box).moved_hint() is None


def _record(ws: Workspace) -> None:
    from kagura_git.services import decisions

    decisions.record(ws, "Use a", "for a reason")


def _filter(box: Sandbox, *args: str) -> None:
    run_program(box, sys.executable, "-m", "git_filter_repo", "--force", *args)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "old new\n",
        "old new\nzz yy\n",
        f"{'a' * 40}\n",
        f"{'a' * 40} {'0' * 40}\n",
        "\0\xff" * 99,
    ],
)
def test_a_map_that_says_nothing_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "filter-repo").mkdir()
    (tmp_path / "filter-repo" / "commit-map").write_text(text, encoding="latin-1")
    assert rewrite_maps.read(str(tmp_path)) == {}


def test_a_map_names_the_new_commit_of_each_old_one(tmp_path: Path) -> None:
    assert rewrite_maps.read(str(tmp_path)) == {}
    (tmp_path / "filter-repo").mkdir()
    lines = [
        "old new",
        f"{'a' * 40} {'b' * 40}",
        f"{'c' * 40} {'c' * 40}",
        f"{'d' * 40} {'0' * 40}",
    ]
    (tmp_path / "filter-repo" / "commit-map").write_text("\n".join(lines) + "\n")
    assert rewrite_maps.read(str(tmp_path)) == {"a" * 40: "b" * 40}


def test_old_lines_that_notes_hold_are_pruned_and_others_stay(box: Sandbox) -> None:
    step(box, "a", "why a")
    gone = step(box, "b", "why b")
    box.run("reset", "-q", "--hard", "HEAD~1")
    ws = workspace(box)
    (file,) = Path(ws.journal.folder).glob(f"*/{NAME}")
    soon = datetime.now(UTC) + timedelta(days=1)
    assert kept_reasons.prune(ws, soon.timestamp() - 86_400 * 91) == 0
    assert kept_reasons.prune(ws, soon.timestamp()) == 1
    assert list(ws.reason_journal.read()) == [gone]
    box.run("reset", "-q", "--hard", gone)
    assert kept_reasons.prune(ws, soon.timestamp()) == 1
    assert not file.exists()
