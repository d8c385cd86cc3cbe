"""Which files the recent commits touched."""

from __future__ import annotations

import os
from dataclasses import dataclass

from kagura_git.git.repo import Repository
from kagura_git.git.run import decode


@dataclass(frozen=True, slots=True)
class FileTouch:
    """One commit: its subject and the paths it changed."""

    sha: str
    subject: str
    paths: tuple[str, ...]


def touched(repo: Repository, limit: int) -> list[FileTouch]:
    """Return the newest commits of this branch, merges left out, with the paths they changed.

    kagura's own files are left out.
    """
    if repo.head() is None:
        return []
    # No name of a file and no subject can hold a mark that is made up for this very call.
    mark = os.urandom(8).hex()
    done = repo.git.run(
        "log", "-z", f"--max-count={limit}", "--no-merges", "--no-show-signature", "--no-renames",
        "--no-ext-diff", "--no-textconv", "--name-only", f"--format={mark}%H %s", "--", ".",
        ":(exclude).kagura",
    )  # fmt: skip
    commits = []
    for block in decode(done.stdout).split(mark)[1:]:
        head, *paths = block.split("\0")
        sha, _, subject = head.partition(" ")
        names = (path.lstrip("\n") for path in paths)
        commits.append(FileTouch(sha, subject[:1000], tuple(name for name in names if name)))
    return commits
