"""Moves of git: everything that people do to history, worktrees and branches."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from tests.play.ledger import tokens_of
from tests.play.world import SOURCES, Place, add_worktree

if TYPE_CHECKING:
    from tests.play.player import Player


def commit(player: Player, place: Place) -> str | None:
    """Commit, in one of the ways people do."""
    if not place.dirty():
        place.git.write(player.rng.choice(SOURCES), f"step {player.ledger.steps}\n")
    token = player.ledger.token()
    how = player.rng.choice(("all", "tracked", "staged", "no-verify"))
    before = place.head
    args = ["commit", "-q", "-m", f"{token} work"]
    if how in ("all", "no-verify"):
        place.run("add", "-A")
    if how == "tracked":
        args.append("-a")
    if how == "no-verify":
        args.append("--no-verify")
    player.will_commit(place, token)
    place.run(*args, ok=False)  # nothing staged is no trouble
    if place.head != before:
        player.committed(place, token)
    return f"{token} ({how})"


def commit_without_hooks(player: Player, place: Place) -> str | None:
    """Commit as a patch stack does: no hook runs, and the reflog has other words or none."""
    if not place.dirty() or place.in_progress():
        return None
    place.run("add", "-A")
    tree, parent = place.out("write-tree"), place.head
    if tree == place.out("rev-parse", "HEAD^{tree}"):
        return None
    token = player.ledger.token()
    made = place.out("commit-tree", "-p", parent, "-m", f"{token} stack", tree)
    words = player.rng.choice(("", "refresh", "commit: by a tool"))
    place.run("update-ref", *(("-m", words) if words else ()), "HEAD", made)
    player.committed_without_hooks(place, token, parent)
    return f"{token} {words!r}"


def amend(player: Player, place: Place) -> str | None:
    """Amend the last commit with what is staged now."""
    subject = place.out("log", "-1", "--format=%s")
    tokens = tokens_of(subject)
    merged = " " in place.out("log", "-1", "--format=%P")
    if len(tokens) != 1 or tokens[0] == "t0" or merged or subject.startswith("Revert "):
        return None
    place.run("add", "-A")
    player.will_commit(place, tokens[0])
    place.run("commit", "-q", "--amend", "-m", f"{tokens[0]} amended")
    player.committed(place, tokens[0])
    return tokens[0]


def branch(player: Player, place: Place) -> str | None:
    """Go on on a new branch."""
    if len(place.branches()) > 6:
        return None
    name = f"b{player.ledger.steps}"
    place.run("switch", "-q", "-c", name)
    return name


def switch(player: Player, place: Place) -> str | None:
    """Check another branch out, by force where something is in the way."""
    names = place.free_branches()
    if not names:
        return None
    name = player.rng.choice(names)
    done = place.run("switch", "-q", name, ok=False)
    if done.returncode != 0 and player.rng.random() < 0.5:
        place.run("checkout", "-q", "-f", name, ok=False)
    return name


def drop_branch(player: Player, place: Place) -> str | None:
    """Delete a branch, merged or not."""
    names = [name for name in place.free_branches() if name != "main"]
    if not names:
        return None
    name = player.rng.choice(names)
    place.run("branch", "-q", "-D", name)
    return name


def merge(player: Player, place: Place) -> str | None:
    """Merge another branch; a third of the time without the merge driver."""
    name = player.other_branch(place)
    if name is None or place.dirty():
        return None
    token = player.ledger.token()
    driver: tuple[str, ...] = ()
    if player.rng.random() < 0.3:  # as on a hosting site: text is merged line by line
        driver = ("-c", "merge.kagura.driver=git merge-file %A %O %B")
    mode = player.rng.choice(("--no-ff", "--ff", "-Xours"))
    done = place.run(*driver, "merge", "-q", mode, "-m", f"{token} merge", name, ok=False)
    if done.returncode != 0 and place.in_progress():
        player.merging(place, token)
        place.settle(("commit", "-q", "--no-edit"), ("merge", "--abort"))
    if token in place.out("log", "-1", "--format=%s"):
        player.committed(place, token)
    return f"{name} {mode}{' without driver' if driver else ''}"


def squash(player: Player, place: Place) -> str | None:
    """Squash-merge another branch, with a message of one's own."""
    name = player.other_branch(place)
    if name is None or place.dirty():
        return None
    subjects = place.out("log", "--format=%s", f"HEAD..{name}")
    tokens = tokens_of(subjects)
    if not tokens:
        return None
    before = place.head
    done = place.run("merge", "--squash", "-q", name, ok=False)
    if done.returncode != 0:
        place.resolve()
    token = player.ledger.token()
    player.will_commit(place, token)
    place.run("commit", "-q", "-m", f"{token} squash {' '.join(tokens)}", ok=False)
    if place.head == before:
        place.run("reset", "-q", "--hard")
        return None
    player.committed(place, token)
    return f"{name}: {len(tokens)} commits"


