"""A copy of what kagura wrote into the notes of commits, in the common git directory.

A history filter prunes commits, ``git notes prune`` then their notes, and a
clone of a server may never have had them: reasons must not go with them. One
line a note in ``journal/<YYYY-MM>/reasons``, appended. Standard library only:
the hooks use it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kagura_git import atomic, permissions
from kagura_git.model.entries import typed

NAME: Final = "reasons"
# Far above what one note of ours takes; a longer line is no line of ours.
_LONGEST: Final = 8 * 1024 * 1024
_DIGITS: Final = frozenset("0123456789abcdef")

Entry = dict[str, Any]


class ReasonJournal:
    """The journal of reasons below ``folder``, beside the journal of records."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def keep(self, notes: Mapping[str, Sequence[Mapping[str, Any]]], at: datetime) -> None:
        """Keep the entries of notes, by commit; what says no more than git itself is left out.

        Never fails: the notes themselves have been written.
        """
        lines = []
        for commit, entries in notes.items():
            kept = [dict(entry) for entry in entries if _tells(entry)]
            if kept:
                # A line starts with its newline: a torn one before it spoils nothing but itself.
                lines.append("\n" + json.dumps({"commit": commit, "entries": kept}))
        if not lines:
            return
        month = os.path.join(self.folder, f"{at:%Y-%m}")
        with contextlib.suppress(OSError):
            permissions.make_folder(month)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
            descriptor = permissions.open_file(os.path.join(month, NAME), flags)
            try:
                os.write(descriptor, "".join(lines).encode())
            finally:
                os.close(descriptor)

    def read(self) -> dict[str, list[Entry]]:
        """Return what was kept, by commit; damaged lines are passed over."""
        found: dict[str, list[Entry]] = {}
        for month in self._months():
            for commit, entries in _lines(os.path.join(self.folder, month, NAME)):
                known = found.setdefault(commit, [])
                known += [entry for entry in entries if entry not in known]
        return found

    def prune(self, before: float, is_held: Callable[[str, list[Entry]], bool]) -> int:
        """Take out lines that notes certainly hold; returns how many.

        Args:
            before: only files that were not written to since, in seconds.
            is_held: asked for each commit with its entries.
        """
        gone = 0
        for month in self._months():
            path = os.path.join(self.folder, month, NAME)
            with contextlib.suppress(OSError):
                if os.stat(path).st_mtime >= before:
                    continue
                lines = list(_lines(path))
                left = [
                    (commit, entries) for commit, entries in lines if not is_held(commit, entries)
                ]
                if not left:
                    os.unlink(path)
                elif len(left) < len(lines):
                    written = os.stat(path)
                    text = "".join(
                        "\n" + json.dumps({"commit": commit, "entries": entries})
                        for commit, entries in left
                    )
                    atomic.write(path, text.encode())
                    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
                gone += len(lines) - len(left)
        return gone

    def has_before(self, before: float) -> bool:
        """Tell whether any file was not written to since a time, in seconds."""
        for month in self._months():
            with contextlib.suppress(OSError):
                if os.stat(os.path.join(self.folder, month, NAME)).st_mtime < before:
                    return True
        return False

    def _months(self) -> list[str]:
        try:
            names = sorted(os.listdir(self.folder))
        except OSError:
            return []
        return [name for name in names if os.path.isfile(os.path.join(self.folder, name, NAME))]


def _tells(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry says what git does not: a reason, a session, a record."""
    if entry.get("kind") == "change":
        return bool(entry.get("reason"))
    return entry.get("kind") != "truncated"


def _lines(path: str) -> Iterator[tuple[str, list[Entry]]]:
    try:
        file = open(path, encoding="utf-8", errors="replace")  # noqa: SIM115 - closed below
    except OSError:
        return
    with file:
        while line := file.readline(_LONGEST):
            if len(line) < 2:
                continue
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                continue
            commit = said.get("commit") if isinstance(said, dict) else None
            entries = said.get("entries") if isinstance(said, dict) else None
            if isinstance(commit, str) and is_commit(commit) and isinstance(entries, list):
                kept = [typed(entry) for entry in entries if isinstance(entry, dict)]
                yield commit, [entry for entry in kept if "kind" in entry]


def is_commit(text: str) -> bool:
    """Tell whether a text is a full commit id."""
    return len(text) in (40, 64) and _DIGITS.issuperset(text)
