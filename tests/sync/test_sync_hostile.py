"""Notes that somebody pushed to harm: kept or passed over, never a crash, never without bound."""

from __future__ import annotations

import subprocess
import sys

import pytest
from clones import Clone, Hub
from git_repo import ROOT

from kagura_git.cli.app import run
from kagura_git.errors import GitError
from kagura_git.git import notes, objects
from kagura_git.services import sync
from tests.work import processor_seconds

BAD = {
    "binary": bytes(range(256)),
    "not JSON": b'- {"kind": "change", "id": \n- {]\n- {"kind": 1}\n',
    "terminal": b'- {"kind": "change", "path": "a", "reason": "\\u001b[2J\\u202e"}\n\x1b]0;x\x07\n',
    "nested": b'- {"kind": "change", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}\n",
    "digits": b'- {"kind": "change", "lines": ' + b"9" * 10_000 + b"}\n",
    "one line": b'- {"kind": "change", "reason": "' + b"x" * 2_000_000 + b'"}\n',
    "many lines": b"- {}\n" * 200_000,
    "empty": b"",
    "odd types": b'- {"kind": "change", "path": {}, "id": [], "reason": 5, "session": {}}\n',
}


@pytest.mark.parametrize("kind", BAD)
def test_a_note_of_any_content_is_taken_in_beside_ours(
    hub: Hub, ada: Clone, bob: Clone, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bob.plumb({bob.head: BAD[kind]})
    bob.run("push", "-q", "origin", notes.REF)
    ada.note("main", "ours")
    ada.sync()
    assert "ours" in {entry.get("id") for entry in notes.all_notes(ada.repo.git)[ada.head]}
    (note,) = objects.read(ada.repo.git, [f"{notes.REF}:{ada.head}"])
    held = set((note.data or b"").split(b"\n"))
    assert {line for line in BAD[kind].split(b"\n") if line.strip()} <= held
    for args in (["log", "-n", "3"], ["why", "a"], ["log", "--json"]):
        assert run(["-C", str(ada.top), *args]) in (0, 1), capsys.readouterr()
    assert "\x1b" not in capsys.readouterr().out


_BOUNDED = """
import os, resource, sys
sys.path.insert(0, {root!r})
from kagura_git.git import notes
from kagura_git.services.sync import sync
from kagura_git.workspace import open_workspace
ws = open_workspace({top!r}, os.environ)
sync(ws)
notes.all_notes(ws.repo.git)
notes.read(ws.repo.git, sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(clone: Clone, *commits: str) -> int:
    """Sync and read everything in a process of its own; returns its memory in KiB."""
    program = _BOUNDED.format(root=str(ROOT), top=str(clone.top))
    done = subprocess.run(
        [sys.executable, "-c", program, *commits],
        env=clone.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout) // (1024 if sys.platform == "darwin" else 1)


def test_a_huge_note_stays_where_it_is_and_is_not_read(hub: Hub, ada: Clone, bob: Clone) -> None:
    big = 64 * 1024 * 1024
    bob.script("fill", f"#!/bin/sh\nhead -c {big} /dev/zero | git hash-object -w --stdin\n")
    blob = subprocess.run(
        [str(bob.top / "fill")],
        cwd=bob.top,
        env=bob.env,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    one, two, three = hub.commits
    lines = "".join(f"100644 blob {blob}\t{sha}\n" for sha in (one, two))
    tree = bob.run("mktree", stdin=lines).stdout.strip()
    commit = bob.run("commit-tree", tree, "-m", "x").stdout.strip()
    bob.run("push", "-q", "origin", f"{commit}:{notes.REF}")
    ada.note(two, "ours")
    ada.note(three, "ours")
    assert peak(ada, *hub.commits) - peak(bob, bob.head) < 32 * 1024
    assert ada.said() == {two: {"ours"}, three: {"ours"}}
    assert ada.out("rev-parse", f"{notes.REF}:{one}") == blob
    with pytest.raises(GitError, match="too large"):
        ada.note(one, "x")


def test_many_notes_of_one_large_text_are_read_once(hub: Hub, ada: Clone, bob: Clone) -> None:
    text = b"- {}\n" * 200_000 + b'- {"kind": "change", "id": "x"}\n'
    stream = "".join(
        f"commit refs/heads/many\nmark :{n + 1}\ncommitter A <a@b.c> {n} +0000\ndata 2\nx\n"
        for n in range(1000)
    )
    bob.run("fast-import", "--quiet", stdin=stream)
    shas = bob.out("rev-list", "many").split()
    bob.plumb({shas[0]: text})
    blob = bob.out("rev-parse", f"{notes.REF}:{shas[0]}")
    tree = bob.run("mktree", stdin="".join(f"100644 blob {blob}\t{s}\n" for s in sorted(shas)))
    commit = bob.run("commit-tree", tree.stdout.strip(), "-m", "x").stdout.strip()
    bob.run("push", "-q", "origin", f"{commit}:{notes.REF}")
    ada.note("main", "ours")
    ada.sync()
    start = processor_seconds()
    assert ada.said() == {ada.head: {"ours"}, **{sha: {"x"} for sha in shas}}
    assert processor_seconds() - start < 30  # 0.3 s; read and parsed one by one, minutes


@pytest.mark.parametrize("kind", ["blob", "tree", "tag"])
def test_a_remote_whose_ref_holds_something_else(
    hub: Hub, ada: Clone, bob: Clone, kind: str
) -> None:
    bob.run("tag", "-a", "-m", "x", "v1")
    name = {"blob": "HEAD:a", "tree": "HEAD^{tree}", "tag": "v1"}[kind]
    bob.run("push", "-q", "origin", f"{bob.out('rev-parse', name)}:{notes.REF}")
    ada.note("main", "ours")
    for _ in range(2):
        with pytest.raises(GitError, match="holds no notes"):
            ada.sync()
    assert ada.said() == {ada.head: {"ours"}}
    hub.bare.run("update-ref", "-d", notes.REF)
    assert ada.sync().pushed == 1


def test_paths_that_are_no_notes_do_no_harm(hub: Hub, ada: Clone, bob: Clone) -> None:
    two = bob.head[:2]
    bob.plumb({two: b"a file where a folder may be\n"} | dict.fromkeys(
        ["..-..-x", "a" * 39, "A" * 40, f"{two}x/y", ".git-x/hooks", "README"], b"x"
    ))  # fmt: skip
    bob.run("push", "-q", "origin", notes.REF)
    ada.plumb({f"{ada.head[:2]}/{ada.head[2:]}": b'- {"kind": "change", "id": "ours"}\n'})
    ada.sync()
    assert ada.said() == {ada.head: {"ours"}}
    bob.sync()
    assert bob.said() == {ada.head: {"ours"}}


def test_notes_of_commits_that_nobody_has_are_kept(hub: Hub, ada: Clone, bob: Clone) -> None:
    bob.plumb({"1" * 40: b'- {"kind": "change", "id": "x"}\n'})
    bob.run("push", "-q", "origin", notes.REF)
    ada.note("main", "ours")
    ada.sync()
    assert ada.said() == {ada.head: {"ours"}, "1" * 40: {"x"}}
    assert sync.take_in(ada.ws) == 0
