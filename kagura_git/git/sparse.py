"""Records that a sparse checkout leaves out of the work tree: read from the staging area.

`git sparse-checkout set --cone src` takes all of ``.kagura`` away; the records
are still part of the branch. Nothing here uses the network: what a partial
clone does not hold counts as absent.
"""

from __future__ import annotations

import os
from typing import Final

from kagura_git.git import versions
from kagura_git.git.repo import Repository
from kagura_git.git.run import decode

_AT_ONCE: Final = 500
_LARGEST: Final = 1024 * 1024 + 1  # a record may have a mebibyte; one byte more shows a larger one


class Sparse:
    """The record files of one worktree that only its staging area holds, while it is sparse."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._mark: tuple[int, int, int] | None = None
        self._blobs: dict[str, str] = {}
        self._read: dict[str, bytes] = {}

    @property
    def active(self) -> bool:
        """Tell whether the worktree may be sparse: one look at a file."""
        return os.path.exists(os.path.join(self._repo.git_dir, "info", "sparse-checkout"))

    def paths(self) -> dict[str, str]:
        """Return path and blob id of every record left out, as of now."""
        if not self.active:
            return {}
        mark = self._index_mark()
        if mark is None or mark != self._mark:
            found = versions.staged(self._repo.git)
            known = found.settled
            self._blobs = {path: known[path].blob for path in sorted(found.sparse & known.keys())}
            self._read = {}
            self._mark = mark
        return self._blobs

    def _index_mark(self) -> tuple[int, int, int] | None:
        try:
            info = os.stat(os.path.join(self._repo.git_dir, "index"))
        except OSError:
            return None
        return info.st_mtime_ns, info.st_size, info.st_ino

    def read(self, path: str) -> bytes:
        """Return a record's bytes, a few hundred neighbours with it; they are often wanted next.

        Raises:
            FileNotFoundError: no such record is left out, or its blob is not here.
        """
        blobs = self.paths()
        if path not in blobs:
            raise FileNotFoundError(path)
        if path not in self._read:
            names = list(blobs)
            first = names.index(path)
            wanted = names[first : first + _AT_ONCE]
            contents = versions.blobs(self._repo.git, (blobs[n] for n in wanted), _LARGEST)
            self._read = {n: contents[blobs[n]] for n in wanted if blobs[n] in contents}
        if path not in self._read:
            raise FileNotFoundError(path)
        return self._read[path]

    def holds(self, path: str) -> bool:
        """Tell whether the staging area has a file or folder that the work tree has not."""
        if not self.active or os.path.lexists(os.path.join(self._repo.top, path)):
            return False
        return bool(decode(self._repo.git.run("ls-files", "-z", "--", path).stdout))
