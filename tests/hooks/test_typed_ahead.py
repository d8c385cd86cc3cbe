"""What a person types while git runs is for the next program: no hook reads it, or waits for it."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

from git_repo import Sandbox
from kagura_box import begin, record, track

COMMANDS = """
git commit -q -a -m work
git switch -q -c side
git switch -q main
git merge -q --no-edit --no-ff side
git push -q origin main
read line
echo "typed: $line"
"""


def test_no_hook_takes_what_is_typed(kagura: Sandbox, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    kagura.run("init", "-q", "--bare", str(bare))
    kagura.run("remote", "add", "origin", str(bare))
    kagura.commit(a="1\n")
    begin(kagura)
    track(kagura, 1, "a", "for a")
    record(kagura, 1)
    kagura.write("a", "2\n")
    ours, theirs = pty.openpty()
    os.write(ours, b"to the shell\n")
    done = subprocess.run(
        ["sh", "-c", COMMANDS], cwd=kagura.top, env=kagura.env, stdin=theirs,
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("typed: to the shell\n")
    assert kagura.out("ls-remote", str(bare), "refs/heads/main")
