"""What a hook starts in the background once a merge or a pull has ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from kagura_git.cli.background import first_in_background, settle
from kagura_git.cli.output import Answer, App, command
from kagura_git.errors import KaguraError

# What a pull brings is little; the rest of history is for `git kagura relink`.
_COMMITS: Final = 500
_SECONDS: Final = 15.0
# For the refresh that a checkout just before has started.
_PATIENCE: Final = 30.0


@command(name="after-merge", hidden=True)
def after_merge(app: App) -> Answer:
    """Take in fetched notes, find lost links again, refresh the index; one at a time."""
    if not first_in_background(app, wait=_PATIENCE):
        return Answer({"skipped": "another one is running"})
    steps: dict[str, Callable[[App], Any]] = {
        "late": _late,
        "notes": _take_in,
        "relinked": _relink,
        "embedded": _refresh,
        "pruned": _prune,
        "settled": settle,
    }
    done: dict[str, Any] = {}
    for name, step in steps.items():
        try:
            done[name] = step(app)
        except KaguraError as error:  # the other steps do not depend on it; doctor reports it
            done[name] = error.message
    return Answer(done)


def _late(app: App) -> int:
    from kagura_git.services import late_notes

    return len(late_notes.write(app.memory.ws))


def _take_in(app: App) -> int:
    from kagura_git.services import sync

    return sync.take_in(app.memory.ws)


def _relink(app: App) -> int:
    from kagura_git.services import relink

    ws = app.memory.ws
    before = ws.repo.git.run("rev-parse", "--verify", "--quiet", "ORIG_HEAD", ok=(0, 1, 128))
    if before.returncode != 0:
        return 0
    report = relink.relink(ws, "ORIG_HEAD..HEAD", limit=_COMMITS, seconds=_SECONDS)
    return len(report.relinked)


def _refresh(app: App) -> int:
    # Nobody has searched here yet: the first search makes the index, and may load the model.
    if not os.path.isdir(os.path.join(app.memory.ws.repo.private, "index")):
        return 0
    return app.memory.recaller.refresh().embedded_now


def _prune(app: App) -> int:
    from kagura_git.services import recover

    return recover.tidy(app.memory.ws)
