"""Records that a hostile branch brings: refused or defused in one line, beside the good ones."""

from __future__ import annotations

import json

import pytest

from kagura_git.store import codec
from tests.git_repo import Sandbox
from tests.hostile.program import Program, plant, record
from tests.record_strategies import error
from tests.work import processor_seconds

GOOD = record(2)
ERROR_PATH = ".kagura/errors/2025-11/E-00000002-x.yaml"


def replaced(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new)


LAUGHS = b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 20)
)
MOMENT = next(line for line in GOOD.split(b"\n") if line.startswith(b"created_at"))
# What is refused, and the words that say why.
REFUSED = {
    "nested lists": (GOOD + b"later: " + b"[" * 10_000 + b"]" * 10_000, "nested deeper than 20"),
    "billion laughs": (b"a0: &a0 [ha, ha]\n" + LAUGHS + GOOD, "anchors and aliases"),
    "over a mebibyte": (GOOD + b"impact: " + b"x" * (3 << 20), "a record may have 1,048,576"),
    "another id": (record(3), "not the one in the file name"),
    "a climbing id": (replaced(b"D-00000002", b"../../D-00000002"), "id: Expected"),
    "NUL": (GOOD + b"\0", "not valid YAML"),
    "not UTF-8": (GOOD + b"# \xff\n", "not UTF-8"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "not UTF-8"),
    "a Python object": (GOOD + b"x: !!python/object/apply:os.system [touch pwned]\n", "tag"),
    "a field twice": (GOOD + b"status: accepted\n", "stands twice"),
    "conflict markers": (b"<<<<<<< a\n" + GOOD + b"=======\n>>>>>>> b\n", "conflict markers"),
    "another schema": (replaced(b"kagura/decision/1", b"kagura/decision/99"), "newer kagura-git"),
    "a schema of 900,000 digits": (replaced(b"decision/1\n", b"decision/" + b"9" * 900_000 + b"\n"),
                                   "'schema' is"),
    "a schema of codes": (replaced(b"kagura/decision/1", b'"\\e]0;x\\a\\u202e"'), "'schema' is"),
    "a status of codes": (replaced(b"proposed", b'"\\e]0;x\\a\\u202e\\n"'), "Invalid enum value"),
    "a field of codes twice": (GOOD + b'"\\e[2J": 1\n"\\e[2J": 2\n', "stands twice"),
    "a tag of codes": (GOOD + b"x: !a%1B%5B2J 1\n", "the YAML tag"),
    "no number": (replaced(b"confidence: 0.8", b"confidence: .nan"), "confidence"),
    "infinity": (replaced(b"confidence: 0.8", b"confidence: 1e999"), "confidence"),
    "5,000 digits": (replaced(b"confidence: 0.8", b"confidence: " + b"1" * 5000), "confidence"),
    "year 0": (replaced(MOMENT, b"created_at: '0000-01-01T00:00:00Z'"), "created_at"),
    "a moment without zone": (replaced(MOMENT, b"created_at: '2025-01-01T00:00:00'"), "timezone"),
    "comments alone": (b"# a\n# b\n", "empty"),
    "nothing": (b"", "empty"),
    "half a character": (replaced(b"Use JWT", b'"a \\ud800"'), "not valid YAML"),
    "a pointer of LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
                         "Git LFS pointer"),
    "another kind": (codec.dumps(error(id="E-00000002")).replace(b"E-", b"D-"), "id: Expected"),
    "endless values": (GOOD + b"later: [" + b"a," * 60_000 + b"a]\n", "holds over 50,000 values"),
}  # fmt: skip
# What is odd, and read for what it is.
READ = {
    "BOM": b"\xef\xbb\xbf" + GOOD,
    "CRLF": GOOD.replace(b"\n", b"\r\n"),
    "a merge key": GOOD + b"<<: {a: 1}\n",
    "digits as text": GOOD + b"later: " + b"1" * 5000 + b"\n",
    "a huge text": GOOD + b"impact: " + b"x" * 900_000 + b"\n",
    "many words": GOOD + b"impact: |\n" + b"".join(b"  word%d and\n" % n for n in range(50_000)),
    "year 1": replaced(MOMENT, b"created_at: '0001-01-01T00:00:00+23:59'"),
    "year 9999": replaced(MOMENT, b"created_at: '9999-12-31T23:59:59-23:59'"),
    "terminal codes": replaced(
        b"Use JWT", b'"\\0b\\e]52;c;eA==\\a\\0/ \\e[2J\\u202e\\r\\x9b31m good"'
    ),
    "blanks": replaced(b"Use JWT", b'" \\n"'),
    "fields of ours": GOOD + b"kind: x\ntitle: y\npath: ../x\nextra: {a: 1}\nproblem: z\n",
    "supersedes itself": GOOD + b"superseded_by: D-00000002\n",
    "supersedes the unknown": GOOD + b"supersedes: [D-0000000a, D-0000000b]\n",
}
AROUND = (["context"], ["why", "src/app.py"], ["init"], ["show", "D-00000001"])


