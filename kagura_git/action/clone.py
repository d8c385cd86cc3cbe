"""The clone that the step runs in: whom git signs as, how it gets in, what is fetched."""

from __future__ import annotations

import base64
import os
from typing import Final

from kagura_git.action import log
from kagura_git.action.event import Target, Wanted
from kagura_git.action.inputs import Inputs
from kagura_git.errors import KaguraError, UsageError
from kagura_git.git import deepen
from kagura_git.git.config import remotes
from kagura_git.git.repo import anywhere
from kagura_git.git.run import Git
from kagura_git.services import sync
from kagura_git.workspace import Workspace, open_workspace

SECONDS: Final = 300.0
# Whom GitHub shows as the author of what a workflow commits.
_NAME: Final = "github-actions[bot]"
_EMAIL: Final = "41898282+github-actions[bot]@users.noreply.github.com"


def environment(given: Inputs) -> dict[str, str]:
    """Return the environment for git: the token where nothing else lets it in, and a name."""
    environ = {name: text for name, text in given.environ.items() if name != "INPUT_TOKEN"}
    git = anywhere(given.folder, environ)
    if not git.config("user.email"):
        for role in ("AUTHOR", "COMMITTER"):
            environ.setdefault(f"GIT_{role}_NAME", _NAME)
            environ.setdefault(f"GIT_{role}_EMAIL", _EMAIL)
    asked = ("config", "--get-regexp", r"^http\..*\.?extraheader$")
    # Two such headers are refused; what actions/checkout has left is the better one.
    if given.token and git.run(*asked, ok=(0, 1)).returncode != 0:
        secret = base64.b64encode(f"x-access-token:{given.token}".encode()).decode()
        count = int(environ.get("GIT_CONFIG_COUNT") or 0)
        environ["GIT_CONFIG_COUNT"] = str(count + 1)
        environ[f"GIT_CONFIG_KEY_{count}"] = f"http.{given.server}/.extraheader"
        environ[f"GIT_CONFIG_VALUE_{count}"] = f"AUTHORIZATION: basic {secret}"
    return environ


def remote(git: Git) -> str:
    """Return the remote to fetch from.

    Raises:
        KaguraError: there is none.
    """
    names = remotes(git)
    if not names:
        raise KaguraError(
            "the clone has no remote", hint="Let actions/checkout run first.", where=git.cwd
        )
    return "origin" if "origin" in names else names[0]


def compared(git: Git, address: str, target: Target) -> tuple[str, str]:
    """Return base and head, fetched as deep as where they parted.

    Raises:
        KaguraError: one of them is not to be had.
    """
    if target.base is None:
        raise UsageError(
            "this event names nothing to compare with", hint="Give the input `base`.", where="base"
        )
    base, head = (_id(git, address, wanted) for wanted in (target.base, target.head))
    try:
        deepen.until_parted(git, address, base, head, seconds=SECONDS)
    except KaguraError as error:
        log.say(log.brief(error))  # the review says that history is missing
    return base, head


def _id(git: Git, address: str, wanted: Wanted) -> str:
    # A branch is what the remote has by that name: a clone for CI has no branches of its own.
    if wanted.name != "HEAD":
        tracked = deepen.commit(git, f"refs/remotes/{address}/{wanted.name}")
        if tracked is not None:
            return tracked
    return deepen.found(git, address, wanted.name, wanted.refs, seconds=SECONDS)


def workspace(given: Inputs, environ: dict[str, str]) -> Workspace:
    """Open the repository."""
    return open_workspace(os.path.abspath(given.folder), environ)


def take_in_notes(ws: Workspace, address: str) -> bool:
    """Fetch the notes, so that reasons are known; returns False where that fails."""
    try:
        done = sync.sync(ws, address, push=False, seconds=SECONDS)
    except KaguraError as error:
        log.say(f"the notes could not be fetched: {log.brief(error)}")
        return False
    if done.merged:
        log.say(f"took in the notes of {done.merged} commits")
    return True
