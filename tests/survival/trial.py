"""One trial of one operation: make a repository, do it, and count what is left."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kagura_git.services.relink import relink
from tests.survival import everyday, losing, moving, plumbing, rewriting
from tests.survival.judge import Count, judge, judge_records
from tests.survival.world import Outcome, World, copy

Operation = Callable[[World], Outcome]
GROUPS: Final[dict[str, tuple[Operation, ...]]] = {
    "Everyday": everyday.OPERATIONS,
    "Rewriting": rewriting.OPERATIONS,
    "Moving commits": moving.OPERATIONS,
    "Filters, plumbing, faults": plumbing.OPERATIONS,
    "Roads not taken": losing.OPERATIONS,
}
_LONGEST: Final = 60.0


@dataclass
class Trial:
    """What was counted.

    Attributes:
        at_once: by git and the hooks alone, with what they start in the background.
        relinked: after ``git kagura relink``.
    """

    at_once: Count
    relinked: Count


def run(operation: Operation, template: Path, folder: Path, env: Mapping[str, str], seed: int
        ) -> Trial:  # fmt: skip
    """Try an operation in a copy of the template."""
    folder.mkdir(parents=True)
    world = copy(template, folder, dict(env), seed)
    outcome = operation(world)
    wait_for_background(folder)
    at_once = judge(world, outcome)
    world.box.env.pop("KAGURA_DISABLE", None)
    relink(world.open())
    relinked = judge(world, outcome)
    judge_records(world, relinked)
    return Trial(at_once, relinked)


def wait_for_background(folder: Path) -> None:
    """Wait until no process works in the folder any more; without /proc, a while."""
    if not os.path.isdir("/proc/self"):
        time.sleep(3)
        return
    until = time.monotonic() + _LONGEST
    while _working_in(str(folder)):
        if time.monotonic() > until:
            raise AssertionError(f"a process in the background has not ended: {folder}")
        time.sleep(0.05)


def _working_in(folder: str) -> bool:
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            place = os.readlink(f"/proc/{name}/cwd")
        except OSError:
            continue
        if place == folder or place.startswith(f"{folder}{os.sep}"):
            return True
    return False
