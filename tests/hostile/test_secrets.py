"""A secret said anywhere is stored nowhere: not in a record, a note, the journal or the index."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from tests.git_repo import Sandbox
from tests.hostile.program import Program

# In two halves: no scanner of this repository shall take it for one.
SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def everywhere(top: Path) -> bytes:
    """Return every byte below a folder, git's loose objects unpacked."""
    found = bytearray()
    for folder, _, names in os.walk(top):
        for name in names:
            data = Path(folder, name).read_bytes()
            found += data
            if f"{os.sep}objects{os.sep}" in folder and len(Path(folder).name) == 2:
                found += zlib.decompress(data)
    return bytes(found)


def test_no_command_stores_a_secret(kagura: Sandbox, program: Program, tmp_path: Path) -> None:
    trace, diff = tmp_path / "trace", tmp_path / "diff"
    trace.write_text(f'Traceback (most recent call last):\n  File "a.py", line 1\nE: {SECRET}\n')
    diff.write_text(f"--- a/src/app.py\n+++ b/src/app.py\n@@ -1 +1 @@\n-a = 1\n+a = '{SECRET}'\n")
    said = f"it is {SECRET} now"
    program.ok("session", "start", said, "--tag", SECRET)
    program.ok(
        "decision", "add", said, "--rationale", said, "--alternative", said, "--impact", said,
        "--tag", SECRET,
    )  # fmt: skip
    error = program.json(
        "error", "add", "--type", "E", "--message", said, "--trace-file", str(trace)
    )["id"]
    program.ok("error", "solve", error, said)
    program.ok(
        "change", "add", "src/app.py", "--action", "edit", "--reason", said,
        "--diff-file", str(diff),
    )  # fmt: skip
    kagura.write("src/app.py", "a = 2\nb = 2\n")
    kagura.run("commit", "-q", "-a", "-m", "work")
    program.ok("session", "end", "--summary", said)
    kagura.run("commit", "-q", "-a", "-m", "end")
    program.ok("search", said)
    program.ok("index", "rebuild")
    assert SECRET.encode() not in everywhere(kagura.top)
    assert "it is" in kagura.out("log", "--notes=kagura", "--format=%N")


@pytest.mark.parametrize("how", ["decisions", "errors", "sessions"])
def test_a_secret_planted_in_a_record_stops_the_commit_and_is_not_printed(
    kagura: Sandbox, program: Program, how: str
) -> None:
    made = {
        "decisions": ("decision", "add", "Plain", "--rationale", "PLACE"),
        "errors": ("error", "add", "--type", "E", "--message", "PLACE"),
        "sessions": ("session", "start", "PLACE"),
    }[how]
    path = program.json(*made)["path"]
    text = (kagura.top / path).read_text()
    kagura.write(path, text.replace("PLACE", SECRET))
    kagura.run("add", "-A")
    done = kagura.run("commit", "-q", "-m", "x", ok=False)
    assert done.returncode == 1
    assert path in done.stderr
    assert SECRET not in done.stderr + done.stdout
