"""When the files came into their repository, looked up once, and only if somebody asks."""

from __future__ import annotations

import os

from kagura_git.errors import GitError
from kagura_git.git.first_seen import FirstCommit, first_seen
from kagura_git.git.repo import anywhere
from kagura_git.git.run import Git, scrubbed
from kagura_git.workspace import Workspace


class History:
    """The first commits of the files below one folder, in this repository or another.

    Args:
        path: the folder, or a file in it.
    """

    def __init__(self, ws: Workspace, path: str) -> None:
        self._repo = ws.repo
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
        top = self._repo.top
        if os.path.commonpath((top, self._folder)) == top:
            git = self._repo.git  # also where GIT_DIR names a repository that lies elsewhere
        else:
            try:
                git = anywhere(self._folder, scrubbed(self._repo.git.env))
                top = os.path.realpath(git.text("rev-parse", "--show-toplevel"))
            except GitError:
                return {}
        self._top = top
        inside = os.path.relpath(self._folder, top).replace(os.sep, "/")
        return first_seen(Git(top, git.env), "" if inside == "." else inside)
