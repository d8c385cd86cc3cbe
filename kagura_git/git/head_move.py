"""HEAD's last move: which commit a hook is called for, and how it came to be.

Light on purpose: the hooks use it.
"""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple

from kagura_git.git.run import Git, decode

# Only the new commit stands between blanks: its length tells that of the old one.
_ENTRY: Final = re.compile(
    r".*(?:([0-9a-f]{40}) ([0-9a-f]{40})|([0-9a-f]{64}) ([0-9a-f]{64})) "
    r"([^<>]*<[^<>]*>) (\d{1,18}) [+-]\d{4}\Z",
    re.DOTALL,
)


class Move(NamedTuple):
    """A move of HEAD: from where to where, by whom, how (``commit (amend)`` ...), and when."""

    old: str | None
    new: str
    identity: str
    how: str
    at: int = 0


def last_move(git: Git, git_dir: str) -> Move | None:
    """Return HEAD's newest move; from its reflog file, which costs no process, or from git."""
    return _move(_tail(git_dir).rsplit("\n", 1)[-1]) or _asked_move(git)


def recent_moves(git_dir: str) -> list[Move]:
    """Return HEAD's last moves, oldest first; none where the reflog is kept in another form."""
    found = [_move(line) for line in _tail(git_dir).split("\n")]
    return [move for move in found if move is not None]


def kept_edit(git_dir: str, head: str, since: float, edited: float) -> bool:
    """Tell whether an edit made at another commit has certainly stayed in the work tree.

    A rebase carries it along with ``--autostash``; a checkout does too, and leaves the
    file alone. A reset may take it away, and a stash makes one.

    Args:
        since: when its reason was recorded, in seconds.
        edited: when the file was written last.
    """
    moves = recent_moves(git_dir)
    # The reflog counts whole seconds: what happened in the same one may be later.
    later = [move for move in moves if move.at >= int(since)]
    return any(move.new == head for move in moves) and all(
        move.how != "reset" and (move.how != "checkout" or edited < move.at) for move in later
    )


def _tail(git_dir: str) -> str:
    try:
        with open(os.path.join(git_dir, "logs", "HEAD"), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 65536))
            return decode(file.read()).rstrip("\n")
    except OSError:
        return ""


def _move(line: str) -> Move | None:
    # What a full disk cut short has no end of line: the next entry stands behind it. A
    # subject of megabytes stands in a line too: then its head is not among what was read.
    head, tab, message = line.rpartition("\t")
    match = _ENTRY.match(head if tab else line)  # a program may have given no message
    message = message if tab else ""
    if match is None:
        return None
    sha1_old, sha1_new, sha256_old, sha256_new, identity, at = match.groups()
    old, new = sha1_old or sha256_old, sha1_new or sha256_new
    return Move(old if old.strip("0") else None, new, identity, message.split(":", 1)[0], int(at))


def _asked_move(git: Git) -> Move | None:
    """The same where the reflog is kept in another form (reftable) or turned off."""
    wanted = ("log", "--no-show-signature", "--format=%H%x00%cn <%ce>%x00%gs")
    done = git.run(*wanted, "-g", "-2", "HEAD", ok=(0, 128))
    lines = [line for line in decode(done.stdout).split("\n") if line]
    if not lines:
        done = git.run(*wanted, "-1", "HEAD", ok=(0, 128))
        lines = [f"{line}commit:" for line in decode(done.stdout).split("\n") if line]
    if not lines:
        return None
    new, identity, message = lines[0].split("\0", 2)
    old = lines[1].split("\0", 1)[0] if len(lines) > 1 else None
    return Move(old, new, identity, message.split(":", 1)[0])
