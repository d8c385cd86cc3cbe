"""Base class of the API: one open repository and its settings."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kagura_git.config.environment import frozen
from kagura_git.git.run import scrubbed
from kagura_git.services.recall import Recall
from kagura_git.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from kagura_git.llm.approval import Ask
    from kagura_git.llm.operation import Purse
    from kagura_git.services.spending import CodingAnalyzer


class Opened:
    """A repository with what records, finds and pays in it.

    Args:
        repo: any folder of its work tree.
        user_id: who signs new records; default: git's identity.
        project_id: the label of new records; default: the repository's name.
            Given here, searches leave out records of other projects.
        model, vision_model, auto_approve, cost_threshold: for language models;
            None takes them from the settings.
        environ: the environment; GIT_DIR and GIT_WORK_TREE in it name the repository, as for
            git. Default: that of the process, without these two.

    Raises:
        GitError: ``repo`` is not in a git work tree.
    """

    def __init__(
        self,
        repo: str | os.PathLike[str] = ".",
        user_id: str | None = None,
        project_id: str | None = None,
        model: str | None = None,
        vision_model: str | None = None,
        auto_approve: bool | None = None,
        cost_threshold: float | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        # As it is now: no library that is imported later may change the user's settings.
        self.environ = frozen(environ)
        # A hook of another repository has GIT_DIR set: here the caller has named the folder.
        where = scrubbed(self.environ) if environ is None else self.environ
        self.ws: Workspace = open_workspace(
            os.fspath(repo), where, user_id=user_id, project_id=project_id
        )
        self.model, self.vision_model = model, vision_model
        self.auto_approve, self.cost_threshold = auto_approve, cost_threshold
        self.recaller = Recall(self.ws, cache_folder(self.environ))
        self._purse: Purse | None = None

    def purse(self, *, approved: bool = False, ask: Ask | None = None) -> Purse:
        """Return who pays for a model here; see :mod:`kagura_git.llm.operation`.

        Args:
            approved: the user has approved the next operation, whatever it costs.
            ask: asks the user; by default on the terminal, if somebody sits at one.
        """
        from kagura_git.llm.terminal import on_terminal
        from kagura_git.services.spending import purse_of

        if self._purse is None:
            self._purse = purse_of(
                self.ws, self.environ, model=self.model, vision_model=self.vision_model,
                auto_approve=self.auto_approve, threshold=self.cost_threshold, ask=None,
            )  # fmt: skip
        purse = self._purse
        policy = dataclasses.replace(purse.policy, approved=approved)
        # The list of calls is one for all: that is what has been spent by this memory.
        return dataclasses.replace(purse, policy=policy, ask=ask or on_terminal())

    @cached_property
    def coding_analyzer(self) -> CodingAnalyzer:
        """What the models asked by this object have cost."""
        from kagura_git.services.spending import CodingAnalyzer

        return CodingAnalyzer(lambda: self._purse.calls if self._purse else [])

    def costs(self, month: str | None = None) -> dict[str, Any]:
        """Return what this user has spent in a month (``2026-11``; default: this one)."""
        from kagura_git.services import spending

        wanted = month or f"{self.ws.now():%Y-%m}"
        budget = self.ws.settings.monthly_budget
        return spending.costs(spending.ledger_of(self.environ), wanted, budget)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where exported models live: ``KAGURA_CACHE_DIR`` or the user's cache folder."""
    given = environ.get("KAGURA_CACHE_DIR")
    if given:
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_cache_dir("kagura-git"))
