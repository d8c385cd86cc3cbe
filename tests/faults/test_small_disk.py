"""A disk that is really full: a small tmpfs, filled to its last byte, and freed again."""

from __future__ import annotations

import json
import random
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults import checks
from tests.faults.ledger import state_of
from tests.faults.place import PROGRAM, Place, edit

# Everything happens below one mount that goes away with its namespace; what is left comes back.
_SCRIPT = """
mount -t tmpfs -o size=48m,mode=755 tmpfs "$1" && cp -a "$2/." "$1" && cd "$1/work" || exit 99
cat /dev/zero >"$1/filler" 2>/dev/null
{command} >"$3/full.out" 2>"$3/full.err"; echo $? >"$3/full.code"
rm "$1/filler"
{again} >"$3/freed.out" 2>"$3/freed.err"; echo $? >"$3/freed.code"
cp -a "$1/." "$4"
"""
_WORK = {
    "record": [*PROGRAM, "decision", "add", "On a full disk", "--rationale", "so", "--json"],
    "commit": ["git", "commit", "-q", "-a", "-m", "on a full disk"],
    "refresh": [*PROGRAM, "index", "rebuild", "--json"],
    "sync": [*PROGRAM, "sync", "origin", "--json"],
}


def can_mount() -> bool:
    """Tell whether a file system can be mounted in a namespace of one's own."""
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", _WORK)
def test_what_a_full_disk_refused_works_when_there_is_room_again(
    place: Place, tmp_path: Path, name: str
) -> None:
    if not can_mount():
        pytest.skip("needs unshare(1) and the right to mount")
    reason = place.memory().track_file_change(
        "src/part1.py", "edit", "", "before the disk was full"
    )
    place.ledger.acknowledge(reason.id, state_of(reason.record))
    edit(place, "more")
    # Copied first: the mount hides what is below it, and every path must stay the same.
    root, copy, back = place.top.parent, tmp_path / "before", tmp_path / "after"
    shutil.copytree(root, copy, symlinks=True)
    back.mkdir()
    command = shlex.join(_WORK[name])
    script = _SCRIPT.format(command=command, again=command)
    folders = [str(root), str(copy), str(tmp_path), str(back)]
    subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", *folders],
        env=place.box.env, check=True, timeout=200, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    shutil.rmtree(root)
    back.rename(root)
    _judge(place, name, tmp_path)
    checks.after(place, random.Random(1), merges=False)


def _judge(place: Place, name: str, told: Path) -> None:
    """The refusal is one clear error, and the same command works afterwards."""
    words = {file.name: file.read_text() for file in told.glob("full.*")}
    assert "Traceback" not in words["full.err"]
    assert "please report" not in words["full.err"]
    if words["full.code"] != "0\n":
        assert "space" in words["full.out"] + words["full.err"]
    if name == "record":
        assert words["full.code"] == "1\n"
        assert "the disk is full" in json.loads(words["full.out"])["error"]["message"]
    if name == "commit" and words["full.code"] == "0\n":
        return  # there was room for it after all, and nothing is left to commit
    assert (told / "freed.code").read_text() == "0\n", (told / "freed.err").read_text()
    if name == "record":
        made = json.loads((told / "freed.out").read_text())["id"]
        place.ledger.acknowledge(made, state_of(place.memory().recall(made)))
