"""The errors of the work tree, just enough of each to know it when it comes again.

A warm server records an error in milliseconds only if it does not read every
record to find its twin. An error's id, type, message and fingerprint never
change once written, so a file is read once; a month's folder is listed again
only when its modification time has changed.
"""

from __future__ import annotations

import math
import os
import re
import time
from dataclasses import dataclass
from typing import Final

from kagura_git.errors import InvalidRecord
from kagura_git.model.fingerprint import message_shape, of_error
from kagura_git.model.records import Error
from kagura_git.store.files import TICK_NS, RecordFiles, folder_of

_WORD: Final = re.compile(r"[a-z_][a-z0-9_]+|[^\W\d_]{2,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """One error: where it is, what it is, and the words of its message."""

    path: str
    id: str
    error_type: str
    fingerprint: str | None
    words: frozenset[str]


class ErrorHeads:
    """The heads of all errors below one work tree, as of the last :meth:`refresh`."""

    def __init__(self, files: RecordFiles) -> None:
        self._files = files
        # Per month: when its folder was last changed, when it was last listed, its heads by name.
        self._months: dict[str, tuple[int, int, dict[str, Head | None]]] = {}
        self._hidden: dict[str, Head | None] = {}
        self._by_fingerprint: dict[str, set[Head]] = {}
        self._by_word: dict[str, set[Head]] = {}

    def by_fingerprint(self, fingerprint: str) -> list[Head]:
        """Return the errors with this fingerprint, oldest path first."""
        return sorted(self._by_fingerprint.get(fingerprint, ()), key=lambda head: head.path)

    def alike(self, error: Error, at_least: float = 0.5) -> list[tuple[float, Head]]:
        """Return the errors whose type and message resemble this one, closest first.

        The measure is Jaccard's index of the masked messages' words; another
        type halves it.
        """
        words = _words(error)
        found = []
        for head in self._sharing(words, at_least):
            score = len(words & head.words) / len(words | head.words)
            score *= 1.0 if head.error_type == error.error_type else 0.5
            if score >= at_least and head.id != error.id:
                found.append((round(score, 4), head))
        return sorted(found, key=lambda pair: (-pair[0], pair[1].id))

    def _sharing(self, words: frozenset[str], at_least: float) -> set[Head]:
        """Return every head that can reach the score.

        It shares at least ``at_least`` of these words, so it has one of the
        rarest of them (prefix filtering, Chaudhuri et al., ICDE 2006).
        """
        rarest = sorted(words, key=lambda word: len(self._by_word.get(word, ())))
        kept = len(words) - math.ceil(at_least * len(words)) + 1
        return set().union(*(self._by_word.get(word, set()) for word in rarest[:kept]))

    def refresh(self) -> None:
        """Take in what has come and gone in the work tree."""
        base = os.path.join(self._files.top, *folder_of("error").split("/"))
        try:
            months = os.listdir(base)
        except (FileNotFoundError, NotADirectoryError):
            months = []
        for gone in self._months.keys() - set(months):
            for head in self._months.pop(gone)[2].values():
                self._drop(head)
        for month in months:
            try:
                changed = os.stat(os.path.join(base, month)).st_mtime_ns
            except OSError:
                continue
            known = self._months.get(month)
            # Another file may have come in the same tick of the clock as the last listing.
            if known is None or known[0] != changed or changed > known[1] - TICK_NS:
                self._list(month, changed, known[2] if known else {})
        self._take_in_hidden()

    def _take_in_hidden(self) -> None:
        """The same for errors that a sparse checkout leaves out of the work tree."""
        paths = set(self._files.hidden_paths(["error"]))
        for gone in self._hidden.keys() - paths:
            self._drop(self._hidden.pop(gone))
        for path in paths - self._hidden.keys():
            self._hidden[path] = self._add(path)

    def _list(self, month: str, changed: int, heads: dict[str, Head | None]) -> None:
        folder = f"{folder_of('error')}/{month}"
        listed = time.time_ns()
        names = {n for n in self._files.names(folder) if n.endswith(".yaml") and n[0] != "."}
        for name in heads.keys() - names:
            self._drop(heads.pop(name))
        # What could not be read before may have been mended since.
        for name in (name for name in names if heads.get(name) is None):
            heads[name] = self._add(f"{folder}/{name}")
        self._months[month] = (changed, listed, heads)

    def _add(self, path: str) -> Head | None:
        try:
            record = self._files.read(path)
        except (InvalidRecord, OSError):
            return None  # `doctor` reports it
        if not isinstance(record, Error):
            return None
        head = Head(path, record.id, record.error_type, of_error(record), _words(record))
        if head.fingerprint:
            self._by_fingerprint.setdefault(head.fingerprint, set()).add(head)
        for word in head.words:
            self._by_word.setdefault(word, set()).add(head)
        return head

    def _drop(self, head: Head | None) -> None:
        if head is None:
            return
        if head.fingerprint:
            self._by_fingerprint[head.fingerprint].discard(head)
        for word in head.words:
            self._by_word[word].discard(head)


def _words(error: Error) -> frozenset[str]:
    return frozenset(_WORD.findall(message_shape(error.message)))
