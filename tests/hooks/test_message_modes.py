"""With our hooks a commit is made if and only if git makes it without, with the same message."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from git_repo import Sandbox, new
from kagura_box import begin, set_up
from message_table import FILES, Case, cases, without_ours

ALL = {False: list(cases()), True: [case for case in cases() if case.editor]}
# As Gerrit's hook does: an id for every message that is not empty.
STAMP = """#!/bin/sh
[ -n "$(git stripspace --strip-comments < "$1")" ] || exit 0
git interpret-trailers --in-place --if-exists doNothing --trailer "Change-Id: I0123" "$1"
"""


class Pair:
    """A repository with our hooks and an active session, and one without them."""

    def __init__(self, folder: Path, env: dict[str, str], *, foreign: bool = False) -> None:
        self.files = {name: folder / name for name in FILES}
        for name, data in FILES.items():
            self.files[name].write_bytes(data)
        self.plain, self.ours = (new(folder / name, env) for name in ("plain", "ours"))
        for box in (self.plain, self.ours):
            if foreign:
                box.script(".git/hooks/commit-msg", STAMP)
            box.run("config", "i18n.commitEncoding", "ISO-8859-1")
        set_up(self.ours)
        self.plain.run("commit", "--allow-empty", "-m", "set up")
        for box in (self.plain, self.ours):
            date = {"GIT_AUTHOR_DATE": "1750000000 +0000"}
            box.run("commit", "--allow-empty", "-m", "Base\n\nat length", **date)
            box.run("tag", "base")
        begin(self.ours)
        self.editor = folder / "editor"

    def made(self, box: Sandbox, case: Case) -> tuple[int, bytes]:
        """Return git's exit code, and the message of the commit that it made."""
        env = {**box.env, "GIT_EDITOR": str(self.editor) if case.editor else ":"}
        if case.editor:
            self.editor.write_text(f"#!/bin/sh\n{case.editor}\n")
            self.editor.chmod(0o755)
        arguments = [item.format(**self.files) for item in case.arguments]
        done = subprocess.run(
            ["git", *arguments], cwd=box.top, env=env, stdin=subprocess.DEVNULL,
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            return done.returncode, b""
        raw = subprocess.run(
            ["git", "cat-file", "commit", "HEAD"], cwd=box.top, capture_output=True, check=True
        ).stdout
        box.run("update-ref", "HEAD", "base")
        return 0, raw.partition(b"\n\n")[2]

    def check(self, case: Case) -> bool:
        """Compare both; returns whether the commit names the session."""
        expected = self.made(self.plain, case)
        code, message = self.made(self.ours, case)
        told = f"{case}\nwithout: {expected}\nwith: {(code, message)}"
        assert code == expected[0], told
        same = {text.rstrip(b"\n") for text in without_ours(message)}
        assert expected[1] in without_ours(message) or expected[1].rstrip(b"\n") in same, told
        return b"Kagura-Session: " in message


def named(cases: list[Case], pair: Pair) -> int:
    """Check these cases; returns how many commits name the session."""
    return sum(pair.check(case) for case in cases)


@pytest.mark.parametrize("foreign", [False, True])
def test_a_sample_of_messages_is_what_git_alone_makes(
    tmp_path: Path, env: dict[str, str], foreign: bool
) -> None:
    sample = random.Random(f"messages {foreign}").sample(ALL[foreign], 40)
    assert named(sample, Pair(tmp_path, env, foreign=foreign)) > 20


@pytest.mark.slow
@pytest.mark.parametrize("foreign", [False, True])
def test_messages_are_what_git_alone_makes(
    tmp_path: Path, env: dict[str, str], foreign: bool
) -> None:
    sample = random.Random(f"all messages {foreign}").sample(ALL[foreign], 400)
    assert named(sample, Pair(tmp_path, env, foreign=foreign)) > 200
