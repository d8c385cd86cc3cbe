"""Which commit a line comes from."""

from __future__ import annotations

import os
from dataclasses import dataclass

from kagura_git.errors import NotFound
from kagura_git.git.repo import Repository


@dataclass(frozen=True, slots=True)
class Blamed:
    """A line's commit, and the path the file had in it."""

    sha: str
    path: str


def line(repo: Repository, path: str, number: int) -> Blamed | None:
    """Return the commit a line of the work tree's file comes from; None if it is not committed yet.

    Moves within the file and whitespace are seen through (``-w -M``), and the
    revisions of ``blame.ignoreRevsFile`` are passed over, as git does itself.

    Raises:
        NotFound: no such file or line.
    """
    done = repo.git.run(
        "blame", "--porcelain", "-w", "-M", f"-L{number},{number}", "--", path, ok=(0, 128)
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        if not os.path.exists(os.path.join(repo.top, path)):
            said = "no such file"
        raise NotFound(
            said, hint="Give PATH:LINE as it is in the work tree.", where=f"{path}:{number}"
        )
    head, *rest = done.stdout.decode("utf-8", "surrogateescape").split("\n")
    sha = head.split(" ", 1)[0]
    if set(sha) == {"0"}:
        return None
    old = next((text[9:] for text in rest if text.startswith("filename ")), path)
    return Blamed(sha, old)
