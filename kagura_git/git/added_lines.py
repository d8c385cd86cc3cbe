"""The lines that recent commits added, up to a number of bytes: one ``git log``."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kagura_git.git.repo import Repository
from kagura_git.git.run import decode

_MOST_BYTES: Final = 8 * 1024 * 1024
_HUNK: Final = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines of one file that one commit added side by side."""

    sha: str
    path: str
    lines: tuple[str, ...]


def added_lines(repo: Repository, commits: int, most_bytes: int = _MOST_BYTES) -> list[Stretch]:
    """Return what the newest commits of this branch added, merges and kagura's files left out.

    A history of any size costs no more than ``most_bytes``: what is older is not
    seen. Files whose names git has to quote are left out.
    """
    if repo.head() is None:
        return []
    mark = os.urandom(8).hex()
    process = subprocess.Popen(
        [
            "git", "-c", "protocol.allow=never", "-c", "core.quotePath=false",
            "-c", "core.bigFileThreshold=512k", "log", f"--max-count={commits}", "--no-merges",
            "--no-show-signature", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
            "--diff-filter=AM", "--src-prefix=a/", "--dst-prefix=b/", "-p", "-U0",
            f"--format={mark}%H", "--", ".", ":(exclude).kagura",
        ],
        cwd=repo.git.cwd, env=dict(repo.git.env), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        data = process.stdout.read(most_bytes)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    return list(_stretches(decode(data).split("\n"), mark))


def _stretches(lines: list[str], mark: str) -> Iterator[Stretch]:
    # An added line may look like any header: what a hunk holds is counted, never guessed.
    sha = path = ""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith(mark):
            sha, path = line.removeprefix(mark), ""
        elif line.startswith("diff --git "):
            path = ""
        elif line.startswith("+++ "):
            path = line.removeprefix("+++ b/").rstrip("\t") if line[4:6] == "b/" else ""
        elif hunk := _HUNK.match(line):
            gone, new = (1 if size is None else int(size) for size in (hunk[1], hunk[3]))
            kept: list[str] = []
            while at < len(lines) and (gone or new or lines[at].startswith("\\")):
                sign = lines[at][:1]
                if sign == "+":
                    kept.append(lines[at][1:].rstrip("\r"))
                    new -= 1
                elif sign == "-":
                    gone -= 1
                elif sign != "\\":
                    break
                at += 1
            if path and kept:
                yield Stretch(sha, path, tuple(kept))