def rebase(player: Player, place: Place) -> str | None:
    """Rebase onto another branch, with either backend."""
    name = player.other_branch(place)
    if name is None or place.dirty() or not place.branch():
        return None
    how = player.rng.choice(("--merge", "--apply"))
    done = place.run("rebase", "-q", how, name, ok=False)
    if place.in_progress():
        if player.rng.random() < 0.3:
            place.run("rebase", "--abort")
            return f"{how} {name}, aborted"
        place.settle(("rebase", "--continue"), ("rebase", "--abort"))
    return f"{how} {name} ({done.returncode})"


def cherry_pick(player: Player, place: Place) -> str | None:
    """Take one commit of another branch."""
    name = player.other_branch(place)
    if name is None or place.dirty():
        return None
    found = place.out("rev-list", "--no-merges", f"HEAD..{name}").split()
    if not found:
        return None
    done = place.run("cherry-pick", player.rng.choice(found), ok=False)
    if place.in_progress():
        place.settle(("cherry-pick", "--continue"), ("cherry-pick", "--abort"))
    return f"of {name} ({done.returncode})"


def revert(player: Player, place: Place) -> str | None:
    """Revert one of the last commits."""
    found = place.out("rev-list", "--no-merges", "-5", "HEAD").split()
    if place.dirty() or len(found) < 2:
        return None
    subjects = place.out("log", "--no-merges", "-5", "--format=%s", "HEAD")
    if "t0" in tokens_of(subjects):
        return None
    chosen = player.rng.choice(found)
    place.run("revert", "--no-edit", chosen, ok=False)
    if place.in_progress():  # what a conflict was solved for is the session's own work
        session = place.memory.ws.working.active_session()
        reverted = f'Revert "{place.out("log", "-1", "--format=%s", chosen)}"'
        player.ledger.linked.setdefault(reverted, set()).update({session} if session else ())
        place.settle(("revert", "--continue"), ("revert", "--abort"))
    player.deleted(player.touched(place, chosen))  # or what was changed is as it was before
    return chosen[:10]


def recommit(player: Player, place: Place) -> str | None:
    """Make one commit of the last few, by a soft reset."""
    subjects = place.out("log", "--first-parent", "-3", "--format=%s").splitlines()
    if place.dirty() or len(subjects) < 3 or "t0" in tokens_of(" ".join(subjects)):
        return None
    tokens = tokens_of("\n".join(s for s in subjects[:2] if not s.startswith("Revert ")))
    tokens += tokens_of(place.out("log", "--format=%s", "HEAD~2..HEAD"))
    before = player.ids(place)
    place.run("reset", "-q", "--soft", "HEAD~2")
    token = player.ledger.token()
    player.will_commit(place, token)
    done = place.run("commit", "-q", "-m", f"{token} again {' '.join(tokens)}", ok=False)
    if done.returncode != 0:  # the two undid each other
        return None
    assert player.ids(place) == before
    player.committed(place, token)
    return f"{len(tokens)} commits"


