"""Notes: a set union that no concurrent writer can lose."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from git_repo import ROOT, Sandbox, new

from kagura_git.errors import GitError
from kagura_git.git import notes

WHO = "Ada <ada@example.org>"


def fact(number: int) -> dict[str, object]:
    return {"kind": "session", "id": f"S-{number:08}"}


def test_what_was_added_is_read_back_in_its_order(box: Sandbox) -> None:
    one, two = box.commit("one"), box.commit("two")
    notes.add(box.repo.git, {one: [fact(2), fact(1)], two: [fact(3)]}, WHO)
    assert notes.read(box.repo.git, [two, one]) == {one: [fact(2), fact(1)], two: [fact(3)]}
    assert notes.all_notes(box.repo.git) == {one: [fact(2), fact(1)], two: [fact(3)]}


def test_git_itself_reads_the_note(box: Sandbox) -> None:
    sha = box.commit()
    notes.add(box.repo.git, {sha: [fact(1)]}, WHO)
    assert (
        box.out("notes", "--ref=kagura", "show", sha) == '- {"kind": "session", "id": "S-00000001"}'
    )
    assert box.out("log", "-1", "--format=%an <%ae>|%cn", notes.REF) == f"{WHO}|Ada"


def test_adding_unites_with_what_the_note_holds_and_keeps_lines_of_others(box: Sandbox) -> None:
    sha = box.commit()
    box.run("notes", "--ref=kagura", "add", "-m", "by hand", sha)
    notes.add(box.repo.git, {sha: [fact(1)]}, WHO)
    notes.add(box.repo.git, {sha: [fact(1), fact(2)]}, WHO)
    assert notes.read(box.repo.git, [sha])[sha] == [fact(1), fact(2)]
    assert box.out("notes", "--ref=kagura", "show", sha).startswith("by hand\n- {")


def test_adding_what_is_there_writes_nothing(box: Sandbox) -> None:
    sha = box.commit()
    notes.add(box.repo.git, {sha: [fact(1)]}, WHO)
    tip = box.out("rev-parse", notes.REF)
    notes.add(box.repo.git, {sha: [fact(1)]}, WHO)
    notes.add(box.repo.git, {sha: []}, WHO)
    assert box.out("rev-parse", notes.REF) == tip


def test_a_repository_without_notes_has_none(box: Sandbox) -> None:
    sha = box.commit()
    assert notes.read(box.repo.git, [sha]) == {}
    assert notes.all_notes(box.repo.git) == {}


@pytest.mark.parametrize("sha", ["HEAD", "--all", "0" * 39, "g" * 40])
def test_only_full_commit_ids_are_taken(box: Sandbox, sha: str) -> None:
    box.commit()
    with pytest.raises(GitError, match="not a full commit id"):
        notes.read(box.repo.git, [sha])


def test_a_commit_that_does_not_exist_is_refused_without_a_crash_report(box: Sandbox) -> None:
    box.commit()
    with pytest.raises(GitError, match="no such commit"):
        notes.add(box.repo.git, {"1" * 40: [fact(1)]}, WHO)
    assert not [name for name in os.listdir(box.repo.git_dir) if "crash" in name]


def test_an_odd_identity_does_not_break_the_stream(box: Sandbox) -> None:
    sha = box.commit()
    notes.add(box.repo.git, {sha: [fact(1)]}, "Eve <> \n from <evil@example.org>\ncommitter")
    assert notes.read(box.repo.git, [sha]) == {sha: [fact(1)]}
    assert box.out("rev-list", "--count", notes.REF) == "1"


def test_texts_that_look_like_commands_stay_text(box: Sandbox) -> None:
    sha = box.commit()
    entry = {
        "kind": "change",
        "path": "a\udcff\n\u2028",
        "reason": "\nfrom refs/heads/main\ndone\n",
    }
    notes.add(box.repo.git, {sha: [entry]}, WHO)
    assert notes.read(box.repo.git, [sha]) == {sha: [entry]}


def test_sha256_repositories_have_notes_too(tmp_path, env) -> None:
    box = new(tmp_path / "sha256", env, "--object-format=sha256")
    sha = box.commit()
    notes.add(box.repo.git, {sha: [fact(1)]}, WHO)
    notes.add(box.repo.git, {sha: [fact(2)]}, WHO)
    assert len(sha) == 64
    assert notes.read(box.repo.git, [sha]) == {sha: [fact(1), fact(2)]}
    assert notes.all_notes(box.repo.git) == {sha: [fact(1), fact(2)]}


def many_commits(box: Sandbox, count: int) -> list[str]:
    stream = "".join(
        f"commit refs/heads/many\nmark :{n + 1}\ncommitter A <a@b.c> {n} +0000\ndata 2\nx\n"
        for n in range(count)
    )
    box.run("fast-import", "--quiet", stdin=stream)
    return box.out("rev-list", "many").split()


def test_a_note_beside_ten_thousand_writes_four_objects(box: Sandbox) -> None:
    shas = many_commits(box, 10_000)
    git = box.repo.git
    notes.add(git, {sha: [fact(n)] for n, sha in enumerate(shas)}, WHO)
    loose = int(box.out("count-objects").split()[0])
    notes.add(git, {shas[0]: [fact(20_000)]}, WHO)
    assert notes.read(git, [shas[0]]) == {shas[0]: [fact(0), fact(20_000)]}
    # A note more is a blob, a folder, the tree and a commit, however many there are.
    assert int(box.out("count-objects").split()[0]) - loose <= 4
    names = box.out("ls-tree", "--name-only", notes.REF).split()
    assert len(names) == 256
    assert {len(name) for name in names} == {2}
    assert len(notes.read(git, shas)) == 10_000


WRITER = """
import os, sys
sys.path.insert(0, {root!r})
from kagura_git.git import notes
from kagura_git.git.run import Git, scrubbed
git = Git({top!r}, scrubbed(os.environ))
me = int(sys.argv[1])
sys.stdin.readline()
for n in range({each}):
    entry = {{"kind": "session", "id": f"S-{{me * 100 + n:08}}"}}
    notes.add(git, {{sys.argv[2 + n % 2]: [entry]}}, "W <w@x>")
