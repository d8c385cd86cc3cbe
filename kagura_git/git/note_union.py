"""Two refs of notes become one that says what either says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

from kagura_git.git import note_trees, objects
from kagura_git.git.note_reading import (
    blobs_of,
    in_order,
    texts_of,
    tip_of,
    unreadable,
    write_commands,
)
from kagura_git.git.note_trees import Spot
from kagura_git.git.note_writing import REF, Draft, draft, forward, move
from kagura_git.git.run import Git
from kagura_git.model import note_lines

Spots = Mapping[str, Sequence[Spot]]


def union(git: Git, other: str, identity: str, name: str, patience: float) -> int:
    """Do what :func:`kagura_git.git.notes.union` says."""
    theirs = tip_of(git, other)
    gained = 0

    def make() -> Draft | None:
        nonlocal gained
        ours, gained = tip_of(git, REF), 0
        base = _base(git, ours, theirs) if theirs else None
        if theirs is None or base == theirs:
            return None
        if ours is None or base == ours:
            gained = changed(git, ours, theirs)
            return forward(ours, theirs)
        gain = _gain(git, ours, theirs)
        gained = len(gain.wins)
        message = f"Union with the notes of {name or other}\n"
        return draft([ours, theirs], message, gain.commands, identity)

    move(git, make, patience)
    return gained


def tidy(git: Git, identity: str, patience: float, *, thorough: bool = True) -> None:
    """Bring our notes into one order if another tool left them in two.

    Args:
        thorough: False looks only at the top of their tree.

    Raises:
        GitError: they cannot be read or written.
    """

    def make() -> Draft | None:
        ours = tip_of(git, REF)
        if ours is None or not (thorough or _is_mixed(git, ours)):
            return None
        spots = note_trees.listed(git, ours)
        commands = in_order(git, spots, note_trees.places(_paths(spots)))
        return (
            draft([ours], "Notes brought into one order\n", commands, identity)
            if commands
            else None
        )

    move(git, make, patience)


def _is_mixed(git: Git, tip: str) -> bool:
    (tree,) = objects.read(git, [f"{tip}:"])
    return note_trees.folder(tree.data or b"", 0, len(tip)).mixed


def changed(git: Git, old: str | None, new: str | None) -> int:
    """Return of how many commits the notes differ between two tips, None being no notes."""
    if old == new:
        return 0
    if old is None or new is None:
        return len(note_trees.listed(git, old or new or ""))
    return len({change.commit for change in note_trees.changes(git, old, new)})


def _base(git: Git, ours: str | None, theirs: str) -> str | None:
    if ours is None or ours == theirs:
        return ours
    done = git.run("merge-base", ours, theirs, ok=(0, 1))
    return done.stdout.decode().strip() or None


def _paths(spots: Spots) -> dict[str, list[str]]:
    return {sha: [spot.path for spot in found] for sha, found in spots.items()}


class _Gain(NamedTuple):
    """What a union does: fast-import commands on our tree, and the commits that win by it."""

    commands: list[bytes]
    wins: set[str]


def _gain(git: Git, ours: str, theirs: str) -> _Gain:
    """Return what theirs brings; only notes that both sides have, differing, are read."""
    mine = note_trees.listed(git, ours)
    yours = _theirs(git, mine, ours, theirs)
    targets = note_trees.places({**_paths(yours), **_paths(mine)})
    gain = _Gain([], set())
    differing: dict[str, list[Spot]] = {}
    for sha, found in yours.items():
        held, new = {spot.blob for spot in mine.get(sha, ())}, {spot.blob for spot in found}
        if not held and len(new) == 1:
            gain.commands.append(f"M 100644 {found[0].blob} {targets[sha]}\n".encode())
            gain.wins.add(sha)
        elif not new <= held:
            differing[sha] = found
    texts = texts_of(git, blobs_of({s: [*mine.get(s, ()), *differing[s]] for s in differing}))
    for sha, found in differing.items():
        before = _texts(sha, mine.get(sha, ()), texts)
        after = [*before, *_texts(sha, found, texts)]
        if None not in before:
            # Theirs of over 16 MiB is passed over; it stays in their history, now part of ours.
            text = _joined(after)
            paths = [spot.path for spot in mine.pop(sha, ())]
            gain.commands.extend(write_commands(paths, targets[sha] if text else "", text))
            if set(note_lines.lines(text)) != set(note_lines.lines(_joined(before))):
                gain.wins.add(sha)
    gain.commands.extend(in_order(git, mine, targets))
    return gain


def _theirs(git: Git, mine: Spots, ours: str, theirs: str) -> dict[str, list[Spot]]:
    """Return their notes of the commits about which the two trees say anything different."""
    found: dict[str, list[Spot]] = {}
    for change in note_trees.changes(git, ours, theirs):
        spots = found.setdefault(change.commit, list(mine.get(change.commit, ())))
        if change.old is not None:
            spots.remove(Spot(change.path, change.old))
        if change.new is not None:
            spots.append(Spot(change.path, change.new))
    return {sha: spots for sha, spots in found.items() if spots}


def _texts(sha: str, spots: Sequence[Spot], texts: Mapping[str, str | None]) -> list[str | None]:
    """Return what a commit's notes say, None for one that is too large to be united."""
    if any(spot.blob not in texts for spot in spots):
        raise unreadable(sha)
    return [texts[spot.blob] for spot in spots]


def _joined(texts: Iterable[str | None]) -> str:
    return reduce(note_lines.united, (text for text in texts if text is not None), "")
