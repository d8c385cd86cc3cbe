"""Which commit a line comes from."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final

from kagura_git.errors import NotFound
from kagura_git.git.repo import Repository
from kagura_git.git.run import decode

_ESCAPE: Final = re.compile(rb"\\([0-7]{3}|.)")
_NAMED: Final = {
    b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r",
    b'"': b'"', b"\\": b"\\",
}  # fmt: skip


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
        "blame", "--porcelain", "--no-textconv", "-w", "-M", f"-L{number},{number}", "--", path,
        ok=(0, 128),
    )  # fmt: skip
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
    return Blamed(sha, _unquoted(old))


def _unquoted(name: str) -> str:
    """Return a file name as it is: git writes one with odd or non-ASCII signs as a C string."""
    if not name.startswith('"'):
        return name
    return decode(_ESCAPE.sub(_byte, name[1:-1].encode("utf-8", "surrogateescape")))


def _byte(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if code.isdigit() else _NAMED[code]