"""


def test_forty_concurrent_writers_lose_nothing(box: Sandbox) -> None:
    one, two = box.commit("one"), box.commit("two")
    writers, each = 40, 3
    program = WRITER.format(root=str(ROOT), top=str(box.top), each=each)
    running = [
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", program, str(n), one, two],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=box.env,
        )
        for n in range(writers)
    ]
    for process in running:  # all have started: now go
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in running:
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said.decode()
    found = notes.read(box.repo.git, [one, two])
    ids = {entry["id"] for entries in found.values() for entry in entries}
    assert ids == {f"S-{w * 100 + n:08}" for w in range(writers) for n in range(each)}
    assert not [name for name in os.listdir(box.repo.git_dir) if "crash" in name]


def test_amend_and_rebase_keep_notes_with_the_setting_of_init(box: Sandbox) -> None:
    box.run("config", "notes.rewriteRef", notes.REF)
    base = box.commit("base")
    first = box.commit("one", a="1\n")
    notes.add(box.repo.git, {first: [fact(1)]}, WHO)
    box.run("commit", "--amend", "-m", "one, better")
    assert notes.read(box.repo.git, [box.head])[box.head] == [fact(1)]
    box.run("switch", "-q", "-c", "other", base)
    box.commit("two", b="2\n")
    box.run("rebase", "other", "main")
    assert notes.read(box.repo.git, [box.head])[box.head] == [fact(1)]


def test_a_lock_left_behind_is_reported_soon_and_left_alone(box: Sandbox) -> None:
    sha = box.commit()
    notes.add(box.repo.git, {sha: [fact(1)]}, WHO)
    lock = box.write(".git/refs/notes/kagura.lock", "")
    with pytest.raises(GitError, match="could not be written"):
        notes.add(box.repo.git, {sha: [fact(2)]}, WHO)
    assert lock.exists()


def test_something_else_at_the_refs_name_is_reported_soon(box: Sandbox) -> None:
    sha = box.commit()
    box.run("update-ref", f"{notes.REF}/x", "HEAD")
    with pytest.raises(GitError, match="could not be written"):
        notes.add(box.repo.git, {sha: [fact(1)]}, WHO)
