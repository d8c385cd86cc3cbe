"""What keeps commits alive: refs, stashes, every worktree's HEAD, a merge or rebase under way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from kagura_git.git.repo import Repository
from kagura_git.git.run import decode
from kagura_git.git.worktrees import Worktree

_PSEUDO: Final = (
    "HEAD", "MERGE_HEAD", "MERGE_AUTOSTASH", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD",
)  # fmt: skip
_UNDER_WAY: Final = tuple(
    os.path.join(folder, name)
    for folder in ("rebase-merge", "rebase-apply")
    for name in ("autostash", "orig-head")
)
STASH: Final = "refs/stash"
_NOTES: Final = "refs/notes/"
_HEADS: Final = "refs/heads/"


class Tips(NamedTuple):
    """Commits (or tags) by which others are reached.

    Attributes:
        refs: what each ref points to, by its full name; notes left out.
        others: what else holds a commit: HEADs, stashes below the newest, work under way.
    """

    refs: dict[str, str]
    others: set[str]

    @property
    def all(self) -> list[str]:
        """All of them, each once, sorted."""
        return sorted({*self.refs.values(), *self.others})

    @property
    def lasting(self) -> set[str]:
        """What branches, remote branches and tags point to."""
        return {sha for ref, sha in self.refs.items() if ref != STASH}

    @property
    def branches(self) -> set[str]:
        """The short names of the branches here."""
        return {ref.removeprefix(_HEADS) for ref in self.refs if ref.startswith(_HEADS)}


def tips(repo: Repository, trees: Sequence[Worktree]) -> Tips:
    """Return what keeps commits alive in this repository and these worktrees."""
    refs = {}
    for line in repo.git.text("for-each-ref", "--format=%(objectname) %(refname)").splitlines():
        sha, _, ref = line.partition(" ")
        if not ref.startswith(_NOTES):  # of their commits there are many, of records in them none
            refs[ref] = sha
    others = set(_pseudo(repo, trees))
    for tree in trees:
        for name in _UNDER_WAY:
            others.update(_commit_in(os.path.join(tree.git_dir, name)))
    if STASH in refs:
        done = repo.git.run("log", "-g", "--format=%H", STASH, "--", ok=(0, 128))
        others.update(decode(done.stdout).split())
    return Tips(refs, others)


def _pseudo(repo: Repository, trees: Sequence[Worktree]) -> Iterable[str]:
    names = (f"{tree.prefix}{name}" for tree in trees for name in _PSEUDO)
    asked = "".join(f"{name}\n" for name in names if "\n" not in name)
    check = "--batch-check=%(objecttype) %(objectname)"
    answers = repo.git.text("cat-file", check, stdin=asked.encode("utf-8", "surrogateescape"))
    for line in answers.splitlines():
        kind, _, sha = line.partition(" ")
        if kind == "commit":  # and not `<name> missing`
            yield sha


def _commit_in(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii") as file:
            sha = file.readline(80).strip()
    except (OSError, ValueError):
        return []
    return [sha] if len(sha) in (40, 64) and sha.isalnum() else []
