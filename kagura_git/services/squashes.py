"""Which earlier commits were joined into one, or divided into others.

Where a range of commits and a later commit (or a later range) make the same
difference to the same files, the later one was made of the earlier ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kagura_git.git.patches import Pair
from kagura_git.git.replay import replays, same
from kagura_git.services.origins import AUTHOR, PROOF, witness
from kagura_git.services.traces import Origin, Traces, linked_text

_MOST_TIPS: Final = 100
_MOST_DRIFTED: Final = 20
_LONGEST: Final = 1000


class Range(NamedTuple):
    """Commits that a tip has and another commit's parent has not.

    Attributes:
        commits: the newest first.
        pair: the trees before and after them.
    """

    base: str
    tip: str
    commits: tuple[str, ...]
    pair: Pair


def ranges(t: Traces, sha: str) -> list[Range]:
    """Return the ranges that a commit may be the squash of, the newest first."""
    kin = t.kin.commits[sha]
    mine = t.steps(sha)
    if len(kin.parents) != 1 or kin.parents[0] not in t.kin.commits or not mine:
        return []
    # Where the files had drifted apart no blob tells; then the newest tips must do.
    tips = t.possible(sha, t.leaving(mine))[:_MOST_TIPS]
    tips += t.possible(sha, t.touching(mine) & ~t.mask(tips))[:_MOST_DRIFTED]
    found = []
    for tip in tips:
        theirs = t.steps(tip)
        merge = len(t.kin.commits[tip].parents) > 1
        if theirs != mine and (merge or theirs.keys() <= mine.keys()):
            found += _range(t, kin.parents[0], tip)
    return found


def _range(t: Traces, parent: str, tip: str) -> list[Range]:
    base, commits = t.kin.base(parent, tip)
    if base is None or not commits or len(commits) > _LONGEST:
        return []
    if not any(sha in t.sources for sha in commits):
        return []
    pair = (t.kin.commits[base].tree, t.kin.commits[tip].tree)
    return [Range(base, tip, tuple(commits), pair)]


def texts_wanted(t: Traces, sha: str, found: Sequence[Range]) -> Iterator[Pair]:
    """Yield the changes whose text :func:`squashed` will need."""
    near = [item.pair for item in found if t.between(item.pair).keys() == t.steps(sha).keys()]
    if near:
        yield t.pair(sha)
        yield from near


def squashed(t: Traces, sha: str, found: Sequence[Range]) -> Origin | None:
    """Return the range that makes the very difference a commit makes."""
    kin = t.kin.commits[sha]
    for item in found:
        how = _equal(t, sha, item)
        if how is None or not _told(t, sha, item):
            continue
        if kin.mentions.reverts and not any(
            t.kin.commits[other].mentions.reverts for other in item.commits
        ):
            continue
        commits = tuple(other for other in reversed(item.commits) if other in t.sources)
        return Origin(commits, how, whole=len(item.commits) == 1)
    return None


def _equal(t: Traces, sha: str, item: Range) -> str | None:
    kin = t.kin.commits[sha]
    if item.base == kin.parents[0] and kin.tree == item.pair[1] != item.pair[0]:
        return "same tree"
    mine, theirs = t.steps(sha), t.between(item.pair)
    if same(mine, theirs):
        return "same changes"
    one, other = t.text(t.pair(sha)), t.text(item.pair)
    if one is not None and other is not None and one.id == other.id:
        return "same combined patch"
    if mine.keys() == theirs.keys() and replays(t.git, mine, theirs):
        return "same merge"
    return None


def _told(t: Traces, sha: str, item: Range) -> bool:
    known = witness(t, sha, item.commits, t.between(item.pair))
    if known == AUTHOR:
        return not t.trivial(t.pair(sha)) or (
            item.tip not in t.alive and item.base == t.kin.commits[sha].parents[0]
        )
    return known == PROOF


def itemised(t: Traces, sha: str) -> Origin | None:
    """Return the commits whose subjects and trailers a server's squash message lists.

    Each must be the only one of that subject, must have left its lines in this
    commit, and all that its message names must be named here too.
    """
    kin = t.kin.commits[sha]
    named = linked_text(kin)
    if not kin.mentions.items or not named:
        return None
    items = set(kin.mentions.items)
    by_subject: dict[str, list[str]] = {}
    for other in t.possible(sha, t.touching(t.steps(sha))):
        old = t.kin.commits[other]
        if other in t.sources and old.subject in items and linked_text(old):
            by_subject.setdefault(old.subject, []).append(other)
    found = []
    for commits in by_subject.values():
        fitting = [other for other in commits if linked_text(t.kin.commits[other]) <= named]
        authored = {(t.kin.commits[o].author, t.kin.commits[o].authored) for o in fitting}
        if len(authored) == 1 and _left(t, sha, fitting[0]):
            found.append(fitting[0])
    return Origin(tuple(reversed(found)), "squash message") if found else None


def _left(t: Traces, sha: str, other: str) -> bool:
    """Tell whether all that a commit brought stands among what the squash brought."""
    mine, theirs = t.steps(sha), t.steps(other)
    if not theirs or not theirs.keys() <= mine.keys():
        return False
    t.read_texts([t.pair(sha), t.pair(other)])
    new, old = t.text(t.pair(sha)), t.text(t.pair(other))
    for path, step in theirs.items():
        if mine[path].new == step.new:
            continue
        came = old.added.get(path) if old else None
        if not came or not new or not came <= new.added.get(path, frozenset()):
            return False
    return True


def divided(t: Traces, base: str, tip: str, parts: Sequence[str]) -> Iterator[tuple[str, Origin]]:
    """Yield what each of several commits on one base took over from a range that was given up.

    A path counts once a part has brought it to the blob the range brought it to.

    Args:
        parts: the commits built on the base, the oldest first.
    """
    found, commits = t.kin.base(base, tip)
    if found != base:
        return
    goal = t.between((t.kin.commits[base].tree, t.kin.commits[tip].tree))
    sources = [sha for sha in reversed(commits) if sha in t.sources]
    t.read([*sources, *parts])
    taken: dict[str, dict[str, set[str]]] = {}
    for path, step in goal.items():
        touching = [sha for sha in parts if path in t.steps(sha)]
        reached = next(
            (n for n, sha in enumerate(touching) if t.steps(sha)[path].new == step.new), None
        )
        if reached is None:
            continue
        givers = [sha for sha in sources if path in t.steps(sha)]
        takers = touching[: reached + 1]
        for taker in takers:
            for giver in givers:
                if (
                    len(takers) == 1
                    or len(givers) == 1
                    or t.steps(taker)[path] == t.steps(giver)[path]
                ):
                    taken.setdefault(taker, {}).setdefault(giver, set()).add(path)
    for taker, by_giver in taken.items():
        for giver, paths in by_giver.items():
            yield taker, Origin((giver,), "reset", paths={path: path for path in paths})
