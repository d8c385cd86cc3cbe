"""Moving the ref of the notes: only on top of the tip that was read, again until it holds.

``git fast-import`` without ``--force`` refuses a ref that moved to something the
new commit does not contain, and ``git update-ref`` one that is not as named.
Light on purpose: the hooks use it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from kagura_git.errors import GitError
from kagura_git.git.run import Git, decode

REF: Final = "refs/notes/kagura"
# A round in which another writer wins takes about 30 ms; 40 writers need some 2 s.
PATIENCE: Final = 30.0
# The very same thing in the way for so long: a lock left behind, or no race at all.
_LOCKED: Final = 2.0
_LONGEST_WAIT: Final = 0.4
# The limit is git's own default: a smaller one would make a pack file for every commit.
# Nothing is fetched either: what a partial clone lacks is not needed to write beside it.
_IMPORT: Final = (
    "-c", "protocol.allow=never", "-c", "fastimport.unpackLimit=100",
    "fast-import", "--quiet", "--date-format=now",
)  # fmt: skip
# Newer versions of git write it in lower case.
_MOVED: Final = "not updating"
_RETRY: Final = (_MOVED, "lock", "reference already exists")


class Draft(NamedTuple):
    """A move of the ref from the tip that it was drafted on."""

    tip: str | None
    args: Sequence[str]
    stdin: bytes | None = None


def draft(parents: Sequence[str], message: str, commands: Iterable[bytes], identity: str) -> Draft:
    """Return a move to a new commit: the first parent's tree, changed by fast-import commands."""
    parts = [f"commit {REF}\ncommitter {_signature(identity)} now\n".encode(), data(message)]
    parts += [
        f"{how} {sha}\n".encode() for how, sha in zip(("from", "merge"), parents, strict=False)
    ]
    return Draft(parents[0] if parents else None, _IMPORT, b"".join([*parts, *commands]))


def forward(old: str | None, new: str) -> Draft:
    """Return a move to a commit that exists and contains the old tip."""
    return Draft(old, ("update-ref", "-m", "kagura: take in notes", REF, new, old or ""))


def data(text: str) -> bytes:
    """Return a text as fast-import reads it."""
    content = text.encode("utf-8", "surrogateescape")
    return b"data %d\n%s\n" % (len(content), content)


def _signature(identity: str) -> str:
    name, _, email = identity.partition("<")
    clean = [
        "".join(sign for sign in part if sign not in "<>" and sign.isprintable()).strip()
        for part in (name, email)
    ]
    return f"{clean[0] or 'unknown'} <{clean[1]}>"


def move(git: Git, make: Callable[[], Draft | None], patience: float) -> None:
    """Make a draft and carry it out, anew whenever another writer won; None: nothing to do.

    Args:
        patience: for how many seconds to try.

    Raises:
        GitError: the ref could not be moved.
    """
    started = since = time.monotonic()
    seen: object = None
    attempt = 0
    while (wanted := make()) is not None:
        done = git.run(*wanted.args, stdin=wanted.stdin, ok=range(256))
        if done.returncode == 0:
            return
        said = decode(done.stderr).strip()
        now, obstacle = time.monotonic(), _obstacle(said, wanted.tip)
        if obstacle is None or obstacle != seen:
            seen, since = obstacle, now
        lost = any(words in said.lower() for words in _RETRY)
        if not lost or now - since >= _LOCKED or now - started > patience:
            raise GitError(f"the note could not be written: {said}", where=REF)
        attempt += 1
        import random  # 2 ms that a writer alone never pays

        time.sleep(random.uniform(0.0, min(_LONGEST_WAIT, 0.01 * 2**attempt)))


def _obstacle(said: str, tip: str | None) -> object:
    """Return what tells that which was in the way from anything later; None if it is gone."""
    if _MOVED in said.lower():
        return None
    path = said.partition("Unable to create '")[2].partition("'")[0]
    if not path:
        return tip or REF
    try:
        info = os.stat(path)
    except OSError:
        return None
    return path, info.st_ino, info.st_mtime_ns
