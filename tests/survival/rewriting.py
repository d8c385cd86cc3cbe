"""Amend and rebase, in all their forms."""

from __future__ import annotations

import sys

from tests.survival.world import Outcome, Work, World


def _line(world: World, count: int) -> list[str]:
    """Return the newest commits of HEAD, the oldest first."""
    return world.git("rev-list", "--reverse", f"--max-count={count}", "HEAD").split()


def _now(world: World, works: list[Work]) -> Outcome:
    """Say that the newest commits are these works, one each."""
    commits = _line(world, len(works))
    return Outcome({sha: [work] for sha, work in zip(commits, works, strict=True)})


def amend_message(world: World) -> Outcome:
    """git commit --amend -m"""
    work = world.work()
    world.pause()
    world.git("commit", "-q", "--amend", "-m", "Said better")
    return _now(world, [work])


def amend_content(world: World) -> Outcome:
    """git commit --amend -a"""
    work = world.work()
    world.box.write("src/more.py", world.text(99))
    world.git("add", "-A")
    world.git("commit", "-q", "--amend", "--no-edit")
    return _now(world, [work])


def amend_author(world: World) -> Outcome:
    """git commit --amend --author"""
    work = world.work()
    world.pause()
    world.git("commit", "-q", "--amend", "--no-edit", "--author", "Kim <kim@example.com>")
    return _now(world, [work])


def _diverged(world: World, count: int = 2, *, section: int | None = None) -> list[Work]:
    """Make a branch with works, and a main that has moved on meanwhile; stay on the branch."""
    before = world.work(section=11)
    world.git("switch", "-q", "-c", "topic")
    works = [world.work() for _ in range(count)]
    world.clutter("main", section=section)
    world.git("switch", "-q", "topic")
    world.pause()
    world.before = before
    return works


def _with_before(world: World, outcome: Outcome) -> Outcome:
    outcome.links.setdefault(world.before.sha, []).append(world.before)
    return outcome


def rebase(world: World) -> Outcome:
    """git rebase (merge backend)"""
    works = _diverged(world)
    world.git("rebase", "-q", "main")
    return _with_before(world, _now(world, works))


def rebase_apply(world: World) -> Outcome:
    """git rebase --apply"""
    works = _diverged(world)
    world.git("rebase", "-q", "--apply", "main")
    return _with_before(world, _now(world, works))


def pull_rebase(world: World) -> Outcome:
    """git pull --rebase"""
    before = world.work()
    top, remote = world.box.top, world.folder / "remote.git"
    world.git("clone", "-q", "--bare", str(top), str(remote))
    world.git("remote", "add", "origin", str(remote))
    world.git("fetch", "-q", "origin")
    world.git("branch", "-q", "--set-upstream-to=origin/main")
    works = [world.work(), world.work()]
    world.git("switch", "-q", "-c", "theirs", "origin/main")
    world.clutter()
    world.git("push", "-q", "--no-verify", "origin", "theirs:main")
    world.git("switch", "-q", "main")
    world.pause()
    world.git("pull", "-q", "--rebase")
    outcome = _now(world, works)
    outcome.links[before.sha] = [before]
    return outcome


def _interactive(world: World, program: str, base: str) -> None:
    """Rebase with a program that edits the list of steps, and keeps every message as it is."""
    editor = world.box.script(world.folder / "steps.py", f"#!{sys.executable}\n{program}")
    env = {"GIT_SEQUENCE_EDITOR": str(editor), "GIT_EDITOR": "true"}
    world.git("rebase", "-q", "-i", base, **env)


_STEPS = """import sys
path = sys.argv[1]
steps = [line for line in open(path, errors="surrogateescape") if line[:1] not in "#\\n"]
{change}
open(path, "w", errors="surrogateescape").writelines(steps)
"""


def _joined(world: World, verb: str) -> Outcome:
    works = [world.work() for _ in range(4)]
    world.pause()
    change = f"steps[1:] = [s.replace('pick', {verb!r}, 1) for s in steps[1:]]"
    _interactive(world, _STEPS.format(change=change), works[0].sha)
    return Outcome({works[0].sha: [works[0]], world.box.head: works[1:]})


def rebase_squash(world: World) -> Outcome:
    """git rebase -i: squash of 3"""
    return _joined(world, "squash")


def rebase_fixup(world: World) -> Outcome:
    """git rebase -i: fixup of 3"""
    return _joined(world, "fixup")


