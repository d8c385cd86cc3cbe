"""The world that is played in: one bare repository, clones of it, their worktrees.

Every git command is a real one, with kagura's hooks installed; a conflict in
ordinary files is resolved as a person in a hurry would.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from kagura_git.memory import SyncCodingMemory
from kagura_git.services import repair, setup
from tests.git_repo import Sandbox, new

SOURCES = tuple(f"src/part{number}.txt" for number in range(8))


class Trouble(AssertionError):
    """Something that must hold did not."""


@dataclass
class Place:
    """One work tree of one clone, and the memory opened in it."""

    name: str
    clone: str
    git: Sandbox
    memory: SyncCodingMemory
    branch_of_its_own: str | None = None  # a linked worktree's

    def run(self, *args: str, ok: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """Run git here; nothing ever opens an editor."""
        done = self.git.run(*args, ok=False, GIT_EDITOR="true", GIT_MERGE_AUTOEDIT="no", **env)
        if "Traceback" in done.stderr or "please report" in done.stderr:
            raise Trouble(f"git {args}: {done.stderr}")
        if ok and done.returncode != 0:
            raise Trouble(f"git {args} ({done.returncode}): {done.stdout}{done.stderr}")
        return done

    def out(self, *args: str) -> str:
        """Return what git printed."""
        return self.run(*args).stdout.rstrip("\n")

    @property
    def head(self) -> str:
        """The commit of HEAD."""
        return self.out("rev-parse", "HEAD")

    def branch(self) -> str:
        """Return the branch's name, or an empty text on a detached HEAD."""
        return self.run("symbolic-ref", "--quiet", "--short", "HEAD", ok=False).stdout.strip()

    def branches(self) -> list[str]:
        """Return the local branches, by name."""
        return self.out("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def free_branches(self) -> list[str]:
        """Return the local branches that no worktree has checked out."""
        text = self.out("for-each-ref", "--format=%(refname:short) %(worktreepath)", "refs/heads")
        return [line.strip() for line in text.splitlines() if " " not in line.strip()]

    def dirty(self) -> bool:
        """Tell whether anything is not committed."""
        return bool(self.out("status", "--porcelain", "--untracked-files=all"))

    def settle(self, go_on: tuple[str, ...], give_up: tuple[str, ...]) -> bool:
        """Resolve every conflict and go on until the operation has ended; False if given up."""
        for _ in range(40):
            self.resolve()
            done = self.run(*go_on, ok=False)
            if done.returncode == 0 and not self.in_progress():
                return True
            if not self.unmerged() and self.in_progress():
                said = done.stdout + done.stderr
                if "nothing to commit" in said or "empty" in said or "No changes" in said:
                    verb = go_on[0] if go_on[0] != "commit" else "merge"
                    skip = self.run(verb, "--skip", ok=False)
                    if skip.returncode == 0 and not self.in_progress():
                        return True
            elif not self.in_progress():
                return done.returncode == 0
        self.run(*give_up, ok=False)
        return False

    def in_progress(self) -> bool:
        """Tell whether a merge, rebase, cherry-pick or revert waits."""
        folder = Path(self.memory.ws.repo.git_dir)
        states = "MERGE_HEAD rebase-merge rebase-apply CHERRY_PICK_HEAD REVERT_HEAD sequencer"
        return any((folder / name).exists() for name in states.split())

    def unmerged(self) -> list[str]:
        """Return the paths in conflict."""
        text = self.out("diff", "--name-only", "--diff-filter=U", "-z")
        return [path for path in text.split("\0") if path]

    def resolve(self) -> None:
        """Take one side of every conflict in ordinary files; records are for kagura."""
        paths = self.unmerged()
        if any(path.startswith(".kagura/") for path in paths):
            repair.repair(self.memory.ws)
        for path in self.unmerged():
            if path.startswith(".kagura/"):
                raise Trouble(f"{self.name}: {path} stays in conflict after the repair")
            side = "--theirs" if len(path) % 2 else "--ours"
            if self.run("checkout", side, "--", path, ok=False).returncode != 0:
                self.run("checkout", "--ours", "--", path, ok=False)
            if (self.git.top / path).exists():
                self.run("add", "--", path)
            else:
                self.run("rm", "-q", "--cached", "--", path, ok=False)


@dataclass
class World:
    """All places, in the order in which they came."""

    root: Path
    env: dict[str, str]
    bare: Sandbox
    places: list[Place] = field(default_factory=list)

    def clones(self) -> list[Place]:
        """Return the main work tree of every clone."""
        return [place for place in self.places if place.branch_of_its_own is None]

    def of_clone(self, clone: str) -> list[Place]:
        """Return every place of one clone."""
        return [place for place in self.places if place.clone == clone]


def build(root: Path, env: dict[str, str], clones: int) -> World:
    """Make the bare repository and its clones, each set up by init."""
    bare = new(root / "origin.git", env, "--bare")
    world = World(root, env, bare)
    seed = new(root / "seed", env)
    for path in SOURCES:
        seed.write(path, f"{path}\n")
    setup.init(seed.repo)
    seed.run("add", "-A")
    seed.run("commit", "-q", "-m", "t0 start", KAGURA_DISABLE="1")
    seed.run("push", "-q", str(bare.top), "HEAD:main")
    for number in range(clones):
        top = root / f"clone{number}"
        bare.run("clone", "-q", "-b", "main", str(bare.top), str(top))
        box = Sandbox(top, env)
        box.run("config", "user.name", f"Ada {number}")
        setup.init(box.repo)
        memory = SyncCodingMemory(top, environ=env)
        world.places.append(Place(f"clone{number}", f"clone{number}", box, memory))
    return world


def add_worktree(world: World, place: Place, branch: str) -> Place:
    """Give a clone a linked worktree on a new branch."""
    top = world.root / f"{place.clone}-{branch}"
    place.run("worktree", "add", "-q", "-b", branch, str(top))
    box = Sandbox(top, world.env)
    memory = SyncCodingMemory(top, environ=world.env)
    made = Place(top.name, place.clone, box, memory, branch_of_its_own=branch)
    world.places.append(made)
    return made
