"""Roads not taken: what takes records off every branch, and leaves them to ``recover``."""

from __future__ import annotations

from tests.survival.world import Outcome, Work, World


def _waiting(world: World) -> Work:
    """Record what no commit has yet, in the middle of some work."""
    work = world.start()
    world.edit_section(3, "unfinished")
    world._record(world.open(), work)
    return work


def reset_hard(world: World) -> Outcome:
    """git reset --hard HEAD~1"""
    kept = world.work()
    world.work()
    _waiting(world)
    world.pause()
    world.git("reset", "-q", "--hard", "HEAD~1")
    return Outcome({kept.sha: [kept]})


def clean(world: World) -> Outcome:
    """git clean -fd"""
    kept = world.work()
    _waiting(world)
    world.pause()
    world.git("reset", "-q")
    world.git("checkout", "-q", "--", ".")
    world.git("clean", "-q", "-f", "-d")
    assert not world.git("status", "--porcelain"), "nothing should have been left"
    return Outcome({kept.sha: [kept]})


def checkout_force(world: World) -> Outcome:
    """git checkout -f"""
    kept = world.work()
    _waiting(world)
    world.pause()
    world.git("checkout", "-q", "-f", "HEAD~1")
    world.git("checkout", "-q", "-f", "main")
    return Outcome({kept.sha: [kept]})


def stash_drop(world: World) -> Outcome:
    """git stash drop"""
    kept = world.work()
    _waiting(world)
    world.pause()
    world.git("stash", "push", "-q", "--include-untracked")
    world.git("stash", "drop", "-q")
    return Outcome({kept.sha: [kept]})


def branch_delete(world: World) -> Outcome:
    """git branch -D, gc --prune=now"""
    kept = world.work()
    world.git("switch", "-q", "-c", "topic")
    world.work()
    world.git("switch", "-q", "main")
    world.pause()
    world.git("branch", "-q", "-D", "topic")
    world.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    world.git("gc", "-q", "--prune=now")
    return Outcome({kept.sha: [kept]})


def folder_removed(world: World) -> Outcome:
    """rm -r .kagura"""
    kept = world.work()
    _waiting(world)
    world.pause()
    world.git("rm", "-r", "-q", "-f", ".kagura")
    world.commit("Away with it", KAGURA_DISABLE="1")
    return Outcome({kept.sha: [kept]})


OPERATIONS = (reset_hard, clean, checkout_force, stash_drop, branch_delete, folder_removed)
