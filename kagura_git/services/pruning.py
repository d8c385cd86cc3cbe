"""Taking versions out of the journal that branches have held for 90 days.

Only what git certainly has: a version that is on a branch or a tag now, was
found there at every look for 90 days, and has not been written in that time;
or one that was edited further into such a version. What is lost stays.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec

from kagura_git import atomic
from kagura_git.git import reachable
from kagura_git.services import kept_reasons
from kagura_git.services.corpus import ABANDONED
from kagura_git.store.journal import CHAIN
from kagura_git.store.lineage import Lineage, lineages
from kagura_git.workspace import Workspace

DAYS: Final = 90
_DAY: Final = 86_400.0
# Bounded: what is left comes next time.
_AT_ONCE: Final = 5000
_UNUSED: Final = 7 * _DAY
# A derived file: since when each version has been found on a branch. Lost, the days count anew.
_FILE: Final = "journal-held"


def tidy(ws: Workspace) -> int:
    """Prune, if it was not done in the last day; returns how many versions went."""
    now = ws.clock()
    _forget_index(ws, now.timestamp() - _UNUSED)
    try:
        age = now.timestamp() - os.stat(_file(ws)).st_mtime
    except OSError:
        age = _DAY
    # A time in the future is a clock that was wrong once.
    return prune(ws, now) if age >= _DAY or age < 0 else 0


def prune(ws: Workspace, now: datetime) -> int:
    """Take versions away that branches have held for 90 days; returns how many.

    Raises:
        GitError: history cannot be read; nothing is taken away.
    """
    kept = ws.journal.kept()
    since = _read(ws)
    moment = now.timestamp()
    before = moment - DAYS * _DAY
    ws.journal.settle(before)
    held: dict[str, float] = {}
    due: list[str] = []
    lasting = reachable.held(ws.repo).lasting() if kept else set()
    for lineage in lineages(ws.journal, kept, guess=False).values():
        for blob in _held(lineage, lasting):
            # Seen in the future: by a clock that was wrong.
            first = min(since.get(blob, moment), moment)
            held[blob] = first
            if first <= before:
                due.append(lineage.kept[blob])
    gone = sum(ws.journal.take_away(path, before) for path in due[:_AT_ONCE])
    kept_reasons.prune(ws, before)
    _forget_months(ws, before)
    with suppress(OSError):
        atomic.make_folder(ws.repo.shared)
        atomic.write(_file(ws), msgspec.msgpack.encode(held), durable=False)
    return gone


def _held(lineage: Lineage, lasting: set[str]) -> Iterator[str]:
    """Yield the kept versions that branches hold, themselves or in what came of them."""
    whole = not lineage.unheld(lasting)
    for blob in lineage.kept:
        # Where something may be lost, its merge will ask for what came before it.
        if blob in lasting or whole:
            yield blob


def _forget_months(ws: Workspace, before: float) -> None:
    """Remove the folders of months long gone whose records have nothing left in the journal."""
    kept = ws.journal.kept()
    for month in ws.journal.months():
        folder = os.path.join(ws.journal.folder, month)
        chain = os.path.join(folder, CHAIN)
        with suppress(OSError):
            if set(os.listdir(folder)) - {CHAIN} or os.stat(folder).st_mtime >= before:
                continue
            # What it says of a version that is gone may still speak for one that is not.
            if any(event.id in kept for event in ws.journal.events_of(month)):
                continue
            with suppress(FileNotFoundError):
                os.unlink(chain)
            os.rmdir(folder)


def _forget_index(ws: Workspace, before: float) -> None:
    """Remove an index of the abandoned that has not changed for a week; it is derived."""
    folder = os.path.join(ws.repo.private, ABANDONED)
    with suppress(OSError):
        if os.stat(folder).st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)


def _file(ws: Workspace) -> str:
    return os.path.join(ws.repo.shared, _FILE)


def _read(ws: Workspace) -> dict[str, float]:
    try:
        with open(_file(ws), "rb") as file:
            return msgspec.msgpack.decode(file.read(), type=dict[str, float])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}
