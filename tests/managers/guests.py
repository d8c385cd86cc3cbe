"""What every one of these tests looks at: do theirs and ours both run, and is all given back?"""

from __future__ import annotations

import os
import subprocess
from typing import Any

from kagura_git.git import notes, shims
from kagura_git.services import setup
from tests.git_repo import Sandbox

SESSION = "S-00000001"


def call(box: Sandbox, *command: str, ok: bool = True, **more: str) -> Any:
    """Run a tool in the repository, for 30 seconds at most."""
    done = subprocess.run(
        command, cwd=box.top, env={**box.env, **more}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert not ok or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


def begin(box: Sandbox) -> None:
    """Have a session active, so that each commit gives our hooks something to do."""
    if box.working.active_session() is None:
        assert box.working.begin_session(SESSION) is None


def commit(box: Sandbox, ok: bool = True) -> set[str]:
    """Commit a change; returns which hooks did their work: theirs write to `ran`, ours link."""
    log = box.top.parent / "ran"
    log.unlink(missing_ok=True)
    box.env["RAN"] = str(log)
    file = box.top / "file"
    file.write_text(f"{file.read_text() if file.exists() else ''}x\n")
    box.run("add", "file")
    before = box.run("rev-parse", "-q", "--verify", "HEAD", ok=False).stdout
    done = box.run("commit", "-m", "a change", ok=False)
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    seen = {f"their {word}" for word in log.read_text().split()} if log.exists() else set()
    if box.run("rev-parse", "-q", "--verify", "HEAD", ok=False).stdout != before:
        if f"Kagura-Session: {SESSION}" in box.message():
            seen.add("our message")
        if notes.read(box.repo.git, [box.head]).get(box.head):
            seen.add("our note")
    return seen


OURS = {"our message", "our note"}


def faults(box: Sandbox) -> dict[str, str]:
    """Return what doctor would say of the hooks."""
    return {state.name: state.state for state in shims.inspect(box.repo) if not state.ok}


def state(box: Sandbox) -> dict[str, tuple[int, bytes]]:
    """Return what may be changed by us: hooks folders, configuration, files of the work tree."""
    found: dict[str, tuple[int, bytes]] = {}
    for folder, folders, files in os.walk(box.top):
        folders[:] = [name for name in folders if name not in ("objects", "logs", "refs")]
        for name in files:
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, box.top)
            # Working memory stays; so does what git writes with each command.
            if inside.startswith(".git/") and not inside.startswith((".git/hooks/", ".git/config")):
                continue
            with open(path, "rb") as file:
                found[inside] = (os.lstat(path).st_mode, file.read())
    return found


def install_ours(box: Sandbox, **more: Any) -> None:
    """Run init; a second time it finds nothing to do, and doctor no fault."""
    setup.init(box.repo, **more)
    assert setup.init(box.repo) == []
    assert faults(box) == {}
    begin(box)