def reset_hard(player: Player, place: Place) -> str | None:
    """Throw the work tree, or the last commit with it, away."""
    back = player.rng.choice(("HEAD", "HEAD~1"))
    if "t0" in tokens_of(place.out("log", "-1", "--format=%s")):
        back = "HEAD"
    place.run("reset", "-q", "--hard", back)
    return back


def clean(player: Player, place: Place) -> str:
    """Unstage everything and delete what is untracked."""
    place.run("reset", "-q")
    place.run("clean", "-q", "-fd")
    return "clean -fd"


def stash(player: Player, place: Place) -> str | None:
    """Put what is not committed on the stash."""
    if not place.dirty():
        return None
    place.run("stash", "push", "-q", "-u", ok=False)
    return "push"


def unstash(player: Player, place: Place) -> str | None:
    """Take the newest stash back, or drop it."""
    if place.dirty() or not place.out("stash", "list"):
        return None
    if player.rng.random() < 0.4:
        place.run("stash", "drop", "-q")
        return "drop"
    done = place.run("stash", "pop", "-q", ok=False)
    if done.returncode != 0:
        place.resolve()
        place.run("stash", "drop", "-q", ok=False)
    return f"pop ({done.returncode})"


def remove_record(player: Player, place: Place) -> str | None:
    """Delete a record's file on purpose, by a commit of its own."""
    known = player.here(place, "decision")
    if known is None or place.dirty():
        return None
    path = place.memory.ws.files.path_of(known.id)
    assert path is not None
    place.run("rm", "-q", "--", path)
    token = player.ledger.token()
    player.will_commit(place, token)
    place.run("commit", "-q", "-m", f"{token} remove")
    player.committed(place, token)
    player.deleted({known.id})
    return known.id


def worktree(player: Player, place: Place) -> str | None:
    """Add a linked worktree, or remove a clean one."""
    own = [p for p in player.world.of_clone(place.clone) if p.branch_of_its_own]
    if not own:
        if len(place.branches()) > 6:
            return None
        return f"added {add_worktree(player.world, place, f'w{player.ledger.steps}').name}"
    if own[0].dirty() or own[0].memory.ws.working.active_session():
        return None
    place.run("worktree", "remove", str(own[0].git.top), ok=False)
    if own[0].git.top.exists():
        return None
    player.world.places.remove(own[0])
    return f"removed {own[0].name}"


def push(player: Player, place: Place) -> str | None:
    """Push the branch, or be refused."""
    name = place.branch()
    if not name:
        return None
    done = place.run("push", "-q", "origin", f"HEAD:refs/heads/{name}", ok=False)
    return f"{name} ({done.returncode})"


def pull(player: Player, place: Place) -> str | None:
    """Pull main, by merge or by rebase."""
    if place.dirty() or not place.branch():
        return None
    how = player.rng.choice(("--rebase", "--no-rebase"))
    player.will_commit(place, "pull")
    done = place.run("pull", "-q", how, "origin", "main", ok=False)
    if place.in_progress():
        if how == "--rebase":
            place.settle(("rebase", "--continue"), ("rebase", "--abort"))
        else:
            place.settle(("commit", "-q", "--no-edit"), ("merge", "--abort"))
    for reason in player.waiting(place):
        reason.tokens.discard("pull")
    return f"{how} ({done.returncode})"


def collect(player: Player, place: Place) -> str:
    """Let git throw away what nothing refers to."""
    if player.rng.random() < 0.3:
        # Not of the stash: expiring its reflog is dropping it, unseen.
        place.run("reflog", "expire", "--expire=now", "HEAD", *place.branches())
        place.run("gc", "-q", "--prune=now")
        return "everything"
    place.run("gc", "-q")
    return "gc"


def wipe(player: Player, place: Place) -> str:
    """Delete everything derived."""
    for folder in (place.memory.ws.repo.private, place.memory.ws.repo.shared):
        for name in ("index", "links.json", "vectors.sqlite", "reachable.json"):
            path = os.path.join(folder, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)
    return "derived data"
