"""When the files of a folder came into a repository, and who brought them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kagura_git.git.run import Git, decode

# Names as they are, no signature checked, no program of the repository's configuration run.
_SAFE: Final = (
    "-z", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--name-status",
    "--encoding=UTF-8", "--format=tformat:%x01%H%x02%aI%x02%aN <%aE>",
)  # fmt: skip
_MOST_MOVES: Final = 8


@dataclass(frozen=True, slots=True)
class FirstCommit:
    """The first commit of a file: the moment its author wrote it, and the author."""

    sha: str
    at: datetime
    author: str


def first_seen(git: Git, folder: str) -> dict[str, FirstCommit]:
    """Return the first commit of every file below a folder, followed over renames.

    Args:
        folder: counted from the top of the repository; empty for all of it.

    Returns:
        Nothing where history is cut off: the oldest commit there brought no file.
    """
    if git.text("rev-parse", "--is-shallow-repository", ok=(0, 128)) == "true":
        return {}
    known = _added(git, [folder])
    # By the name that a file had before, what it is called today.
    today = {path: path for path in known}
    out = dict(known)
    for _ in range(_MOST_MOVES):
        moves = _moves(git, {known[path].sha for path in today if path in known})
        before = {moves[path]: name for path, name in today.items() if path in moves}
        if not before:
            break
        # Only those folders are walked: the history of a whole repository takes seconds.
        known = _added(git, {posixpath.dirname(path) for path in before})
        today = {path: name for path, name in before.items() if path in known}
        out.update((name, known[path]) for path, name in today.items())
    return out


def _added(git: Git, folders: Iterable[str]) -> dict[str, FirstCommit]:
    """Return the commits that added the files of some folders."""
    found: dict[str, FirstCommit] = {}
    places = (f":(top,literal){folder}" for folder in sorted(folders))
    told = git.run(
        "log", *_SAFE, "--reverse", "--no-merges", "--no-renames", "--diff-filter=A", "HEAD", "--",
        *places, ok=(0, 128),
    )  # fmt: skip
    for commit, _, paths in _entries(told.stdout if told.returncode == 0 else b""):
        found.setdefault(paths[0], commit)  # branches may have added it apart
    return found


def _moves(git: Git, commits: Iterable[str]) -> dict[str, str]:
    """Return, by its new name, what each file was called that these commits moved."""
    names = "".join(f"{sha}\n" for sha in sorted(commits)).encode()
    if not names:
        return {}
    told = git.run(
        "log", *_SAFE, "--no-walk=unsorted", "-M", "--diff-filter=R", "--stdin", stdin=names
    )
    return {paths[1]: paths[0] for _, mark, paths in _entries(told.stdout) if mark == "R"}


def _entries(told: bytes) -> Iterable[tuple[FirstCommit, str, list[str]]]:
    fields = iter(decode(told).split("\0"))
    commit: FirstCommit | None = None
    for field in fields:
        bare = field.lstrip("\n")
        if bare.startswith("\x01"):
            commit = _commit(bare[1:])
        elif bare[:1] in ("R", "A"):
            paths = [next(fields, "") for _ in range(2 if bare[0] == "R" else 1)]
            if commit is not None:
                yield commit, bare[0], paths


def _commit(text: str) -> FirstCommit | None:
    sha, _, rest = text.partition("\x02")
    moment, _, author = rest.partition("\x02")
    try:
        return FirstCommit(sha, datetime.fromisoformat(moment), author)
    except ValueError:
        return None
