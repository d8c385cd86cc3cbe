"""A shallow clone's history, fetched step by step until two commits have a known ancestor.

Never asks for a password and never unshallows by itself: the steps double, so that a
branch that left its base yesterday costs a few commits, and end after a while.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

from kagura_git.git import config
from kagura_git.git.deepen import commit, is_shallow, parted
from kagura_git.git.remote import Outcome, failure
from kagura_git.git.remote_run import run
from kagura_git.git.run import Git, revision

_FIRST: Final = 50
_MOST_STEPS: Final = 12  # the last one is 102,400 commits
_SECONDS: Final = 300.0
# Where history was cut, by commit: each stands on git's command line.
_MOST_CUTS: Final = 500
_FETCH: Final = (
    "fetch", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-prune",
    "--recurse-submodules=no", "--no-progress",
)  # fmt: skip

Say = Callable[[str], None]


def deepen(git: Git, base: str, head: str, say: Say, *, seconds: float = _SECONDS) -> None:
    """Fetch history until base and head have a merge base here, or none can be found.

    Args:
        say: is told what was done, and what went wrong: nothing is raised for that.
    """
    remote = _remote_of(git, revision(base))
    if remote is None:
        say("nothing to deepen from: this repository has no remote")
        return
    until = time.monotonic() + seconds
    if commit(git, base) is None:
        _fetch_base(git, remote, base, say, seconds)
    ours, theirs = commit(git, head), commit(git, base)
    if ours is None or theirs is None:
        return  # the review itself says which one is not there
    step, fetched = _FIRST, 0
    for _ in range(_MOST_STEPS):
        if parted(git, theirs, ours):
            if fetched:
                say(f"fetched up to {fetched:,} more commits of each line from {remote}")
            return
        cuts = _cuts(git, theirs, ours)
        left = until - time.monotonic()
        if not cuts or left <= 0:
            why = "it took too long" if cuts else "they have none"
            say(f"deepened by {fetched:,} commits, and found no common ancestor: {why}")
            return
        wanted = ("--refmap=", "--", remote, *cuts) if len(cuts) <= _MOST_CUTS else ("--", remote)
        done = run(git, *_FETCH, f"--deepen={step}", *wanted, seconds=left)
        if done.code != 0 and len(wanted) > 2:  # a server that gives only what its refs point to
            done = run(git, *_FETCH, f"--deepen={step}", "--", remote, seconds=left)
        if done.code != 0:
            outcome, said = failure(done)
            say(f"history could not be fetched from {remote}: {said or outcome.value}")
            return
        fetched, step = fetched + step, step * 2
    say(f"deepened by {fetched:,} commits, and found no common ancestor yet")


def _fetch_base(git: Git, remote: str, base: str, say: Say, seconds: float) -> None:
    branch = base.removeprefix("refs/remotes/").removeprefix(f"{remote}/")
    spec = f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}"
    if git.run("check-ref-format", f"refs/heads/{branch}", ok=(0, 1)).returncode != 0:
        return
    depth = ("--depth=1",) if is_shallow(git) else ()
    done = run(git, *_FETCH, *depth, "--", remote, spec, seconds=seconds)
    if done.code == 0:
        say(f"fetched {base}")
    else:
        outcome, said = failure(done)
        known = outcome is not Outcome.ABSENT
        say(f"{base} could not be fetched: {said if known else f'{remote} has no such branch'}")


def _remote_of(git: Git, base: str) -> str | None:
    """Return the remote that a base comes from, else the one this repository fetches from."""
    names = config.remotes(git)
    short = base.removeprefix("refs/remotes/")
    of_name = [name for name in names if short.startswith(f"{name}/")]
    if of_name:
        return max(of_name, key=len)
    tracked = git.config(f"branch.{base.removeprefix('refs/heads/')}.remote")
    if tracked in names:
        return tracked
    return "origin" if "origin" in names else next(iter(names), None)


def _cuts(git: Git, *commits: str) -> list[str]:
    """Return the commits behind these two at which the clone's history was cut off."""
    if not is_shallow(git):
        return []
    path = git.text("rev-parse", "--git-path", "shallow")
    with open(os.path.join(git.cwd, path), encoding="ascii") as file:
        cut = {line.strip() for line in file}
    ends = git.text("rev-list", "--max-parents=0", *commits, "--").split()
    return [sha for sha in ends if sha in cut]
