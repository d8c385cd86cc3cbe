"""What lets the pre-commit shim answer without git that nothing below ``.kagura`` is staged.

Asking git reads the whole staging area: 20 ms where it has 100,000 files. So
the head of its file, up to the last entry below ``.kagura``, is kept beside
the commit that it equals there; while both are the same to the byte, nothing
is staged (``hooks/pre-commit`` compares, ``hooks/post-commit`` follows a
commit). Derived: without it the shim asks git.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Final

from kagura_git import atomic
from kagura_git.git.run import Git, decode

# Below this (some 2,000 files) git is as fast as the comparison.
SMALLEST: Final = 200_000
_HEAD, _INDEX = "clean.head", "clean.index"
_FOLDER: Final = b".kagura/"
_AFTER: Final = b".kagura0"  # sorts right behind everything in the folder


def keep(git: Git, git_dir: str) -> bool:
    """Keep the staging area's head if nothing below ``.kagura`` is staged; returns whether.

    Safe beside other git processes: what is compared with the commit is a copy.
    """
    folder, index = os.path.join(git_dir, "kagura"), os.path.join(git_dir, "index")
    if not os.path.isfile(index) or os.path.getsize(index) < SMALLEST or _unfit(git_dir):
        forget(git_dir)
        return False
    atomic.make_folder(folder)
    _write(folder, _HEAD, b"")  # so that no hook takes the old one for the new
    copy = os.path.join(folder, f"{_INDEX}.{os.getpid()}.{os.urandom(3).hex()}.tmp")
    try:
        shutil.copyfile(index, copy)
        commit = _clean_commit(Git(git.cwd, {**git.env, "GIT_INDEX_FILE": copy}))
        with open(copy, "rb") as file:
            kept = head_of(file.read(), len(commit) // 2) if commit else None
    finally:
        if os.path.exists(copy):
            os.unlink(copy)
    if kept is None:
        return False
    _write(folder, _INDEX, kept)
    _write(folder, _HEAD, f"{commit}\n".encode())
    return True


def forget(git_dir: str) -> None:
    """Remove what :func:`keep` kept."""
    for name in (_HEAD, _INDEX, "clean.by"):
        path = os.path.join(git_dir, "kagura", name)
        if os.path.exists(path):
            os.unlink(path)


def _unfit(git_dir: str) -> bool:
    """Tell whether the shim could not use it: the one file is not all, or HEAD is not in files."""
    if any(name.startswith("sharedindex.") for name in os.listdir(git_dir)):
        return True  # a split index
    with open(os.path.join(git_dir, "HEAD"), "rb") as file:
        return file.read(4096).rstrip().endswith(b"/.invalid")  # reftable


def _clean_commit(git: Git) -> str:
    """Return the commit of HEAD if the staging area equals it below the folder, else nothing."""
    done = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128))
    commit = decode(done.stdout).strip()
    if done.returncode != 0:
        return ""
    wanted = ("diff-index", "--cached", "--quiet", commit, "--", _FOLDER.decode().rstrip("/"))
    return commit if git.run(*wanted, ok=(0, 1)).returncode == 0 else ""


def _write(folder: str, name: str, data: bytes) -> None:
    atomic.write(os.path.join(folder, name), data, durable=False)


def head_of(index: bytes, digest: int) -> bytes | None:
    """Return the staging area's file to behind its last entry below ``.kagura``.

    Includes the next entry, or the start of what follows the entries: nothing can
    come in between unseen. None for a file of an unknown form.

    Args:
        digest: the bytes of an object id, 20 or 32.
    """
    end = 12
    for end, path in _entries(index, digest):
        if path >= _AFTER:
            return index[:end]
    return index[: end + 4] if end > 12 else None


def _entries(index: bytes, digest: int) -> Iterator[tuple[int, bytes]]:
    """Yield where each entry ends, and its path (gitformat-index(5))."""
    version, count = int.from_bytes(index[4:8]), int.from_bytes(index[8:12])
    if index[:4] != b"DIRC" or version not in (2, 3, 4):
        return
    at, path = 12, b""
    for _ in range(count):
        flags = int.from_bytes(index[at + 40 + digest : at + 42 + digest])
        name = at + 42 + digest + (2 if flags & 0x4000 else 0)
        if version == 4:
            dropped, name = _varint(index, name)
            nul = index.index(0, name)
            path = path[: len(path) - dropped] + index[name:nul]
            at = nul + 1
        else:
            nul = index.index(0, name)
            path = index[name:nul]
            at += (nul - at + 8) // 8 * 8
        yield at, path


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number as pack files write offsets, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
