"""Notes and messages that anyone who may push can write: bounded, and beside the good ones."""

from __future__ import annotations

import pytest

from kagura_git.git import notes
from kagura_git.git.log import commits
from kagura_git.model.entries import LARGEST
from tests.git_repo import Sandbox
from tests.hostile.program import Program
from tests.work import processor_seconds

COMMITS = 4
ONE = b'- {"kind": "change", "path": "f", "action": "edit", "reason": "r%d"}\n'
HUGE = {
    "50 MB": ONE % 1 + b"\n" * (50 << 20),
    "one line of 20 MB": ONE[:46] + b"x" * (20 << 20) + b'"}',
    "100,000 lines": b"".join(ONE % n for n in range(100_000)),
    "100,000 ids": b"".join(
        b'- {"kind": "decision", "id": "D-%08d"}\n' % n for n in range(100_000)
    ),
    "half a million empty ones": b'- {"kind":"x"}\n' + b"".join(
        b'- {"kind":"%d"}\n' % n for n in range(450_000)
    ),
}  # fmt: skip
ODD = {
    "invalid JSON": b'- {"kind": "change", "path": \n- {]\n- {}\n- [1]\n- null\n{"kind": 1}\n',
    "wrong types": b'- {"kind": "change", "path": {}, "id": [], "reason": 5, "session": {}}\n'
                   b'- {"kind": "decision", "id": 7, "relation": [], "lines": [[[]]]}\n',
    "climbing": b'- {"kind": "change", "path": "../../etc/passwd", "reason": "r"}\n'
                b'- {"kind": "change", "path": "/etc/passwd", "old_path": "a/../.."}\n'
                b'- {"kind": "decision", "id": "../../D-00000001"}\n'
                b'- {"kind": "session", "id": "S-../../../"}\n',
    "nested": b'- {"kind": "change", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}\n",
    "digits": b'- {"kind": "change", "path": "f", "lines": [' + b"9" * 9000 + b", 1]}\n",
    "numbers of none": b'- {"kind": "change", "path": "f", "x": [NaN, Infinity, 1e999]}\n',
    "half a character": b'- {"kind": "change", "path": "\\ud800", "reason": "\\udc00 \\ud800"}\n',
    "times": b'- {"kind": "change", "path": "f", "reason": "r", "at": "0000-99-99"}\n',
    "binary": bytes(range(256)) * 100,
    "another's line": b"- {'kind': 'change'}\nplain words\n# a comment\n",
}  # fmt: skip
LOOKS = (
    ["log"], ["log", "f"], ["why", "f"], ["why", "f:1"], ["search", "needle"], ["patterns"],
    ["context", "--focus", "f"], ["doctor"], ["relink", "--dry-run"], ["session", "list"],
)  # fmt: skip


@pytest.fixture
def history(kagura: Sandbox) -> Sandbox:
    """Four commits of a file; the note of the last one has a good reason."""
    for number in range(COMMITS):
        kagura.write("f", f"{number}\n")
        kagura.run("add", "-A")
        kagura.run("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", f"commit {number}")
    return kagura


def planted(box: Sandbox, data: bytes) -> None:
    """Let all commits but the newest share one note, as a push may bring it."""
    newest, *others = box.out("rev-list", "-n", str(COMMITS), "HEAD").split()
    notes.add(box.repo.git, {newest: [
        {"kind": "change", "path": "f", "action": "edit", "reason": "the good reason"}
    ]}, "Ada <ada@example.org>")  # fmt: skip
    path = box.top.parent / "note"
    path.write_bytes(data)
    blob = box.out("hash-object", "-w", str(path))
    good = box.out("ls-tree", notes.REF)
    lines = [good, *(f"100644 blob {blob}\t{sha}" for sha in others)]
    tree = box.run("mktree", stdin="".join(f"{line}\n" for line in lines)).stdout.strip()
    made = box.run("commit-tree", tree, "-p", notes.REF, "-m", "x").stdout.strip()
    box.run("update-ref", notes.REF, made)


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_note_of_many_commits_costs_little_and_hides_no_other(
    history: Sandbox, program: Program, name: str
) -> None:
    planted(history, HUGE[name])
    for command in (["why", "f"], ["search", "needle"], ["context"]):
        done = program.child(*command)
        assert done.code == 0, done.err
        assert done.megabytes < 250, command
        assert done.seconds < 20, command
        assert len(done.out) < 100_000, command
    assert "the good reason" in program.ok("log")
    assert program.json("why", "f")["reasons"][0]["reason"] == "the good reason"
    history.write("f", "more\n")
    program.ok("change", "add", "f", "--action", "edit", "--reason", "mine")
    started = processor_seconds()
    history.run("commit", "-qam", "on top")
    history.run("commit", "-q", "--amend", "-m", "on top again")
    assert processor_seconds() - started < 10
    assert program.json("why", "f")["reasons"][0]["reason"] == "mine"
    said = [f["message"] for f in program.json("doctor")["findings"] if f["check"] == "notes"]
    assert any("too large" in message for message in said) == (len(HUGE[name]) > LARGEST), said


@pytest.mark.parametrize("name", ODD)
def test_an_odd_note_is_passed_over_beside_the_good_one(
    history: Sandbox, program: Program, name: str
) -> None:
    planted(history, ODD[name])
    for command in LOOKS:
        program.ok(*command)
        said = program.ok(*command, "--json")
        assert "/etc/passwd" not in said
        assert "../" not in said
    assert program.json("why", "f")["reasons"][0]["reason"] == "the good reason"


def test_an_honest_history_of_many_notes_is_read_whole(history: Sandbox) -> None:
    """Even a commit of thousands of reasons, and even where another note is huge."""
    many = b"".join(ONE % n for n in range(5000))
    planted(history, many)
    told = commits(history.repo.git, ["HEAD"], limit=COMMITS)
    assert [len(commit.entries) for commit in told] == [1] + [5000] * (COMMITS - 1)


MESSAGES = {
    "50 MB": "x\n\n" + "word " * (10 << 20),
    "100,000 trailers": "x\n\n" + "".join(f"Kagura-Decision: D-{n:08}\n" for n in range(100_000)),
    "climbing ids": "x\n\nKagura-Session: ../../../etc/passwd\nKagura-Session: S-../../ab\n"
                    "Kagura-Decision: D-00000001/../../x\nKagura-Decision: D-0000000\n",
    "codes": "x\x1b]0;x\x07\n\nKagura-Session: S-\x1b[31m\nKagura-Decision: D-\u202e0000001\n",
    "a subject of a megabyte": "x" * (1 << 20),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_a_hostile_message_links_nothing_and_costs_little(
    history: Sandbox, program: Program, name: str
) -> None:
    path = history.top.parent / "message"
    path.write_text(MESSAGES[name])
    tree = history.out("rev-parse", "HEAD^{tree}")
    sha = "HEAD"
    for _ in range(2):
        sha = history.out("commit-tree", tree, "-p", sha, "-F", str(path))
    history.run("update-ref", "HEAD", sha)
    for command in (["why", "f"], ["search", "needle"], ["context"], ["relink"]):
        done = program.child(*command)
        assert done.code == 0, done.err
        assert done.megabytes < 250, command
        assert done.seconds < 20, command
        assert len(done.out) < 100_000, command
    newest = program.json("log", "-n", "1")["commits"][0]
    assert newest["session"] is None
    assert set(newest["decisions"]) <= {f"D-{n:08}" for n in range(1000)}
    program.ok("doctor")
    history.write("f", "more\n")
    history.run("commit", "-qam", "on top")
