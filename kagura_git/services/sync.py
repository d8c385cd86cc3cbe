"""``sync``: the notes travel between clones.

Records travel with the branches they are committed on; what is noted about
commits lies on a ref of its own, which git neither fetches nor pushes by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from kagura_git.errors import KaguraError
from kagura_git.git import config, note_union, notes, notes_state
from kagura_git.git.note_reading import tip_of
from kagura_git.git.remote import Outcome, Place, tip_at
from kagura_git.git.remote import place as place_of
from kagura_git.git.remote_run import Progress
from kagura_git.git.run import Git
from kagura_git.services.exchange import PATIENCE, SyncReport, Trip, failure, set_ref
from kagura_git.workspace import Workspace

__all__ = ["Standing", "SyncReport", "check", "lacks_notes", "pushed_to", "sync", "take_in"]

_SECONDS: Final = 600.0

State = Literal["equal", "behind", "ahead", "diverged"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How our notes stand to a remote's, by the ids of both tips."""

    remote: str
    state: State
    local: str | None
    theirs: str | None


def sync(
    ws: Workspace,
    remote: str | None = None,
    *,
    push: bool = True,
    seconds: float | None = None,
    progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> SyncReport:
    """Fetch the notes of a remote, merge them with ours, and push what that makes.

    Args:
        remote: its name or an address; default: where the branch is pushed to, else
            ``origin``, else the only remote.
        push: False only takes in what the remote has.
        seconds: after so many the attempt is given up; default: ten minutes.
        progress: is told (done, total) while git transfers.
        sleep: waits between two attempts.

    Raises:
        KaguraError: there is no such remote, it cannot be reached, or it refuses the notes.
            What was recorded here stays here, and goes with the next sync.
    """
    place = place_of(ws.repo.git, remote)
    trip = Trip(ws, place, time.monotonic() + (seconds or _SECONDS), progress, sleep)
    try:
        trip.fetch(place.address, place.tracking)
        came = trip.report.merged > 0
        note_union.tidy(ws.repo.git, trip.me, trip.left(), thorough=came)
        for address in place.pushes if push else ():
            trip.push(address)
    finally:
        if place.temporary:
            set_ref(ws.repo.git, place.tracking, None)
    return trip.report


def take_in(ws: Workspace) -> int:
    """Merge all notes that were fetched before; returns of how many commits ours gained something.

    No network: what a plain ``git fetch`` or ``git pull`` has brought is taken.

    Raises:
        KaguraError: some could not be merged; all the others were.
    """
    git, me = ws.repo.git, ws.repo.identity()
    gained, trouble = 0, None
    for name, tip in notes_state.tracked(git).items():
        try:
            gained += notes.union(git, tip, me, name=name)
        except KaguraError as error:
            trouble = error
    if gained:
        note_union.tidy(git, me, PATIENCE)
    if trouble is not None:
        raise trouble
    return gained


def lacks_notes(ws: Workspace) -> bool:
    """Tell whether this is a clone, or has a remote, and has no notes at all."""
    return bool(config.remotes(ws.repo.git)) and tip_of(ws.repo.git, notes.REF) is None


def pushed_to(ws: Workspace, name: str, address: str) -> str:
    """Return what to sync with where git pushes to one address of a remote.

    Raises:
        KaguraError: there is no such remote.
    """
    return address if len(place_of(ws.repo.git, name).pushes) > 1 else name


def check(ws: Workspace, remote: str | None = None, *, seconds: float | None = None) -> Standing:
    """Ask a remote for its notes and compare, without fetching or writing anything.

    Raises:
        KaguraError: there is no such remote, or it cannot be reached.
    """
    git = ws.repo.git
    place = place_of(git, remote)
    answer, theirs = tip_at(git, place.address, seconds=seconds or _SECONDS)
    if answer.outcome is not Outcome.DONE:
        raise failure(place, answer)
    ours = tip_of(git, notes.REF)
    return Standing(place.name, _state(git, ours, theirs, place), ours, theirs)


def _state(git: Git, ours: str | None, theirs: str | None, place: Place) -> State:
    if ours == theirs:
        return "equal"
    if theirs is None:
        return "ahead"
    if ours is None or _contains(git, theirs, ours):
        return "behind"
    if _contains(git, ours, theirs):
        return "ahead"
    # Theirs may not be here: then what was last fetched tells whether ours has more.
    known = tip_of(git, place.tracking)
    return "behind" if known and _contains(git, known, ours) else "diverged"


def _contains(git: Git, tip: str, other: str) -> bool:
    done = git.run("merge-base", "--is-ancestor", other, tip, ok=(0, 1, 128))
    return done.returncode == 0
