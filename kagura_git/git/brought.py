"""Which record files each commit brought, over all of history: kept in a derived file.

A version that a commit holds was brought by it or by one of its ancestors, so
the versions that some tips reach are what the commits reached brought. Read
once from the whole history, then moved on from the tips that came and went.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from kagura_git import atomic
from kagura_git.git import versions
from kagura_git.git.repo import Repository
from kagura_git.git.run import Git, decode
from kagura_git.git.versions import record_at

FOLDER: Final = ".kagura"
_VERSION: Final = 1
_FILE: Final = "reachable"
_SHA1_SIZE: Final = 40
_CHUNK: Final = 1000
_LIMIT: Final = 1024 * 1024 + 1  # a record may have a mebibyte; one byte more is none of ours
# What a partial clone lacks is not fetched: nothing here uses the network. And what is known
# of a commit stays true only as long as nothing can be put in its place.
PLAIN: Final = ("--no-replace-objects", "-c", "protocol.allow=never")

Files = list[tuple[str, str]]  # path and blob


class Brought(msgspec.Struct, array_like=True):
    """What is known of history as some tips reach it.

    Attributes:
        shallow: changes whenever history is cut off elsewhere.
        commits: the record files that each commit brought.
        names: in a repository of SHA-256 objects, each blob's SHA-1 name.
    """

    version: int = _VERSION
    shallow: str = ""
    tips: list[str] = []
    commits: dict[str, Files] = {}
    names: dict[str, str] = {}

    def name(self, blob: str) -> str:
        """Return the name that the journal gives a blob."""
        return self.names.get(blob, blob)

    def held(self, commits: Iterable[str] | None = None) -> Iterator[str]:
        """Yield the names of the versions that these commits brought; None: all of them."""
        for sha in self.commits if commits is None else commits:
            for _, blob in self.commits.get(sha, ()):
                yield self.names.get(blob, blob)


def load(repo: Repository, tips: list[str]) -> Brought:
    """Return what the commits that these tips reach brought.

    Raises:
        GitError: history cannot be read.
    """
    known, shallow = _read(repo), _shallow(repo)
    found = None
    if known is not None and known.shallow == shallow:
        if known.tips == tips:
            return known
        found = _moved(repo.git, known, tips)
    if found is None:
        commits = reached(repo.git, tips, "--full-history", "--", FOLDER)
        found = Brought(commits=of(repo.git, commits), names=known.names if known else {})
    found.shallow, found.tips = shallow, tips
    learn(repo.git, found, (blob for files in found.commits.values() for _, blob in files))
    save(repo, found)
    return found


def _moved(git: Git, known: Brought, tips: list[str]) -> Brought | None:
    """Return what is known, moved on to other tips; None where only the whole walk is right."""
    came = lines([*tips, *(f"^{tip}" for tip in known.tips)])
    went = lines([*known.tips, *(f"^{tip}" for tip in tips)])
    gained = git.run(
        *PLAIN, "rev-list", "--full-history", "--stdin", "--", FOLDER, stdin=came, ok=(0, 128)
    )
    gone = git.run(*PLAIN, "rev-list", "--stdin", stdin=went, ok=(0, 128))
    if gained.returncode or gone.returncode:
        return None  # gc has taken what a tip of before pointed to
    commits = {**known.commits, **of(git, decode(gained.stdout).split())}
    if not commits.keys().isdisjoint(decode(gone.stdout).split()):
        # Where clocks are skewed, that walk also names commits that others still reach.
        left = set(reached(git, tips))
        commits = {sha: files for sha, files in commits.items() if sha in left}
    return Brought(commits=commits, names=known.names)


def reached(git: Git, tips: Collection[str], *more: str) -> list[str]:
    """Return the commits that these tips reach; one that is gone does not hide the others."""
    if not tips:
        return []
    args = ("rev-list", "--ignore-missing", "--stdin", *more)
    done = git.run(*PLAIN, *args, stdin=lines(tips))
    return decode(done.stdout).split()


def of(git: Git, commits: Sequence[str]) -> dict[str, Files]:
    """Return the record files that each commit brought: as none of its parents has them.

    Raises:
        GitError: a tree is not here.
    """
    if not commits:
        return {}
    done = git.run(
        *PLAIN, "diff-tree", "--stdin", "-r", "-c", "--root", "--raw", "-z", "--no-renames",
        "--no-abbrev", "--", FOLDER, stdin=lines(commits),
    )  # fmt: skip
    found: dict[str, Files] = {}
    sha = ""
    fields = iter(decode(done.stdout).split("\0"))
    for text in fields:
        if text.startswith(":"):
            # As many colons, modes and blobs as there are parents, then those of the commit.
            words = text.lstrip(":").split(" ")
            mode, blob, path = words[len(text) - len(text.lstrip(":"))], words[-2], next(fields, "")
            if mode.startswith("100") and record_at(path) is not None:
                found.setdefault(sha, []).append((path, blob))
        else:
            sha = text.strip("\n")
    return found


def learn(git: Git, state: Brought, blobs: Iterable[str]) -> bool:
    """Find the SHA-1 names of SHA-256 blobs; tells whether there were new ones.

    A blob that is not here keeps its own name.
    """
    before = len(state.names)
    wanted = [b for b in dict.fromkeys(blobs) if len(b) > _SHA1_SIZE and b not in state.names]
    for start in range(0, len(wanted), _CHUNK):
        contents = versions.blobs(git, wanted[start : start + _CHUNK], _LIMIT)
        state.names.update({blob: _sha1(data) for blob, data in contents.items()})
    return len(state.names) > before


def _sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def lines(words: Iterable[str]) -> bytes:
    """Return words as lines for git's stdin."""
    return "".join(f"{word}\n" for word in words).encode("utf-8", "surrogateescape")


# The derived file


def _shallow(repo: Repository) -> str:
    try:
        with open(os.path.join(repo.common_dir, "shallow"), "rb") as file:
            return f"{zlib.crc32(file.read()):08x}"
    except OSError:
        return ""


def _read(repo: Repository) -> Brought | None:
    try:
        with open(os.path.join(repo.shared, _FILE), "rb") as file:
            data = file.read()
        if data[:4] != zlib.crc32(data[4:]).to_bytes(4, "little"):
            return None
        state = msgspec.msgpack.decode(data[4:], type=Brought)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None  # derived: absent, torn and of another version are all the same
    return state if state.version == _VERSION else None


def save(repo: Repository, state: Brought) -> None:
    """Write the derived file; a folder that cannot be written to costs time only."""
    body = msgspec.msgpack.encode(state)
    with contextlib.suppress(OSError):
        atomic.make_folder(repo.shared)
        path = os.path.join(repo.shared, _FILE)
        atomic.write(path, zlib.crc32(body).to_bytes(4, "little") + body, durable=False)
