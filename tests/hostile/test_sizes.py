"""Inputs of any size: reduced so that it says so, in bounded time and memory."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kagura_git.git import notes
from kagura_git.memory import SyncCodingMemory
from kagura_git.model import inputs
from tests.git_repo import Sandbox
from tests.hostile.program import Done, Program
from tests.work import processor_seconds

pytestmark = pytest.mark.slow
MEBIBYTE = 1024 * 1024
# Generous: four cores are shared by every test. What is not bounded takes minutes or gigabytes.
SECONDS = 60
MEGABYTES = 450


def bounded(done: Done) -> Done:
    assert done.seconds < SECONDS
    assert done.megabytes < MEGABYTES
    return done


def many(box: Sandbox, count: int, folder: str) -> None:
    """Stage many files without writing one of them."""
    blob = box.run("hash-object", "-w", "--stdin", stdin="x\n").stdout.strip()
    lines = "".join(f"100644 {blob}\t{folder}/d{n % 100}/f{n}.txt\n" for n in range(count))
    box.run("update-index", "--index-info", stdin=lines)


def test_ten_thousand_files_in_a_commit_leave_a_note_of_bounded_size(
    kagura: Sandbox, program: Program
) -> None:
    program.ok("session", "start", "Import")
    many(kagura, 10_000, "lib")
    started = processor_seconds()
    assert kagura.run("commit", "-m", "import").stderr == ""
    assert processor_seconds() - started < 20
    found = notes.read(kagura.repo.git, [kagura.head])[kagura.head]
    assert {"kind": "truncated", "count": 9000} in found
    assert len(found) < 1100
    assert len(program.json("log", "-n", "1")["commits"][0]["changes"]) == 10_000
    assert len(program("log", "-n", "1").splitlines()) < 30
    for command in (["context"], ["patterns"], ["session", "status"], ["session", "end"]):
        program.ok(*command)


def test_a_thousand_reasons_for_ten_thousand_files_take_no_process_each(kagura: Sandbox) -> None:
    many(kagura, 10_000, "lib")
    before = kagura.repo.head()
    kagura.run("-c", "core.hooksPath=/dev/null", "commit", "--allow-empty", "-qm", "between")
    for n in range(1000):
        fact = {
            "kind": "change", "id": f"C-{n:08}", "path": f"lib/d{n % 100}/f{n}.txt",
            "action": "edit", "reason": "r", "at": "2025-11-02T12:00:00Z", "head": before,
        }  # fmt: skip
        kagura.working.add_pending(fact["id"], fact, durable=False)
    many(kagura, 10_000, "lib2")
    kagura.run("reset", "-q", "--soft", "HEAD~1")
    kagura.run("commit", "-q", "--allow-empty", "-m", "first")
    started = processor_seconds()
    kagura.run("commit", "-q", "--allow-empty", "-m", "second")
    assert processor_seconds() - started < 20
    assert kagura.working.pending() == {}


def test_a_binary_of_200_megabytes_costs_a_commit_nothing_and_is_no_text(
    kagura: Sandbox, program: Program
) -> None:
    binary = kagura.write("big.bin", b"\x7fELF\x00" + os.urandom(4096))
    os.truncate(binary, 200 * MEBIBYTE)
    program.ok("session", "start", "Binary")
    kagura.run("add", "big.bin")
    started = processor_seconds()
    kagura.run("commit", "-q", "-m", "binary")
    assert processor_seconds() - started < 20
    (entry,) = [e for e in notes.read(kagura.repo.git, [kagura.head])[kagura.head] if "path" in e]
    assert "lines" not in entry
    told = ("--type", "T", "--message", "m", "--trace-file", str(binary))
    for command in (
        ["error", "add", *told],
        ["change", "add", "big.bin", "--action", "edit", "--reason", "r", "--diff-file", "big.bin"],
    ):
        done = bounded(program.child(*[str(binary) if c == "big.bin" else c for c in command]))
        assert done.code == 2
        assert b"binary data, not text" in done.err
    done = bounded(program.child("error", "add", *told[:4], "--screenshot", str(binary)))
    assert done.code == 0


def test_a_diff_of_50_megabytes_is_cut_and_says_so(kagura: Sandbox, program: Program) -> None:
    diff = kagura.top.parent / "diff"
    diff.write_bytes(b"first\n" + b"+ a line of a diff\n" * (50 * MEBIBYTE // 19) + b"last\n")
    add = ("change", "add", "src/app.py", "--action", "edit", "--reason", "r", "--diff-file")
    bounded(program.child(*add, str(diff)))
    bounded(program.child(*add, "-", stdin=diff))
    memory = SyncCodingMemory(kagura.top)
    memory.track_file_change("src/app.py", "edit", diff.read_text(), "r")
    facts = list(kagura.working.pending("C-").values())
    assert len(facts) == 3
    for fact in facts:
        assert len(fact["diff"]) <= inputs.MAX_TEXT
        assert "characters left out" in fact["diff"]
        assert (fact["diff"][:5], fact["diff"][-4:]) == ("first", "last")


def long_trace() -> str:
    library = "".join(
        f'  File "/usr/lib/python3.11/site-packages/web/app{n % 9}.py", line {n}, in call{n}\n'
        "    return self.next(request)\n"
        for n in range(190_000)
    )
    half = library.index("\n  File", len(library) // 2) + 1
    own = '  File "src/checkout.py", line 31, in total\n    return sum(prices)\n'
    head = 'Traceback (most recent call last):\n  File "src/main.py", line 1, in main\n    go()\n'
    tail = '  File "src/prices.py", line 7, in price\n    raise\nValueError: no price\n'
    return f"{head}{library[:half]}{own}{library[half:]}{tail}"


def test_a_trace_of_20_megabytes_keeps_its_ends_and_its_own_calls(
    kagura: Sandbox, program: Program
) -> None:
    trace = kagura.top.parent / "trace"
    trace.write_text(text := long_trace())
    assert trace.stat().st_size > 20 * MEBIBYTE
    add = ("error", "add", "--type", "ValueError", "--message", "no price", "--json")
    done = bounded(program.child(*add, "--trace-file", "-", stdin=trace))
    first = json.loads(done.out)
    assert first["new"]
    memory = SyncCodingMemory(kagura.top)
    again = memory.record_error("ValueError", "no price", text)
    assert (again.new, again.occurrences) == (False, 2), "the same trace is the same error"
    kept = memory.recall(first["id"]).stack_trace  # type: ignore[union-attr]
    assert len(kept) <= inputs.MAX_TEXT
    assert kept.startswith('Traceback (most recent call last):\n  File "src/main.py"')
    assert 'File "src/checkout.py", line 31, in total' in kept
    assert kept.endswith("ValueError: no price")
    assert "characters left out; own calls in them:" in kept
    assert program.json("error", "search", "no price")["results"][0]["id"] == first["id"]


@pytest.mark.parametrize("unit", ["x", "\x1b]", "at a (", '  File "', "/", "日", "=", "\n"])
def test_a_single_line_of_20_megabytes_is_cut_in_seconds(unit: str) -> None:
    text = unit * (20 * MEBIBYTE // len(unit.encode()))
    started = processor_seconds()
    for clean in (inputs.text(text), inputs.trace(text)):
        assert len(clean) <= inputs.MAX_TEXT
    assert processor_seconds() - started < SECONDS


def test_every_text_of_a_command_may_be_20_megabytes(kagura: Sandbox, program: Program) -> None:
    line = kagura.top.parent / "line"
    line.write_bytes(b"word " * (20 * MEBIBYTE // 5))
    for command in (
        ["error", "add", "--type", "T", "--message", "-"],
        ["decision", "add", "-", "--rationale", "r"],
        ["change", "add", "src/app.py", "--action", "edit", "--reason", "-"],
        ["search", "-"],
        ["session", "start", "-"],
    ):
        done = bounded(program.child(*command, stdin=line))
        assert done.code == 0, done.err
        assert len(done.out) < 4000
    lines = kagura.top.parent / "lines"
    lines.write_text("".join(f"line {n}\n" for n in range(100_000)))
    done = bounded(program.child("error", "add", "--type", "T", "--message", "-", stdin=lines))
    assert done.code == 0


def test_an_endless_stream_is_left_in_time(program: Program) -> None:
    done = bounded(
        program.child("error", "add", "--type", "T", "--message", "-", stdin=Path("/dev/zero"))
    )
    assert b"binary data" in done.err


def test_what_powershell_writes_is_read(kagura: Sandbox, program: Program) -> None:
    trace = kagura.top.parent / "trace"
    trace.write_bytes("Boom: 日本\r\n  at f".encode("utf-16"))
    made = program.json("error", "add", "--type", "T", "--message", "m", "--trace-file", str(trace))
    assert program.json("show", made["id"])["stack_trace"] == "Boom: 日本\n  at f"


def test_text_that_is_not_utf8_is_taken_as_far_as_it_goes(
    kagura: Sandbox, program: Program
) -> None:
    trace = kagura.top.parent / "trace"
    trace.write_bytes(b"caf\xe9 failed\n")
    done = program.child("error", "add", "--type", "T", "--message", "-", "--json", stdin=trace)
    assert program.json("show", json.loads(done.out)["id"])["message"] == "caf\ufffd failed"


def test_thousands_of_tags_alternatives_and_files_are_kept_or_refused(
    kagura: Sandbox, program: Program
) -> None:
    words = [f"word{n}" for n in range(5000)]
    memory = SyncCodingMemory(kagura.top)
    made = memory.record_decision("Many", "r", alternatives=words, tags=words, related_files=words)
    assert len(program.json("show", made.id)["alternatives"]) == 5000
    assert program.json("search", "Many")["results"][0]["id"] == made.id
    too_many = [f"f{n}" for n in range(5001)]
    with pytest.raises(Exception, match="Name their folder instead"):
        memory.record_decision("Too many", "r", related_files=too_many)
    with pytest.raises(Exception, match="a record may have 1,048,576 bytes"):
        memory.record_decision("Too large", "r", alternatives=["x" * 60_000 + w for w in words])


def test_a_session_of_thousands_of_changes_can_be_ended(kagura: Sandbox, program: Program) -> None:
    session = program.json("session", "start", "s" * 5000)["id"]
    for n in range(3000):
        fact = {
            "kind": "change", "id": f"C-{n:08}", "path": f"f{n}", "action": "edit",
            "reason": "r" * 2000, "session": session, "at": "2025-11-02T12:00:00Z",
        }  # fmt: skip
        kagura.working.add_pending(fact["id"], fact, durable=False)
    ended = program.json("session", "end")
    assert "- 2900 more with a reason" in ended["summary"]
    assert len(ended["summary"]) < 50_000
