"""When the files came into their repository, looked up once, and only if somebody asks."""

from __future__ import annotations

import os

from kagura_git.errors import GitError
from kagura_git.git.first_seen import FirstCommit, first_seen
from kagura_git.git.repo import anywhere
from kagura_git.git.run import Git
from kagura_git.workspace import Workspace


class History:
    """The first commits of the files below one folder, in this repository or another.

    Args:
        path: the folder, or a file in it.
    """

    def __init__(self, ws: Workspace, path: str) -> None:
        self._env = ws.repo.git.env
        real = os.path.realpath(path)
        self._folder = real if os.path.isdir(real) else os.path.dirname(real)
        self._top = ""
        self._seen: dict[str, FirstCommit] | None = None

    def of(self, path: str) -> FirstCommit | None:
        """Return a file's first commit, None if its repository knows none."""
        if self._seen is None:
            self._seen = self._look()
        return self._seen.get(os.path.relpath(path, self._top or "/").replace(os.sep, "/"))

    def _look(self) -> dict[str, FirstCommit]:
        try:
            git = anywhere(self._folder, self._env)
            self._top = os.path.realpath(git.text("rev-parse", "--show-toplevel"))
        except GitError:
            return {}
        inside = os.path.relpath(self._folder, self._top).replace(os.sep, "/")
        return first_seen(Git(self._top, self._env), "" if inside == "." else inside)
