"""Which files the recent commits touched."""

from __future__ import annotations

from dataclasses import dataclass

from kagura_git.git.repo import Repository
from kagura_git.git.run import decode

_MARK = "\x01"


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
    done = repo.git.run(
        "log", "-z", f"--max-count={limit}", "--no-merges", "--no-show-signature", "--no-renames",
        "--name-only", "--format=%x01%H %s", "--", ".", ":(exclude).kagura",
    )  # fmt: skip
    commits = []
    for block in decode(done.stdout).split(_MARK)[1:]:
        head, *paths = block.split("\0")
        sha, _, subject = head.partition(" ")
        names = (path.lstrip("\n") for path in paths)
        commits.append(FileTouch(sha, subject, tuple(name for name in names if name)))
    return commits
