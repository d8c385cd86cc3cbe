"""One exchange of notes with a remote, on its way: fetched, united, pushed, tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kagura_git.errors import GitError
from kagura_git.git import note_union, notes, remote
from kagura_git.git.note_reading import tip_of
from kagura_git.git.remote import Answer, Outcome, Place
from kagura_git.git.remote_run import Progress
from kagura_git.git.run import Git
from kagura_git.workspace import Workspace

# For other writers of this repository.
PATIENCE: Final = 30.0
# A push that loses against another one costs a fetch; twenty clones at once stay below this.
_MOST_PUSHES: Final = 40
_LONGEST_WAIT: Final = 2.0
# Refused as if another one had pushed, with nothing new there: something else is in the way.
_MOST_IN_VAIN: Final = 6


@dataclass(slots=True)
class SyncReport:
    """What a sync did.

    Attributes:
        remote: the remote's name, or the address without any password.
        fetched: of how many commits the remote had other notes than when last asked.
        merged: of how many commits our notes gained something.
        pushed: of how many commits the remote's notes were changed.
        attempts: how many times notes were pushed; more than one if others pushed meanwhile.
        up_to_date: whether both sides had the same before.
    """

    remote: str
    fetched: int = 0
    merged: int = 0
    pushed: int = 0
    attempts: int = 0
    up_to_date: bool = True


@dataclass(slots=True)
class Trip:
    """One sync on its way: where to, until when, and what it has done so far."""

    ws: Workspace
    place: Place
    deadline: float
    progress: Progress | None
    sleep: Callable[[float], None]
    report: SyncReport = field(init=False)
    me: str = field(init=False)

    def __post_init__(self) -> None:
        self.report = SyncReport(self.place.name)
        self.me = self.ws.repo.identity()

    @property
    def git(self) -> Git:
        """The repository at home."""
        return self.ws.repo.git

    def left(self) -> float:
        """Return how many seconds are left."""
        return max(0.1, self.deadline - time.monotonic())

    def fetch(self, address: str, tracking: str) -> None:
        """Bring what is at an address among our notes."""
        before = self._tracked(tracking)
        self._filled(address, before)
        self._unite(before)
        answer = self._fetched(address, tracking, force=False)
        if answer.outcome is Outcome.MOVED:
            # The remote was set back. What it had is among ours: the ref may follow it.
            answer = self._fetched(address, tracking, force=True)
        if answer.outcome is Outcome.ABSENT:
            set_ref(self.git, tracking, None)
            return
        if answer.outcome is not Outcome.DONE:
            raise failure(self.place, answer)
        now = self._tracked(tracking)
        if now is None:
            raise GitError(f"its {notes.REF} holds no notes", where=self.place.name)
        if now != before:
            self.report.fetched += note_union.changed(self.git, before, now)
            self.report.up_to_date = False
        self._filled(address, now)
        self._unite(now)

    def _tracked(self, ref: str) -> str | None:
        """Return the notes that were fetched to a ref; anything else that came is forgotten."""
        try:
            return tip_of(self.git, ref)
        except GitError:
            set_ref(self.git, ref, None)
            return None

    def _fetched(self, address: str, tracking: str, *, force: bool) -> Answer:
        left, progress = self.left(), self.progress
        return remote.fetch(
            self.git, address, tracking, force=force, seconds=left, progress=progress
        )

    def _filled(self, address: str, tip: str | None) -> None:
        if tip is not None and remote.is_partial(self.git):
            answer = remote.fill(self.git, address, tip, seconds=self.left())
            if answer.outcome not in (Outcome.DONE, Outcome.CURRENT):
                raise failure(self.place, answer)

    def _unite(self, tip: str | None) -> None:
        if tip is not None:
            patience = min(PATIENCE, self.left())
            self.report.merged += notes.union(
                self.git, tip, self.me, name=self.place.name, patience=patience
            )

    def push(self, address: str) -> None:
        """Push our notes, with what others push meanwhile united into them."""
        known = tip_of(self.git, self.place.tracking) if address == self.place.address else None
        in_vain = 0
        while (ours := tip_of(self.git, notes.REF)) not in (None, known):
            assert ours is not None
            answer = remote.push(
                self.git, address, ours, seconds=self.left(), progress=self.progress
            )
            self.report.attempts += 1
            if answer.outcome in (Outcome.DONE, Outcome.CURRENT):
                self._arrived(address, ours, known, new=answer.outcome is Outcome.DONE)
                return
            tired = self.report.attempts >= _MOST_PUSHES or time.monotonic() > self.deadline
            if answer.outcome is not Outcome.MOVED or tired:
                raise failure(self.place, answer)
            self._wait()
            known = self._caught_up(address, ours)
            in_vain = in_vain + 1 if tip_of(self.git, notes.REF) == ours else 0
            if in_vain >= _MOST_IN_VAIN:
                raise failure(self.place, Answer(Outcome.FAILED, answer.said))

    def _caught_up(self, address: str, ours: str) -> str | None:
        """Fetch what was in the way of a push; returns what the remote has now, if known."""
        if address == self.place.address:
            self.fetch(address, self.place.tracking)
            if tip_of(self.git, notes.REF) != ours:
                return tip_of(self.git, self.place.tracking)
            # It is pushed to another address than it is fetched from.
            address = remote.push_address(self.git, address)
        aside = remote.address_ref(address)
        try:
            self.fetch(address, aside)
        finally:
            set_ref(self.git, aside, None)
        return None

    def _arrived(self, address: str, ours: str, before: str | None, *, new: bool) -> None:
        if new:
            self.report.pushed += note_union.changed(self.git, before, ours)
            self.report.up_to_date = False
        if address == self.place.address and not self.place.temporary:
            set_ref(self.git, self.place.tracking, ours)

    def _wait(self) -> None:
        longest = min(_LONGEST_WAIT, 0.02 * 2**self.report.attempts, self.left())
        self.sleep(longest * self.ws.random_bytes(1)[0] / 255)


def set_ref(git: Git, ref: str, tip: str | None) -> None:
    """Let a tracking ref say what the remote has; one that another process moves is right too."""
    args = ("update-ref", ref, tip) if tip else ("update-ref", "-d", ref)
    git.run(*args, ok=(0, 1, 128))


_MENDS: Final = {
    Outcome.MOVED: ("others pushed notes at every attempt", "Run it again."),
    Outcome.REFUSED: (
        "it refuses the notes",
        f"Whoever runs it can allow {notes.REF}; `git kagura sync --no-push` only takes in.",
    ),
    Outcome.DENIED: (
        "no permission",
        "Git itself must get in without asking (ssh-agent, a credential helper); "
        "`git kagura sync --no-push` needs no right to write.",
    ),
    Outcome.UNKNOWN: ("no repository there", "`git remote -v` shows the addresses."),
    Outcome.UNREACHABLE: ("it cannot be reached", "Check the network and `git remote -v`."),
    Outcome.LATE: ("it did not answer in time", "Check the connection, and run it again."),
    Outcome.FAILED: ("git failed", "Run it again; `git fetch` may say more."),
}


def failure(place: Place, answer: Answer) -> GitError:
    """Return the error that an outcome is, with its mend."""
    message, hint = _MENDS[answer.outcome]
    said = f": {answer.said}" if answer.said else ""
    return GitError(f"{message}{said}", hint=hint, where=place.name)
