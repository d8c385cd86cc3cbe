"""Which earlier commit a commit is another form of; no answer where it is not certain.

Two things must come together. The content: the same blobs, the same text, or
what git makes of that change on other ground. And a witness that this is no
coincidence: the author's date that git keeps when it makes a commit again, the
same author, a record's file that only one of them can have, a trailer, a reflog.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kagura_git.git.patches import Pair, Patch, Steps
from kagura_git.services.traces import Origin, Traces, linked_text, records

_MOST_CANDIDATES: Final = 200

NONE: Final = 0
AUTHOR: Final = 1
PROOF: Final = 2


def witness(t: Traces, sha: str, commits: Sequence[str], theirs: Steps) -> int:
    """Return how well it is known that a commit was made of others: PROOF, AUTHOR or NONE.

    Args:
        theirs: what those others change together.
    """
    kin = t.kin.commits[sha]
    if records(t.steps(sha)) & records(theirs):
        return PROOF
    if linked_text(kin) & set().union(*(t.ids(other) for other in commits)):
        return PROOF
    if t.moves.reset.get(sha) in commits:
        return PROOF
    authors = {t.kin.commits[other].author.casefold() for other in commits}
    return AUTHOR if kin.author.casefold() in authors else NONE


def named(t: Traces, sha: str) -> Origin | None:
    """Return the commits that the message names: of ``cherry-pick -x`` or ``merge --squash``."""
    said = t.kin.commits[sha].mentions
    squashed = tuple(
        other
        for other in said.squashed
        if other != sha and _concerns(t, sha, other) and not t.kin.has_ancestor(sha, other)
    )
    if squashed:
        return Origin(squashed, "squash message")
    picked = tuple(
        other
        for other in said.picked
        if other != sha and _concerns(t, sha, other) and _is_pick(t, sha, other)
    )
    return Origin(picked, "cherry-pick", whole=len(picked) == 1) if picked else None


def _is_pick(t: Traces, sha: str, other: str) -> bool:
    """Tell whether a commit can be the pick that its message says: words alone prove nothing."""
    kin, old = t.kin.commits[sha], t.kin.commits.get(other)
    if old is None or (kin.author, kin.authored) == (old.author, old.authored):
        return True
    return overlaps(t, sha, other, None)


def _concerns(t: Traces, sha: str, other: str) -> bool:
    """Tell whether a named commit has links, and changed something that this one changes."""
    mine = t.steps(sha).keys()
    if other in t.kin.commits:
        shared = mine & t.steps(other).keys()
        return bool(shared and t.ids(other)) and not t.kin.has_ancestor(other, sha)
    # It is gone, but its note is not.
    noted = [entry["path"] for entry in t.entries.get(other, ()) if "path" in entry]
    return bool(noted) and all(path in mine for path in noted)


def twins(t: Traces, sha: str) -> list[str]:
    """Return the commits with links that have the same author and the same author's date."""
    kin = t.kin.commits[sha]
    return t.possible(sha, t.mask(t.by_author.get((kin.author, kin.authored), ())))


def alike(t: Traces, sha: str) -> list[str]:
    """Return the commits with links that change exactly the same paths."""
    return t.possible(sha, t.by_paths.get(frozenset(t.steps(sha)), 0))[:_MOST_CANDIDATES]


def exact(t: Traces, sha: str) -> Origin | None:
    """Return the commit that took the same blobs to the same blobs."""
    mine = t.steps(sha)
    if not mine:
        return None
    same = [o for o in twins(t, sha) if t.steps(o) == mine and _same_second(t, sha, o)]
    if same:
        return Origin(tuple(same), "same change", whole=True)
    trees = t.mask(t.by_tree.get(t.kin.commits[sha].tree, ()))
    same = [
        other
        for other in t.possible(sha, trees)
        if other in t.sources and _same_place(t, sha, other) and _told(t, sha, other)
    ]
    return Origin(tuple(same), "same tree", whole=True) if same else None


def _same_second(t: Traces, sha: str, other: str) -> bool:
    """Tell whether the author's date is no coincidence: a script may commit twice in a second."""
    if t.kin.commits[sha].subject == t.kin.commits[other].subject or other not in t.alive:
        return True
    return sha in t.moves.replayed or not t.trivial(t.pair(sha))


def _same_place(t: Traces, sha: str, other: str) -> bool:
    """Tell whether a commit with the same tree stood where this one stands."""
    parents = t.kin.commits[sha].parents
    if t.kin.commits[other].parents == parents:
        return True
    if len(parents) > 1:  # what a merge repeats was not made by it
        return False
    replaced = other not in t.alive and t.steps(other) == t.steps(sha)
    return replaced and not t.taken_before(sha, [other])


def _told(t: Traces, sha: str, other: str) -> bool:
    known = witness(t, sha, [other], t.steps(other))
    if known == AUTHOR:  # a commit that no branch holds any more has been replaced
        return other not in t.alive or not t.trivial(t.pair(sha))
    return known == PROOF


def texts_wanted(t: Traces, sha: str) -> Iterator[Pair]:
    """Yield the changes whose text :func:`patched`, :func:`exact` and the like will need."""
    if not t.steps(sha):
        return
    found = list(dict.fromkeys((*twins(t, sha), *alike(t, sha))))
    if found or t.possible(sha, t.mask(t.by_tree.get(t.kin.commits[sha].tree, ()))):
        yield t.pair(sha)
    yield from (t.pair(other) for other in found)


