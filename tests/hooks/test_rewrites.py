"""A rebase copies notes by the place where HEAD was; a commit keeps only what is its own."""

from __future__ import annotations

import pytest
from git_repo import Sandbox
from kagura_box import entries, record, track

BACKENDS = pytest.mark.parametrize("backend", ["--merge", "--apply"])


def reasons(box: Sandbox, rev: str) -> set[str]:
    return {entry["reason"] for entry in entries(box, rev) if entry.get("reason")}


def noted(box: Sandbox, number: int, path: str, text: str) -> str:
    track(box, number, path, f"reason {number}")
    box.write(path, text)
    box.run("add", "-A")
    box.run("commit", "-q", "-m", f"work {number}")
    return box.head


def diverged(box: Sandbox) -> None:
    """Make `side`: 1 and 3 merge well, 2 conflicts with `main`, which has a note as well."""
    box.write("b.txt", "old\n")
    box.commit("start", "-q")
    box.run("branch", "side")
    noted(box, 9, "b.txt", "main\n")
    box.run("switch", "-q", "side")
    noted(box, 1, "a.txt", "one\n")
    noted(box, 2, "b.txt", "side\n")
    noted(box, 3, "c.txt", "three\n")


@BACKENDS
def test_a_skipped_commit_leaves_its_note_to_nobody(kagura: Sandbox, backend: str) -> None:
    diverged(kagura)
    kagura.run("rebase", backend, "main", ok=False)
    kagura.run("rebase", "--skip")
    assert reasons(kagura, "HEAD") == {"reason 3"}
    assert reasons(kagura, "HEAD~1") == {"reason 1"}
    assert reasons(kagura, "main") == {"reason 9"}


@BACKENDS
def test_a_skipped_first_commit_leaves_its_note_to_nobody(kagura: Sandbox, backend: str) -> None:
    diverged(kagura)
    kagura.run("rebase", backend, "--onto", "main", "side~2", ok=False)
    kagura.run("rebase", "--skip")
    assert reasons(kagura, "HEAD") == {"reason 3"}
    assert reasons(kagura, "main") == {"reason 9"}


@BACKENDS
def test_a_commit_that_became_empty_leaves_its_note_to_nobody(
    kagura: Sandbox, backend: str
) -> None:
    diverged(kagura)
    kagura.run("rebase", backend, "main", ok=False)
    kagura.write("b.txt", "main\n")
    kagura.run("add", "b.txt")
    if kagura.run("rebase", "--continue", ok=False, GIT_EDITOR="true").returncode != 0:
        kagura.run("rebase", "--skip")
    assert reasons(kagura, "HEAD") == {"reason 3"}
    assert reasons(kagura, "HEAD~1") == {"reason 1"}


def test_a_squash_keeps_the_notes_of_all(kagura: Sandbox) -> None:
    diverged(kagura)
    editor = "sed -i '2,$ s/^pick/squash/'"
    kagura.run("rebase", "-i", "side~3", GIT_SEQUENCE_EDITOR=editor, GIT_EDITOR="true")
    assert reasons(kagura, "HEAD") == {"reason 1", "reason 2", "reason 3"}


def test_a_squash_keeps_its_notes_beside_a_skipped_commit(kagura: Sandbox) -> None:
    diverged(kagura)
    record(kagura)
    kagura.commit("fourth", "-q")
    editor = "sed -i '4 s/^pick/fixup/'"
    kagura.run("rebase", "-i", "main", ok=False, GIT_SEQUENCE_EDITOR=editor, GIT_EDITOR="true")
    kagura.run("rebase", "--skip", GIT_EDITOR="true")
    assert reasons(kagura, "HEAD") == {"reason 3"}
    assert "D-00000001" in {entry.get("id") for entry in entries(kagura)}
    assert reasons(kagura, "HEAD~1") == {"reason 1"}


def test_a_plain_rebase_keeps_every_note(kagura: Sandbox) -> None:
    diverged(kagura)
    kagura.run("rebase", "--merge", "-Xtheirs", "main")
    assert [reasons(kagura, f"HEAD~{n}") for n in range(3)] == [
        {"reason 3"}, {"reason 2"}, {"reason 1"},
    ]  # fmt: skip
