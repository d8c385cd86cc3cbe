"""The player: chooses moves by a seed, keeps the ledger, and compares after every step."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from kagura_git.errors import KaguraError
from kagura_git.git import notes
from kagura_git.model.ids import id_in_name
from kagura_git.services import recover, relink, repair, sync
from tests.play import checks, git_moves, record_moves
from tests.play.ledger import Known, Ledger, Reason
from tests.play.world import Place, Trouble, World, build

Move = Callable[["Player", Place], str | None]


def synchronise(player: Player, place: Place) -> str:
    """Bring the notes of this clone and of the remote together."""
    sync.sync(place.memory.ws)
    return "sync"


def link_again(player: Player, place: Place) -> str:
    """Find links again that a rewrite lost."""
    relink.relink(place.memory.ws, None, limit=200, seconds=None)
    return "relink"


def restore(player: Player, place: Place) -> str | None:
    """Bring a lost record back."""
    lost = recover.lost(place.memory.ws)
    if not lost:
        return None
    chosen = player.rng.choice(sorted(lost, key=lambda item: item.id))
    recover.restore(place.memory.ws, [chosen.id])
    return chosen.id


def mend(player: Player, place: Place) -> str:
    """Let doctor mend what it can."""
    return f"{len(repair.repair(place.memory.ws))} repaired"


# How often each is chosen, as people do: much work, some history, rarely a disaster.
MOVES: dict[Move, int] = {
    record_moves.decide: 8,
    record_moves.fail: 8,
    record_moves.fail_again: 5,
    record_moves.solve: 4,
    record_moves.review: 3,
    record_moves.tag: 8,
    record_moves.begin: 3,
    record_moves.end: 2,
    record_moves.explain: 8,
    record_moves.look: 3,
    git_moves.commit: 16,
    git_moves.commit_without_hooks: 4,
    git_moves.amend: 4,
    git_moves.branch: 4,
    git_moves.switch: 6,
    git_moves.drop_branch: 2,
    git_moves.merge: 7,
    git_moves.squash: 2,
    git_moves.rebase: 4,
    git_moves.cherry_pick: 4,
    git_moves.revert: 1,
    git_moves.recommit: 2,
    git_moves.reset_hard: 2,
    git_moves.clean: 1,
    git_moves.stash: 3,
    git_moves.unstash: 3,
    git_moves.remove_record: 1,
    git_moves.worktree: 2,
    git_moves.push: 4,
    git_moves.pull: 4,
    git_moves.collect: 1,
    git_moves.wipe: 1,
    synchronise: 3,
    link_again: 2,
    restore: 3,
    mend: 1,
}


class Player:
    """One game: a seed, a world, a ledger, and what was done so far."""

    def __init__(self, root: Path, seed: int, clones: int = 3) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.ledger = Ledger()
        self.world: World = build(root, dict(os.environ), clones)
        self.script: list[str] = []
        self.counts: Counter[str] = Counter()
        self.read_tips: dict[str, set[str]] = {}

    def play(self, steps: int, gather: int = 120) -> None:
        """Play so many steps, bringing everything together now and then and at the end.

        Raises:
            Trouble: something did not hold; its text ends with the steps before it.
        """
        try:
            for _ in range(steps):
                self.step()
                if self.ledger.steps % gather == 0:
                    self.gather()
            self.gather()
        except (Trouble, AssertionError, KaguraError) as error:
            told = "\n".join(self.script[-30:])
            raise Trouble(
                f"seed {self.seed}, step {self.ledger.steps}: {type(error).__name__}: {error}\n"
                f"the last steps:\n{told}"
            ) from error

    def step(self) -> None:
        """Make one move that is possible, and check."""
        while True:
            place = self.rng.choice(self.world.places)
            move = self.rng.choices(list(MOVES), list(MOVES.values()))[0]
            self.ledger.steps += 1
            self.script.append(f"{self.ledger.steps} {place.name}: {move.__name__} ...")
            before = place.memory.ws.working.active_session()
            said = move(self, place)
            if said is None:
                self.script.pop()
                continue
            self.script[-1] = f"{self.ledger.steps} {place.name}: {move.__name__} {said}"
            self.counts[move.__name__] += 1
            break
        if before and said[:2] in ("D-", "E-"):
            self.ledger.records[said[:10]].sessions.add(before)
        if place in self.world.places:
            checks.after_step(self, place)

    # What moves ask and tell

    def expect(self, holds: bool, otherwise: str) -> None:
        """Raise ``Trouble`` unless something holds."""
        if not holds:
            raise Trouble(otherwise)

    def ids(self, place: Place) -> set[str]:
        """Return the ids of the records in a work tree."""
        names = (path.rsplit("/", 1)[-1] for path, _ in place.memory.ws.files.entries())
        return {found for name in names if (found := id_in_name(name))}

    def touched(self, place: Place, commit: str) -> set[str]:
        """Return the ids of the records that a commit changes."""
        paths = place.out("show", "--format=", "--name-only", "-z", commit).split("\0")
        return {found for path in paths if (found := id_in_name(path.rsplit("/", 1)[-1]))}

    def here(self, place: Place, kind: str) -> Known | None:
        """Return a record of a work tree, chosen by chance."""
        ids = self.ids(place)
        found = [known for known in self.ledger.of(kind) if known.id in ids]
        return self.rng.choice(found) if found else None

    def other_branch(self, place: Place) -> str | None:
        """Return a branch to merge, local or the remote's."""
        names = [name for name in place.branches() if name != place.branch()]
        if place.run("rev-parse", "--verify", "-q", "origin/main", ok=False).returncode == 0:
            names.append("origin/main")
        return self.rng.choice(names) if names else None

    def will_commit(self, place: Place, token: str) -> None:
        """Allow what waits in a place to be said of the commit about to be made."""
        session = place.memory.ws.working.active_session()
        if session:
            self.ledger.linked.setdefault(token, set()).add(session)
        for reason in self.waiting(place):
            if not reason.settled:
                reason.tokens.add(token)

    merging = will_commit

    def waiting(self, place: Place) -> list[Reason]:
        """Return the reasons that no commit of this place has taken yet."""
        waiting = place.memory.ws.working.pending("C-")
        return [self.ledger.reasons[key] for key in waiting]

    def committed(self, place: Place, token: str) -> None:
        """Look at what the commit just made has taken, and disallow the rest."""
        touched = checks.paths_of(place)
        self.ledger.linked[token] |= self.touched(place, "HEAD")
        parent = place.run("rev-parse", "-q", "--verify", "HEAD~1", ok=False).stdout.strip()
        for reason in self.waiting(place):
            if reason.settled:
                continue
            if reason.path in touched and reason.head == parent:
                raise Trouble(f"{place.name}: {reason.id} ({reason.path}) was not taken by {token}")
            reason.tokens.discard(token)

    def committed_without_hooks(self, place: Place, token: str, parent: str) -> None:
        """Say which reasons belong to the commit just made, though no hook noted it."""
        touched = checks.paths_of(place)
        self.ledger.linked[token] |= self.touched(place, "HEAD")
        for reason in self.waiting(place):
            if reason.path in touched and not reason.settled:
                reason.tokens.add(token)
                if reason.head == parent:
                    reason.tokens, reason.settled = {token}, True

    def deleted(self, ids: set[str]) -> None:
        """Keep that somebody deleted records on purpose: they may stay away or come back."""
        for identifier in ids:
            self.ledger.records[identifier].removed = True

    # Bringing everything together

    def gather(self) -> None:
        """Recover, commit, merge and push everything of every clone, then compare them."""
        self.script.append(f"{self.ledger.steps} gather")
        for place in list(self.world.places):
            self._finish(place)
        for place in self.world.clones():
            self._restore_all(place)
            self._unite(place)
        for _ in range(2):
            for place in self.world.clones():
                self._exchange(place)
        for place in self.world.clones():
            place.run("pull", "-q", "--no-rebase", "origin", "main")
        for _ in range(2):
            for place in self.world.clones():
                relink.relink(place.memory.ws, None, limit=None, seconds=None)
                sync.sync(place.memory.ws)
        for place in self.world.clones():
            sync.sync(place.memory.ws)
            checks.after_step(self, place)
        checks.together(self)

    def _finish(self, place: Place) -> None:
        if place.memory.ws.working.active_session():
            place.memory.end_coding_session()
        while place.out("stash", "list"):
            self._save(place)
            if place.run("stash", "pop", "-q", ok=False).returncode != 0:
                place.resolve()
                place.run("stash", "drop", "-q", ok=False)
        self._save(place)

    def _save(self, place: Place) -> None:
        place.run("add", "-A")
        if not place.dirty():
            return
        token = self.ledger.token()
        self.will_commit(place, token)
        place.run("commit", "-q", "-m", f"{token} save")
        self.committed(place, token)

    def _restore_all(self, place: Place) -> None:
        lost = [item.id for item in recover.lost(place.memory.ws)]
        if lost:
            recover.restore(place.memory.ws, lost)
        self._save(place)
        left = recover.lost(place.memory.ws)
        if left:
            raise Trouble(f"{place.clone}: still lost after recover: {[i.id for i in left]}")

    def _unite(self, place: Place) -> None:
        for own in [p for p in self.world.of_clone(place.clone) if p.branch_of_its_own]:
            place.run("worktree", "remove", "--force", str(own.git.top))
            self.world.places.remove(own)
        home = place.branch() or place.head
        place.run("switch", "-q", "main")
        place.run("fetch", "-q", "origin")
        remote = place.out("for-each-ref", "--format=%(refname)", "refs/remotes/origin").split()
        for name in [*place.branches(), *remote, home]:
            if name not in ("main", "refs/remotes/origin/HEAD"):
                self._merge(place, name)

    def _merge(self, place: Place, name: str) -> None:
        token = self.ledger.token()
        done = place.run("merge", "-q", "--no-ff", "-m", f"{token} gather", name, ok=False)
        if done.returncode != 0 and place.in_progress():
            self.merging(place, token)
            if not place.settle(("commit", "-q", "--no-edit"), ("merge", "--abort")):
                raise Trouble(f"{place.name}: {name} could not be merged: {done.stderr}")
        self._save(place)

    def _exchange(self, place: Place) -> None:
        for _ in range(6):
            place.run("fetch", "-q", "origin")
            self._merge(place, "origin/main")
            if place.run("push", "-q", "origin", "HEAD:main", ok=False).returncode == 0:
                return
        raise Trouble(f"{place.name}: could not push")


__all__ = ["Player", "Trouble", "notes"]
