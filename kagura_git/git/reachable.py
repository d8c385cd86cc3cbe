"""Which versions of records git still holds, over all of history.

That is: on any branch, remote branch or tag, in any stash, in any worktree's
HEAD and staging area, or in a merge or rebase under way. `git kagura recover`
asks this before it calls a record lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from kagura_git.errors import GitError
from kagura_git.git import brought
from kagura_git.git.brought import FOLDER, PLAIN, Brought, lines
from kagura_git.git.repo import Repository
from kagura_git.git.run import decode
from kagura_git.git.tips import Tips, tips
from kagura_git.git.versions import record_at
from kagura_git.git.worktrees import Worktree, worktrees
from kagura_git.model.ids import id_in_name


class Place(NamedTuple):
    """Where git holds a version: the path it stands under, and the object."""

    path: str
    blob: str


@dataclass(slots=True)
class Held:
    """The versions that git holds.

    Attributes:
        names: each one's SHA-1 blob id, as the journal calls it.
    """

    repo: Repository
    worktrees: list[Worktree]
    tips: Tips
    names: set[str]
    _history: Brought
    _staged: list[Place]
    _places: dict[str, dict[str, Place]] = field(default_factory=dict)

    def places(self, record_id: str) -> dict[str, Place]:
        """Return where each version of a record is held, by its name in the journal."""
        if not self._places:
            for files in self._history.commits.values():
                for path, blob in files:
                    self._put(Place(path, blob))
            for place in self._staged:
                self._put(place)
        return self._places.get(record_id, {})

    def _put(self, place: Place) -> None:
        record_id = id_in_name(place.path.rpartition("/")[2]) or ""
        self._places.setdefault(record_id, {})[self._history.name(place.blob)] = place

    def lasting(self) -> set[str]:
        """Return the names of the versions that a branch, a remote branch or a tag holds.

        A stash, a staging area or a HEAD on no branch is there for the moment.
        """
        return set(self._history.held(brought.reached(self.repo.git, self.tips.lasting)))

    def dropped(self, wanted: Collection[str]) -> dict[str, tuple[str, str]]:
        """Return the commit, and its subject, that brought each of these versions.

        Only commits that nothing holds any more, as far as reflogs still know them.
        """
        git = self.repo.git
        done = git.run(
            *PLAIN, "rev-list", "--reflog", "--ignore-missing", "--full-history", "--stdin",
            "--", FOLDER, stdin=lines(f"^{tip}" for tip in self.tips.all), ok=(0, 128),
        )  # fmt: skip
        try:
            found = brought.of(git, decode(done.stdout).split())
        except GitError:
            return {}  # a commit outlived its trees
        brought.learn(git, self._history, (blob for files in found.values() for _, blob in files))
        commits: dict[str, str] = {}
        for sha, files in found.items():
            for _, blob in files:
                name = self._history.name(blob)
                if name in wanted:
                    commits.setdefault(name, sha)
        subjects = _subjects(self.repo, set(commits.values()))
        return {name: (sha, subjects.get(sha, "")) for name, sha in commits.items()}


def held(repo: Repository) -> Held:
    """Return the versions of records that git holds now.

    Raises:
        GitError: history cannot be read, so nothing can be said about what is lost.
    """
    trees = worktrees(repo)
    found = tips(repo, trees)
    history = brought.load(repo, found.all)
    staged = [place for tree in trees for place in _staged(repo, tree)]
    if brought.learn(repo.git, history, (place.blob for place in staged)):
        brought.save(repo, history)
    names = set(history.held())
    names.update(history.name(place.blob) for place in staged)
    return Held(repo, trees, found, names, history, staged)


def _staged(repo: Repository, tree: Worktree) -> Iterator[Place]:
    """Yield the record files in one worktree's staging area, the unmerged ones too."""
    # From here: the worktree of a locked one may be away, a bare main one has none.
    done = repo.git.run(
        f"--git-dir={tree.git_dir}", f"--work-tree={repo.top}", "ls-files", "-s", "-z", "--",
        FOLDER, ok=(0, 128),
    )  # fmt: skip
    for line in decode(done.stdout).split("\0")[:-1]:
        meta, _, path = line.partition("\t")
        if meta.startswith("100") and record_at(path) is not None:
            yield Place(path, meta.split(" ")[1])


def _subjects(repo: Repository, commits: Collection[str]) -> dict[str, str]:
    if not commits:
        return {}
    done = repo.git.run(
        "log", "--no-walk=unsorted", "--encoding=UTF-8", "--no-show-signature", "-z",
        "--format=tformat:%H %s", "--stdin", stdin=lines(sorted(commits)), ok=(0, 128),
    )  # fmt: skip
    found = (line.partition(" ") for line in decode(done.stdout).split("\0"))
    return {sha.strip("\n"): subject for sha, _, subject in found if sha.strip("\n")}
