"""The note on a commit: what is remembered about it, on ``refs/notes/kagura``.

``git notes add`` reads, edits and overwrites, so concurrent writers lose each
other's notes. Here every write is a set union on top of one known tip, and git
takes it only while that tip still is the tip. Light on purpose: the hooks use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, Final

from kagura_git.git import note_entries, note_reading, note_trees, objects
from kagura_git.git.note_entries import ALTOGETHER, EACH
from kagura_git.git.note_writing import PATIENCE, REF, Draft, draft, move
from kagura_git.git.run import Git
from kagura_git.model import note_lines
from kagura_git.model.entries import LARGEST, parse_entries

__all__ = ["ALTOGETHER", "EACH", "REF", "Entry", "add", "all_notes", "read", "take_away", "union"]

# Of so few, even the largest notes fit: one process reads them.
_FEW: Final = 4

Entry = dict[str, Any]
Entries = Sequence[Mapping[str, Any]]


def read(git: Git, commits: Iterable[str], *, at: str = REF) -> dict[str, list[Entry]]:
    """Return the entries of each commit that has a note; full commit ids are asked for.

    Args:
        at: the notes as of this revision of theirs.
    """
    wanted = note_reading.checked(list(dict.fromkeys(commits)))
    if len(wanted) > _FEW:
        return note_entries.read(git, wanted, at)
    names = [f"{at}:{path}" for sha in wanted for path in note_trees.candidates(sha)]
    return _parsed(note_reading.by_commit(wanted, objects.read(git, names, largest=LARGEST)))


def all_notes(git: Git) -> dict[str, list[Entry]]:
    """Return the entries of every note, by commit."""
    tip = note_reading.tip_of(git, REF)
    spots = note_trees.listed(git, tip) if tip else {}
    texts = note_reading.texts_of(git, note_reading.blobs_of(spots))
    said: dict[str, str] = {}
    for sha, found in spots.items():
        parts = [text for spot in found if (text := texts.get(spot.blob)) is not None]
        if parts:
            said[sha] = reduce(note_lines.united, parts)
    return _parsed(said)


def _parsed(texts: Mapping[str, str]) -> dict[str, list[Entry]]:
    # Thousands of commits may share one large note; it is parsed once.
    known = {text: parse_entries(text) for text in set(texts.values())}
    return {sha: list(known[text]) for sha, text in texts.items()}


def add(
    git: Git, notes: Mapping[str, Entries], identity: str, *, patience: float = PATIENCE
) -> None:
    """Add entries to the notes of commits; what a note holds already stays, in its order.

    Args:
        notes: per full commit id, the entries to add.
        identity: ``Name <email>`` that signs the notes commit.
        patience: for how many seconds to try again while other writers win.

    Raises:
        GitError: no such commit, or the notes could not be written.
    """
    _change(git, notes, note_lines.added, identity, patience)


def take_away(
    git: Git, notes: Mapping[str, Entries], identity: str, *, patience: float = PATIENCE
) -> None:
    """Take entries out of the notes of commits; a note of which nothing is left goes away.

    Raises:
        GitError: as :func:`add` does.
    """
    _change(git, notes, note_lines.without, identity, patience)


def _change(
    git: Git,
    notes: Mapping[str, Entries],
    change: Callable[[str, Entries], str | None],
    identity: str,
    patience: float,
) -> None:
    """Write what ``change`` makes of notes and entries."""
    wanted = {sha: list(entries) for sha, entries in notes.items() if entries}

    def make() -> Draft | None:
        now = note_reading.state(git, list(wanted))
        changed = {
            sha: text
            for sha, entries in wanted.items()
            if (text := change(now.texts.get(sha, ""), entries)) is not None
        }
        if not changed:
            return None
        message = f"Notes of kagura-git for {len(changed)} commit{'s' if len(changed) > 1 else ''}"
        commands = [*now.order, *(c for sha, text in changed.items() for c in now.write(sha, text))]
        return draft([now.tip] if now.tip else [], message, commands, identity)

    if wanted:
        move(git, make, patience)


def union(
    git: Git, other: str, identity: str, *, name: str = "", patience: float = PATIENCE
) -> int:
    """Merge other notes into ours; returns of how many commits the notes gained something.

    Every line of either side stays, whoever wrote it. A note or line that one
    side has removed comes back if the other side still has it, save where the
    other side has nothing new at all.

    Args:
        other: a ref or commit of notes; there need be no such ref.
        identity: ``Name <email>`` that signs the merge commit.
        name: what the message calls the other side.

    Raises:
        GitError: it is no commit, a note cannot be read, or ours could not be written.
    """
    from kagura_git.git import note_union  # no hook needs it

    return note_union.union(git, other, identity, name, patience)