def patched(t: Traces, sha: str) -> Origin | None:
    """Return the commit of the same author and author's date that has the same text."""
    mine = t.text(t.pair(sha))
    if mine is None:
        return None
    same = [o for o in twins(t, sha) if _is(t, mine.id, o) and _same_second(t, sha, o)]
    return Origin(tuple(same), "same patch", whole=True) if same else None


def _is(t: Traces, patch: bytes, other: str) -> bool:
    text = t.text(t.pair(other))
    return text is not None and text.id == patch


def rewritten(t: Traces, sha: str) -> Origin | None:
    """Return the commit whose author, author's date and subject git has kept.

    The content may differ: a conflict was solved, or a filter went over it. Then
    most of the lines must be the same, or git must have said that it made the
    commit again.
    """
    kin = t.kin.commits[sha]
    found: list[tuple[str, dict[str, str] | None]] = []
    for other in twins(t, sha):
        old = t.kin.commits[other]
        if old.subject != kin.subject:  # a second is long for a program that commits
            continue
        filtered = (old.committer, old.committed) == (kin.committer, kin.committed)
        fits, paths = _paths(t.steps(sha), t.steps(other), filtered=filtered)
        shared = t.steps(sha).keys() & t.steps(other).keys()
        replaced = old.parents == kin.parents and other not in t.alive
        if (shared and (sha in t.moves.replayed or replaced)) or (
            fits and overlaps(t, sha, other, paths)
        ):
            found.append((other, paths))
    found = _largest(t, found)
    if not found:
        return None
    return Origin(tuple(other for other, _ in found), "rewritten", whole=True, paths=found[0][1])


def overlaps(t: Traces, sha: str, other: str, paths: dict[str, str] | None) -> bool:
    """Tell whether more than half of what one commit changed is in the other, file by file.

    Args:
        paths: where the files of the other one are in this one, if elsewhere.
    """
    mine, theirs = t.steps(sha), t.steps(other)
    t.read_texts([t.pair(sha), t.pair(other)])
    new, old = t.text(t.pair(sha)), t.text(t.pair(other))
    same = total = 0
    for path, step in theirs.items():
        here = path if paths is None else paths.get(path, path)
        if here not in mine:
            continue
        lines = _lines(old, path)
        total += len(lines) or 1
        if mine[here].new == step.new:
            same += len(lines) or 1
        else:
            same += len(lines & _lines(new, here))
    return same * 2 > total


def _lines(text: Patch | None, path: str) -> frozenset[tuple[str, int]]:
    if text is None:
        return frozenset()
    added = (("+", line) for line in text.added.get(path, ()))
    return frozenset(added) | {("-", line) for line in text.removed.get(path, ())}


def _paths(mine: Steps, theirs: Steps, *, filtered: bool) -> tuple[bool, dict[str, str] | None]:
    """Tell whether two sets of paths say that it is one commit, and where its files are now."""
    if mine.keys() == theirs.keys():
        return True, None
    if not filtered:
        return False, None
    if mine.keys() <= theirs.keys() or mine.keys() >= theirs.keys():
        return True, None
    one = next(iter(mine))
    for path in theirs:
        if path.endswith(f"/{one}"):
            folder = path[: -len(one)]
            moved = {old: old[len(folder) :] for old in theirs if old.startswith(folder)}
            if set(moved.values()) == set(mine):
                return True, moved
    return False, None


def _largest(
    t: Traces, found: Sequence[tuple[str, dict[str, str] | None]]
) -> list[tuple[str, dict[str, str] | None]]:
    """Return the candidates if they are one commit at several times: one knows what all know."""
    if len(found) <= 1:
        return list(found)
    best = max(found, key=lambda item: len(t.ids(item[0])))
    same_paths = all(item[1] == best[1] for item in found)
    if same_paths and all(t.ids(other) <= t.ids(best[0]) for other, _ in found):
        return [best]
    return []


def copied(t: Traces, sha: str, rivals: Iterable[str]) -> Origin | None:
    """Return the one commit with the same text, by the same author at another time.

    Args:
        rivals: other commits without links that change the same paths.
    """
    mine = t.text(t.pair(sha))
    kin = t.kin.commits[sha]
    if mine is None or kin.mentions.reverts or len(kin.parents) > 1:
        return None
    found = [other for other in alike(t, sha) if _is(t, mine.id, other)]
    if not found or len({_root(t, other) for other in found}) != 1:
        return None
    if any(_is(t, mine.id, rival) for rival in rivals if rival != sha):
        return None
    if t.taken_before(sha, found):
        return None
    known = witness(t, sha, found, t.steps(found[0]))
    if known == PROOF or (known == AUTHOR and not t.trivial(t.pair(sha))):
        return Origin(tuple(found), "same patch", whole=True)
    return None


def _root(t: Traces, sha: str) -> tuple[str, ...]:
    """Return what a commit goes back to: the one its links are from, else its author and date."""
    roots = {entry.get("from") for entry in t.entries.get(sha, ())}
    origin = next((root for root in roots if root in t.kin.commits), sha)
    kin = t.kin.commits[origin]
    return (kin.author, kin.authored)