def committed_without_hooks(box: Sandbox) -> None:
    """Bring it in as a merged branch would."""
    box.run("add", "-A")
    box.run("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "hostile")


def good_ones_are_found(program: Program) -> None:
    assert "D-00000001" in program.ok("search", "needle that must be found")
    listed = program.json("decision", "list")["decisions"]
    assert "The good needle" in [item["decision"] for item in listed]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_record_stops_its_commit_and_hides_no_other(
    kagura: Sandbox, program: Program, name: str
) -> None:
    data, said = REFUSED[name]
    path = plant(kagura, data)
    kagura.run("add", "-A")
    before, started = kagura.head, processor_seconds()
    done = kagura.run("commit", "-m", "hostile", ok=False)
    assert processor_seconds() - started < 20
    assert (done.returncode, kagura.head) == (1, before)
    first, second = done.stderr.splitlines()
    assert first.startswith(f"kagura: {path}")
    assert said in first
    assert first.isprintable()
    assert len(first) < 600
    assert "the commit was stopped" in second
    # A merge brings it all the same: it is reported, beside the others.
    committed_without_hooks(kagura)
    good_ones_are_found(program)
    findings = program.json("doctor")["findings"]
    assert any(path in f["message"] and said in f["message"] for f in findings)
    assert said in program.refused("decision", "accept", "D-00000002")
    program.ok("error", "add", "--type", "T", "--message", "m")
    for command in AROUND:
        program.ok(*command)
    assert not (kagura.top / "pwned").exists()


@pytest.mark.parametrize("name", READ)
def test_what_is_odd_is_read_for_what_it_is(kagura: Sandbox, program: Program, name: str) -> None:
    plant(kagura, READ[name])
    kagura.run("add", "-A")
    kagura.run("commit", "-q", "-m", "odd")
    good_ones_are_found(program)
    for command in (*AROUND, ["patterns"], ["decision", "show", "D-00000002"]):
        program.ok(*command)
    assert program.json("doctor")["ok"]
    shown = program.json("show", "D-00000002")
    assert shown["id"] == "D-00000002"
    program.ok("decision", "accept", "D-00000002")
    again = program.json("show", "D-00000002")
    assert {**shown, **again} == again, "no field is lost by a change"


def test_a_solution_of_blanks_is_shown_as_nothing(kagura: Sandbox, program: Program) -> None:
    kagura.write(ERROR_PATH, codec.dumps(error(id="E-00000002", resolved=True, solution=" \n ")))
    for command in (
        ["search", "no such thing"],
        ["error", "show", "E-00000002"],
        ["error", "list"],
    ):
        program.ok(*command)


def test_what_a_newer_version_keeps_of_an_occurrence_stays(
    kagura: Sandbox, program: Program
) -> None:
    data = codec.dumps(error(id="E-00000002"))
    data += b"seen:\n- at: '2026-01-01T00:00:00.000Z'\n  host: {name: a, extra: 1}\n  schema: 2\n"
    kagura.write(ERROR_PATH, data)
    program.ok("error", "solve", "E-00000002", "Try again")
    (seen,) = program.json("show", "E-00000002")["seen"]
    assert (seen["host"], seen["schema"]) == ({"name": "a", "extra": 1}, 2)


def test_numbers_no_program_expects_are_carried(kagura: Sandbox, program: Program) -> None:
    data = codec.dumps(error(id="E-00000002")).replace(
        b"occurrences: 1", b"occurrences: " + b"9" * 900
    )
    kagura.write(ERROR_PATH, data + b"line_number: " + b"9" * 30 + b"\n")
    for command in (["error", "list"], ["error", "show", "E-00000002"], ["patterns"], ["context"]):
        program.ok(*command)
        json.loads(program.ok(*command, "--json"))


def test_a_path_in_a_record_is_never_opened(kagura: Sandbox, program: Program) -> None:
    for number, path in enumerate(("../../../etc/passwd", "/etc/passwd", "/dev/zero", "~/.ssh/id")):
        made = error(id=f"E-0000000{number}", file_path=path, screenshot=path, message=f"m{number}")
        kagura.write(f".kagura/errors/2025-11/E-0000000{number}-x.yaml", codec.dumps(made))
    for command in (["context", "--focus", "passwd"], ["search", "m1"], ["error", "list"]):
        assert "root:" not in program.ok(*command)
