"""Notes on their way: kept in a file until git has them, because a hook may not wait for long.

A hook that finds the notes locked for two seconds leaves its file behind, and
the next hook (or ``doctor``) writes it. It names the facts that went into the
note, so that none of them comes into a later commit's note as well, not even
after a crash in between. Light on purpose: the hooks use it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from typing import Final, NamedTuple

from kagura_git import atomic
from kagura_git.git import notes
from kagura_git.git.notes import Entry
from kagura_git.git.run import Git, decode

_FOLDER: Final = "unwritten"
_PATIENCE: Final = 30.0


class Note(NamedTuple):
    """Entries for a commit's note, who signs them, and the keys of the facts they come from."""

    commit: str
    entries: list[Entry]
    identity: str
    facts: list[str]


def keep(folder: str, note: Note) -> None:
    """Keep a note below a worktree's working memory.

    Not flushed to disk: the facts it comes from are dropped only when it is written.

    Raises:
        CannotWrite: the disk is full, read-only ...
    """
    atomic.make_folder(os.path.join(folder, _FOLDER))
    data = json.dumps(note._asdict()).encode()
    atomic.write(_path(folder, note.commit), data, durable=False)


def waiting(folder: str) -> list[Note]:
    """Return the notes that wait, in the order of their commits' ids."""
    try:
        names = sorted(os.listdir(os.path.join(folder, _FOLDER)))
    except OSError:
        return []
    found = []
    for name in names:
        if name.endswith(".json") and name[0] != ".":
            note = _read(folder, name[:-5])
            if note is not None:
                found.append(note)
    return found


def _read(folder: str, commit: str) -> Note | None:
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
        with open(_path(folder, commit), encoding="utf-8") as file:
            note = Note(**json.load(file))
        if note.commit == commit and _is_whole(note):
            return note
    return None


def _is_whole(note: Note) -> bool:
    """Tell whether a note is as it was kept: a damaged one would hold up every other."""
    return (
        isinstance(note.entries, list)
        and all(isinstance(entry, dict) for entry in note.entries)
        and isinstance(note.identity, str)
        and isinstance(note.facts, list)
        and all(isinstance(key, str) for key in note.facts)
    )


def write(git: Git, folder: str, wanted: Sequence[Note], *, patience: float = _PATIENCE) -> None:
    """Write notes that wait, and forget them.

    Raises:
        GitError: they could not be written; they go on waiting.
    """
    here = _here(git, wanted) if len(wanted) > 1 else list(wanted)
    if here:
        entries = {note.commit: note.entries for note in here}
        notes.add(git, entries, here[-1].identity, patience=patience)
    for note in wanted:
        if _read(folder, note.commit) in (note, None):  # another hook may have kept more since
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(_path(folder, note.commit))


def _here(git: Git, wanted: Sequence[Note]) -> list[Note]:
    """Return the notes whose commit still exists: others were pruned while they waited."""
    asked = "".join(f"{note.commit}\n" for note in wanted).encode()
    lines = decode(git.run("cat-file", "--batch-check", stdin=asked).stdout).splitlines()
    return [note for note, line in zip(wanted, lines, strict=True) if " commit " in line]


def _path(folder: str, commit: str) -> str:
    return os.path.join(folder, _FOLDER, f"{commit}.json")
