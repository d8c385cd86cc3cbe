"""Trees and blobs at a revision, read in bulk: no process per object.

pygit2 reads them in this process; where libgit2 cannot open the repository
(SHA-256 objects, a newer format) git itself answers, one process per tip.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from kagura_git.git.repo import Repository
from kagura_git.git.run import decode

_TIPS: Final = ("refs/heads", "refs/remotes")
_MOST_TIPS: Final = 200
# No record is larger; of such a file its reader learns just that.
_MOST: Final = 1024 * 1024 + 1
_TOO_MUCH: Final = bytes(_MOST)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A record file on another branch: the branch's name, the file's path and bytes."""

    branch: str
    path: str
    data: bytes


def tips(repo: Repository) -> list[tuple[str, str]]:
    """Return the short names and commits of all branches, the newest first."""
    lines = repo.git.text(
        "for-each-ref", "--sort=-committerdate", f"--count={_MOST_TIPS}",
        "--format=%(objectname) %(refname:short)", *_TIPS,
    ).split("\n")  # fmt: skip
    return [(name, sha) for sha, _, name in (line.partition(" ") for line in lines if line)]


def find(repo: Repository, folder: str, prefix: str) -> Elsewhere | None:
    """Return the file two levels below ``folder`` whose name starts with ``prefix``.

    Looks at the tips of all branches, the newest first.
    """
    for branch, found in _found(repo, folder, prefix):
        return Elsewhere(branch, *found)
    return None


def _found(repo: Repository, folder: str, prefix: str) -> Iterator[tuple[str, tuple[str, bytes]]]:
    import pygit2

    try:
        objects: Any = pygit2.Repository(repo.git_dir)
    except (pygit2.GitError, KeyError):
        objects = None
    seen: set[str] = set()
    for branch, sha in tips(repo):
        if sha in seen:
            continue
        seen.add(sha)
        hit = (
            _with_git(repo, sha, folder, prefix)
            if objects is None
            else _with_pygit2(objects, sha, folder, prefix)
        )
        if hit is not None:
            yield branch, hit


def _with_pygit2(objects: Any, sha: str, folder: str, prefix: str) -> tuple[str, bytes] | None:
    import pygit2

    try:
        top = objects[sha].peel(pygit2.Tree)[folder]
    except (KeyError, pygit2.GitError):
        return None
    for month in top if isinstance(top, pygit2.Tree) else ():
        for file in month if isinstance(month, pygit2.Tree) else ():
            if isinstance(file, pygit2.Blob) and (file.name or "").startswith(prefix):
                return (
                    f"{folder}/{month.name}/{file.name}",
                    file.data if file.size < _MOST else _TOO_MUCH,
                )
    return None


def _with_git(repo: Repository, sha: str, folder: str, prefix: str) -> tuple[str, bytes] | None:
    done = repo.git.run("ls-tree", "-r", "-z", sha, "--", f"{folder}/", ok=(0, 128))
    for line in decode(done.stdout).split("\0")[:-1]:
        meta, _, path = line.partition("\t")
        parts = path.split("/")
        if len(parts) == folder.count("/") + 3 and parts[-1].startswith(prefix):
            blob = meta.split(" ")[2]
            size = repo.git.text("cat-file", "-s", blob)
            small = int(size) < _MOST
            return path, repo.git.run("cat-file", "blob", blob).stdout if small else _TOO_MUCH
    return None