def rebase_reword(world: World) -> Outcome:
    """git rebase -i: reword"""
    works = [world.work() for _ in range(3)]
    world.pause()
    editor = world.box.script(
        world.folder / "reword.sh", '#!/bin/sh\nsed -i "1s/.*/Reworded $$/" "$1"\n'
    )
    steps = world.box.script(
        world.folder / "steps.sh", "#!/bin/sh\nsed -i 's/^pick/reword/' \"$1\"\n"
    )
    world.git(
        "rebase", "-q", "-i", "--root", GIT_SEQUENCE_EDITOR=str(steps), GIT_EDITOR=str(editor)
    )  # fmt: skip
    return _now(world, works)


def rebase_reorder(world: World) -> Outcome:
    """git rebase -i: reorder"""
    works = [world.work(section=n) for n in (1, 4, 8)]
    world.pause()
    _interactive(world, _STEPS.format(change="steps.reverse()"), f"{works[0].sha}^")
    return _now(world, works[::-1])


def rebase_drop(world: World) -> Outcome:
    """git rebase -i: drop"""
    works = [world.work(section=n) for n in (1, 4, 8)]
    world.pause()
    gone = world.random.randrange(2)
    _interactive(world, _STEPS.format(change=f"del steps[{gone}]"), f"{works[0].sha}^")
    del works[gone]
    return _now(world, works)


def _conflicting(world: World) -> list[Work]:
    """Leave a rebase of three works stopped at the second."""
    world.work(section=11)
    world.git("switch", "-q", "-c", "topic")
    works = [world.work(section=n) for n in (1, 5, 9)]
    world.clutter("main", section=5)
    world.git("switch", "-q", "topic")
    world.pause()
    world.git("rebase", "-q", "main", ok=False)
    assert "UU" in world.git("status", "--porcelain"), "the rebase should have stopped"
    return works


def rebase_continue(world: World) -> Outcome:
    """git rebase, conflict, --continue"""
    works = _conflicting(world)
    world.git("checkout", "-q", "--theirs", ".")
    world.edit_section(5, "both")
    world.git("add", "-A")
    world.git("rebase", "--continue", GIT_EDITOR="true")
    return _with(world, _now(world, works))


def rebase_skip(world: World) -> Outcome:
    """git rebase, conflict, --skip"""
    works = _conflicting(world)
    world.git("rebase", "--skip", GIT_EDITOR="true")
    return _with(world, _now(world, [works[0], works[2]]))


def rebase_abort(world: World) -> Outcome:
    """git rebase, conflict, --abort"""
    works = _conflicting(world)
    world.git("rebase", "--abort")
    return _with(world, _now(world, works))


def _with(world: World, outcome: Outcome) -> Outcome:
    """Add the work that all this was built upon."""
    outcome.links[world.works[0].sha] = [world.works[0]]
    return outcome


def rebase_onto(world: World) -> Outcome:
    """git rebase --onto"""
    world.work(section=11)
    world.git("switch", "-q", "-c", "middle")
    middle = world.work(section=2)
    world.git("switch", "-q", "-c", "topic")
    works = [world.work(section=n) for n in (4, 6)]
    world.clutter("main")
    world.git("switch", "-q", "topic")
    world.pause()
    world.git("rebase", "-q", "--onto", "main", "middle", "topic")
    outcome = _with(world, _now(world, works))
    outcome.links[middle.sha] = [middle]
    return outcome


def rebase_elsewhere(world: World) -> Outcome:
    """rebase in a clone without our settings"""
    world.work(section=11)
    base = world.box.head
    works = [world.work(), world.work()]
    world.clutter("main")
    world.pause()
    other = world.folder / "clone"
    world.git("clone", "-q", str(world.box.top), str(other))
    clone = World(world.folder, world.box.env, 0)
    clone.box.top = other
    clone._minutes = 500
    (other / "unrelated.txt").write_text("x\n")
    clone.git("checkout", "-q", "-b", "moved", base)
    clone.git("add", "-A")
    clone.git("commit", "-q", "-m", "Elsewhere")
    clone.git("rebase", "-q", "--onto", "moved", base, "main")
    world.git("fetch", "-q", str(other), "main")
    world.git("reset", "-q", "--hard", "FETCH_HEAD")
    line = _line(world, 3)
    return _with(world, Outcome({line[0]: [works[0]], line[1]: [works[1]]}))


OPERATIONS = (
    amend_message, amend_content, amend_author, rebase, rebase_apply, pull_rebase, rebase_squash,
    rebase_fixup, rebase_reword, rebase_reorder, rebase_drop, rebase_continue, rebase_skip,
    rebase_abort, rebase_onto, rebase_elsewhere,
)  # fmt: skip
