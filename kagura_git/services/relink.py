"""Find again what commits have to do with, after history was rewritten.

Notes follow ``commit --amend`` and ``rebase`` by themselves. A cherry-pick, a
squash, ``reset --soft``, ``filter-branch``, ``am`` or a rebase in another clone
leave them behind, on commits that may not even be on a branch any more. A link
that is not certain is not made.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from kagura_git.git import ancestry, notes, patches
from kagura_git.git.run import Git, decode, revision
from kagura_git.services import claims, kept_reasons, rewrite_maps, waiting_reasons
from kagura_git.services.origin_search import OriginSearch, Relinked
from kagura_git.services.traces import Progress, Traces
from kagura_git.workspace import Workspace

__all__ = ["RelinkReport", "Relinked", "relink"]

_MOST_COMMITS: Final = 200_000


@dataclass(frozen=True, slots=True)
class RelinkReport:
    """What :func:`relink` did.

    Attributes:
        examined: how many commits were looked at.
        complete: False if the time or the number of commits ran out before all were.
    """

    relinked: tuple[Relinked, ...]
    examined: int
    complete: bool


def relink(
    ws: Workspace,
    range_: str | None = None,
    *,
    limit: int | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
    dry_run: bool = False,
) -> RelinkReport:
    """Give commits that lost their links those of the commits they were made of.

    Args:
        range_: which commits, such as ``main..HEAD``; None for all of HEAD and the branches.
        limit: how many commits to look at, the newest first.
        seconds: stop looking after this time, and keep what was found.
        progress: called with how much is done, and of how much.
        dry_run: change nothing, only tell.

    Raises:
        GitError: no such range, or the notes cannot be written.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    settled = waiting_reasons.settle(ws, dry_run=dry_run)
    # What a commit is made of is what it says itself, not what `git replace` puts in its place.
    git = Git(ws.repo.git.cwd, {**ws.repo.git.env, "GIT_NO_REPLACE_OBJECTS": "1"})
    moves = ancestry.moves(git, ws.repo.common_dir)
    noted = notes.all_notes(git)
    targets, left = _targets(git, range_, limit)
    kin = ancestry.load(git, [*moves.tips, *noted, *targets], _MOST_COMMITS)
    adders = patches.adders(git, kin.commits)
    named = {name for one in kin.commits.values() for ids in one.linked for name in ids}
    known = claims.existing(ws, named - adders.keys()) | adders.keys()
    t = Traces(git, kin, moves, noted, _alive(git, kin), known, deadline)
    oldest_first = [sha for sha in reversed(targets) if sha in kin.commits]
    kept = ws.reason_journal.read()
    maps = rewrite_maps.read(ws.repo.common_dir)
    found = _both(
        kept_reasons.restored(t, kept), rewrite_maps.carried_over(t, maps, kept, oldest_first)
    )
    found = _both(found, OriginSearch(t, oldest_first, adders, progress).run())
    if found and not dry_run:
        added = {sha: item.entries for sha, item in found.items()}
        notes.add(git, added, ws.repo.identity())
        ws.reason_journal.keep(added, ws.now())
    complete = not left and not t.late()
    if complete and range_ is None and not dry_run:
        rewrite_maps.mark_read(ws)
    newest_first = [found[sha] for sha in targets if sha in found]
    asked = {*targets}
    newest_first += [item for sha, item in found.items() if sha not in asked]
    return RelinkReport((*settled, *newest_first), len(targets), complete)


def _both(one: Mapping[str, Relinked], other: Mapping[str, Relinked]) -> dict[str, Relinked]:
    """Return what commits got in two ways as one, by commit."""
    found = {**one, **other}
    for sha in one.keys() & other.keys():
        first, second = one[sha], other[sha]
        found[sha] = replace(
            first,
            origins=(*first.origins, *second.origins),
            entries=(*first.entries, *second.entries),
        )
    return found


def _targets(git: Git, range_: str | None, limit: int | None) -> tuple[list[str], bool]:
    """Return the commits to look at, newest first, and whether the limit left some out."""
    revisions = ["HEAD", "--branches"] if range_ is None else [revision(range_)]
    bound = [] if limit is None else [f"--max-count={limit + 1}"]
    done = git.run("rev-list", *bound, *revisions, "--", ok=(0, 128))
    if done.returncode and range_ is not None:
        git.run("rev-list", "--max-count=1", *revisions, "--")  # says what is wrong with it
    found = decode(done.stdout).split()
    return found[:limit], limit is not None and len(found) > limit


def _alive(git: Git, kin: ancestry.Ancestry) -> set[str]:
    """Return what branches, tags and remotes hold."""
    refs = ("refs/heads", "refs/tags", "refs/remotes")
    wanted = git.text("for-each-ref", "--format=%(objectname) %(*objectname)", *refs).split()
    alive: set[str] = set()
    while wanted:
        sha = wanted.pop()
        if sha in kin.commits and sha not in alive:
            alive.add(sha)
            wanted += kin.commits[sha].parents
    return alive
