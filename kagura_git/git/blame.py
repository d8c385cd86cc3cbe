"""Which commit a line comes from."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final

from kagura_git.errors import GitError, NotFound
from kagura_git.git import config
from kagura_git.git.guarded import without_filters
from kagura_git.git.repo import Repository
from kagura_git.git.run import decode
from kagura_git.model.printable import one_line

_SETTING: Final = "blame.ignoreRevsFile"
_IGNORED_REVISIONS: Final = re.compile(
    r"could not open object name list: (?P<file>.+)|invalid object name: (?P<line>.*)"
)
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
        GitError: a file that ``blame.ignoreRevsFile`` names is missing or damaged.
    """
    done = without_filters(repo.git).run(
        "blame", "--porcelain", "--no-textconv", "-w", "-M", f"-L{number},{number}", "--", path,
        ok=(0, 128),
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        if match := _IGNORED_REVISIONS.match(said):
            raise _bad_ignored_revisions(repo, match["file"], match["line"])
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


def _bad_ignored_revisions(repo: Repository, file: str | None, line: str | None) -> GitError:
    """Return the error of a ``blame.ignoreRevsFile`` that git cannot use, and where it is set."""
    named = [item for item in config.paths(repo.git, _SETTING) if item.value]
    named = [
        item for item in named if file in (None, item.value)
    ]  # git tells only of a missing one
    scopes = " and ".join(dict.fromkeys(item.scope for item in named)) or "git"
    wrong = "does not exist" if file else f"holds {line!r:.200}, which is no commit"
    return GitError(
        f"the file that {_SETTING} names in the {scopes} configuration {wrong}",
        hint="Correct the file, or take the setting away "
        f"(`git config --{named[0].scope if named else 'global'} --unset-all {_SETTING}`).",
        where=one_line(", ".join(item.value for item in named) or file or _SETTING, 500),
    )


def _unquoted(name: str) -> str:
    """Return a file name as it is: git writes one with odd or non-ASCII signs as a C string."""
    if not name.startswith('"'):
        return name
    return decode(_ESCAPE.sub(_byte, name[1:-1].encode("utf-8", "surrogateescape")))


def _byte(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if code.isdigit() else _NAMED[code]
