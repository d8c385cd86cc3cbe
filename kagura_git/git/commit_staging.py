"""Stage records in pre-commit, where ``[store] stage = "commit"`` asks for it.

Until then they lie in the work tree alone, so that ``git pull --rebase`` finds
nothing in the staging area. Light on purpose: the pre-commit hook uses it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import Final

from kagura_git.git.run import Git, decode

_FOLDER: Final = ".kagura/"
# git builds the commit of `git commit -- PATH` in a file of its own, and then goes back to the
# other one: what a hook stages there would be missing from that one.
_PARTIAL: Final = "next-index-"


def is_partial(index_file: str) -> bool:
    """Tell whether git commits named paths only, by the staging area it has hooks work on."""
    return os.path.basename(index_file).startswith(_PARTIAL)


def stage(git: Git, top: str, paths: Sequence[str]) -> list[str]:
    """Stage records in the staging area of the commit being made; returns those that are done.

    A file that is gone is done, too; one that is ignored, or in whose way is a link, is
    passed over.
    """
    here = [path for path in paths if _is_file(top, path)]
    gone = [path for path in paths if not os.path.lexists(os.path.join(top, path))]
    if not here:
        return gone
    asked = _listed(here)
    ignored = git.run("check-ignore", "-z", "--stdin", stdin=asked, ok=(0, 1, 128))
    left = {*decode(ignored.stdout).split("\0")}
    wanted = [path for path in here if path not in left]
    if wanted:
        # The paths are named one by one: nothing else is staged.
        git.run("update-index", "--add", "-z", "--stdin", stdin=_listed(wanted))
    return [*gone, *wanted]


def _is_file(top: str, path: str) -> bool:
    """Tell whether a path is a regular file of the records' folder, with no link on the way."""
    parts = path.split("/")
    if not path.startswith(_FOLDER) or ".." in parts or "" in parts:
        return False
    for depth in range(1, len(parts)):
        if os.path.islink(os.path.join(top, *parts[:depth])):
            return False
    try:
        return stat.S_ISREG(os.lstat(os.path.join(top, path)).st_mode)
    except OSError:
        return False


def _listed(paths: Sequence[str]) -> bytes:
    return b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
