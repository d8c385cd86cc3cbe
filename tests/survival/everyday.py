"""Merges, stashes, worktrees, clones: what leaves commits as they are, and must leave links too."""

from __future__ import annotations

from pathlib import Path

from kagura_git.services import setup
from tests.survival.world import SHARED, Outcome, Work, World


def _each(works: list[Work]) -> Outcome:
    return Outcome({work.sha: [work] for work in works})


def _session(world: World) -> set[tuple[str, ...]]:
    session = world.box.working.active_session()
    return {("session", session)} if session else set()


def _two_sides(world: World, *sections: int) -> list[Work]:
    """Make a work on main and one on a branch each; stay on main."""
    works = [world.work(section=11)]
    for number, section in enumerate(sections):
        world.git("switch", "-q", "-c", f"side{number}", works[0].sha)
        works.append(world.work(section=section))
    world.git("switch", "-q", "main")
    works.append(world.work(section=1))
    world.pause()
    return works


def merge(world: World) -> Outcome:
    """git merge"""
    works = _two_sides(world, 5)
    world.git("merge", "-q", "--no-edit", "side0")
    return _each(works)


def merge_no_ff(world: World) -> Outcome:
    """git merge --no-ff"""
    works = [world.work(section=11)]
    world.git("switch", "-q", "-c", "side0")
    works.append(world.work())
    world.git("switch", "-q", "main")
    world.pause()
    world.git("merge", "-q", "--no-ff", "--no-edit", "side0")
    return _each(works)


def merge_conflict(world: World) -> Outcome:
    """git merge, conflict"""
    works = _two_sides(world, 1)
    world.git("merge", "-q", "side0", ok=False)
    assert "UU" in world.git("status", "--porcelain"), "the merge should have stopped"
    world.git("checkout", "-q", "--ours", SHARED)
    world.edit_section(1, "both")
    world.git("add", "-A")
    world.git("commit", "-q", "--no-edit", GIT_EDITOR="true")
    outcome = _each(works)
    outcome.also[world.box.head] = _session(world)
    return outcome


def merge_octopus(world: World) -> Outcome:
    """git merge, octopus"""
    works = _two_sides(world, 4, 7)
    world.git("merge", "-q", "--no-edit", "side0", "side1")
    return _each(works)


def stash(world: World) -> Outcome:
    """git stash, git stash pop"""
    work, ws = world.start(), world.open()
    world.box.write("src/stashed.py", world.text(1))
    world._explain(ws, work, "src/stashed.py", "create", always=True)
    world._record(ws, work)
    world.git("add", "-A")
    world.git("stash", "push", "-q")
    world.git("switch", "-q", "-c", "elsewhere")
    world.clutter()
    world.git("switch", "-q", "main")
    world.git("stash", "pop", "-q", "--index")
    return _each([world.finish(work)])


def worktree(world: World) -> Outcome:
    """git worktree"""
    first = world.work()
    world.pause()
    linked = world.folder / "linked"
    world.git("worktree", "add", "-q", str(linked), "-b", "topic")
    there = World(world.folder, world.box.env, world.random.randrange(1 << 30))
    there.box.top, there._minutes, there._count = linked, 500, 50
    works = [there.work() for _ in range(2)]
    world.kept.update(there.kept)
    world.git("merge", "-q", "--ff-only", "topic")
    return _each([first, *works])


def bisect(world: World) -> Outcome:
    """git bisect"""
    works = [world.work() for _ in range(4)]
    world.pause()
    world.git("bisect", "start", "HEAD", f"{works[0].sha}^")
    world.git("bisect", "run", "sh", "-c", f"! grep -q ' 3' {SHARED}", ok=False)
    world.git("bisect", "reset", "-q", ok=False)
    world.git("switch", "-q", "main")
    return _each(works)


def rewriting_hook(world: World) -> Outcome:
    """a commit-msg hook that rewrites the subject"""
    hook = world.box.top / ".git/hooks/commit-msg"
    chained = Path(f"{hook}.kagura-chained")
    chained.write_text("#!/bin/sh\nsed -i '1s/^/[PROJ-7] /' \"$1\"\n")
    chained.chmod(0o755)
    works = [world.work() for _ in range(2)]
    assert world.box.message().startswith("[PROJ-7] ")
    world.git("switch", "-q", "-c", "copy", f"{works[0].sha}^")
    world.pause()
    world.git("cherry-pick", "main")
    outcome = _each(works)
    outcome.links[world.box.head] = [works[1]]
    return outcome


def clone(world: World) -> Outcome:
    """git clone, git kagura sync"""
    from kagura_git.services import sync

    works = [world.work() for _ in range(2)]
    remote = world.folder / "remote.git"
    world.git("clone", "-q", "--bare", str(world.box.top), str(remote))
    world.git("remote", "add", "origin", str(remote))
    sync.sync(world.open())
    other = world.folder / "other"
    world.git("clone", "-q", str(remote), str(other))
    world.box.top = other
    setup.init(world.box.repo)
    sync.sync(world.open())
    return _each(works)


OPERATIONS = (
    merge, merge_no_ff, merge_conflict, merge_octopus, stash, worktree, bisect, rewriting_hook,
    clone,
)  # fmt: skip
