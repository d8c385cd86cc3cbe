"""The mode ``relink``: after a server squashed or rebased, the new commits get their notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from kagura_git.action import clone, log, outputs
from kagura_git.action.api import Api, ApiError
from kagura_git.action.event import Wanted, target
from kagura_git.action.inputs import Inputs
from kagura_git.cli.review_markdown import text
from kagura_git.errors import KaguraError
from kagura_git.git import deepen
from kagura_git.git.run import Git
from kagura_git.services import relink as relinking
from kagura_git.services import sync
from kagura_git.workspace import Workspace

_MOST_COMMITS: Final = 100
_NUMBER: Final = re.compile(r"\(#(\d{1,9})\)")


def relink(given: Inputs) -> int:
    """Link the commits of a push to what they were made of, and push the notes.

    Raises:
        KaguraError: history or notes cannot be fetched, or the notes not be pushed.
    """
    wanted = target(given)
    ws = clone.workspace(given, clone.environment(given))
    git = ws.repo.git
    address = clone.remote(git)
    head = deepen.found(git, address, wanted.head.name, wanted.head.refs, seconds=clone.SECONDS)
    if deepen.is_shallow(git):
        deepen.deepened(git, address, [head], seconds=clone.SECONDS)
    if not clone.take_in_notes(ws, address):
        raise KaguraError("without the notes there is nothing to link", where=address)
    since = _since(git, address, wanted.base)
    range_ = f"{since}..{head}" if since else head
    commits = git.text("rev-list", f"--max-count={_MOST_COMMITS}", range_, "--").split()
    for number in sorted(_pulls(given, git, commits)):
        ref = f"refs/pull/{number}/head"
        if not deepen.bring(git, address, [ref], seconds=clone.SECONDS):
            log.say(f"{ref} is not to be had")
    done = relinking.relink(ws, range_, limit=_MOST_COMMITS).relinked
    outputs.summarise(given, "\n".join(_told(done)) + "\n")
    outputs.set_outputs(given, {"relinked": len(done)})
    log.say(f"{len(done)} of {len(commits)} commits linked")
    if done:
        _push(ws, address)
    return 0


def _since(git: Git, address: str, base: Wanted | None) -> str | None:
    """Return what was there before the push; None where that is not to be had any more."""
    if base is None:
        return None
    try:
        return deepen.found(git, address, base.name, base.refs, seconds=clone.SECONDS)
    except KaguraError:
        log.say(f"{base.name} is not to be had: the newest commits are looked at")
        return None


def _pulls(given: Inputs, git: Git, commits: Sequence[str]) -> set[int]:
    """Return the numbers of the pull requests that commits came from.

    GitHub keeps a pull request's own commits after its branch is gone.
    """
    numbers: set[int] = set()
    api = Api(given.api, given.token, given.first_wait) if given.token else None
    for sha in commits:
        told: set[int] = set()
        try:
            told = set(_asked(api, given.repository, sha)) if api is not None else told
        except ApiError as error:
            log.say(f"GitHub does not tell the pull requests: {error.message}")
            api = None
        # Right after a merge the API may not know it yet; the site's own subject does.
        numbers |= told or _named(git, sha)
    return numbers


def _named(git: Git, sha: str) -> set[int]:
    subject = git.text("log", "-1", "--format=%s", sha, "--")
    return {int(number) for number in _NUMBER.findall(subject)[-1:]}


def _asked(api: Api, repository: str, sha: str) -> Iterator[int]:
    reply = api.patiently(lambda: api.call("GET", f"/repos/{repository}/commits/{sha}/pulls"))
    for pull in reply.data if isinstance(reply.data, list) else ():
        number: Any = pull.get("number") if isinstance(pull, dict) else None
        if isinstance(number, int) and pull.get("merged_at"):
            yield number


def _push(ws: Workspace, address: str) -> None:
    try:
        sync.sync(ws, address, seconds=clone.SECONDS)
    except KaguraError as error:
        raise KaguraError(
            f"the notes could not be pushed: {error.message}",
            hint="The job needs `permissions: contents: write`.",
            where=address,
        ) from None


def _told(found: Sequence[relinking.Relinked]) -> Iterator[str]:
    yield "### Commits linked to what was recorded for them"
    yield ""
    if not found:
        yield "Nothing to link."
    for item in found:
        where = ", ".join(sha[:12] for sha in item.origins) or "its own record files"
        yield f"- `{item.commit[:12]}` {text(item.subject)}: from {text(where)} ({text(item.how)})"
