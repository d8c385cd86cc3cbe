"""Mending what a merge made without our merge function has left behind, by that very function.

A hosting site runs no merge drivers, and a driver that is configured but
missing keeps one side. What was lost or broken so is merged again from the
merge's own trees, and staged as any record is; the next commit carries it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kagura_git.errors import InvalidRecord, KaguraError
from kagura_git.git import merges as git_merges
from kagura_git.git import staging, strays, versions
from kagura_git.git.merges import Merge
from kagura_git.git.versions import record_at
from kagura_git.model import inputs
from kagura_git.services import damage
from kagura_git.services.lost_sides import problem_of
from kagura_git.services.scene import Mend, Scene, Unsolved
from kagura_git.store import codec
from kagura_git.workspace import Workspace

MERGES: Final = 100  # how many of the newest merges are looked at
_REPLAYS: Final = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "sequencer")


@dataclass(frozen=True, slots=True)
class Repaired:
    """One thing that was wrong.

    Attributes:
        path: the record's file; empty for a merge as a whole.
        done: what was done about it; empty if nothing was.
        said: what the merge function decided, a sentence each.
        mend: what a person can do, where nothing was done.
    """

    path: str
    wrong: str
    done: str = ""
    said: tuple[str, ...] = ()
    mend: str = ""

    @property
    def line(self) -> str:
        """All of it on one line."""
        parts = [self.wrong, self.done, *self.said, self.mend]
        text = "; ".join(part.rstrip(".") for part in parts if part)
        return f"{self.path}: {text}" if self.path else text


def repair(
    ws: Workspace,
    *,
    merges: Sequence[Merge] | None = None,
    paths: Iterable[str] | None = None,
    apply: bool = True,
    patience: float = 10.0,
) -> list[Repaired]:
    """Merge again what merges have lost or broken; returns what was wrong, nothing if all is well.

    Args:
        merges: the merges to look at, newest first; the last 100 if None.
        paths: the record files to look at for what a text merge breaks; all if None.
        apply: False only says what is wrong.
        patience: for how many seconds to wait for another process that writes records.

    Raises:
        KaguraError: another process has been writing records for all that time.
    """
    if not ws.settings.enabled or not ws.is_set_up:
        return []
    if merges is None:
        merges = git_merges.listed(ws.repo.git, "HEAD", limit=MERGES)
    scene = Scene(ws, merges)
    found = [
        *damage.unmerged(scene),
        *damage.broken(scene, _unreadable(ws) if paths is None else paths),
        *damage.lost(scene),
    ]
    done = _carry_out(ws, found, apply, patience)
    again = Scene(ws, merges) if apply and found else scene
    done += _carry_out(ws, list(damage.strayed(again)), apply, patience)
    if apply and not git_merges.in_progress(ws.repo.git_dir, scene.head):
        strays.forget(ws.repo.private)
    # Only now: the files of one record are joined once each of them can be read.
    return done + _carry_out(ws, list(damage.doubled(again)), apply, patience)


def _unreadable(ws: Workspace) -> list[str]:
    return [stored.path for stored in ws.files.read_all() if stored.problem is not None]


def _carry_out(
    ws: Workspace, found: Sequence[Mend | Unsolved], apply: bool, patience: float
) -> list[Repaired]:
    done = [
        Repaired(item.path, item.wrong, mend=item.mend)
        for item in dict.fromkeys(item for item in found if isinstance(item, Unsolved))
    ]
    mends = [item for item in found if isinstance(item, Mend)]
    if not apply:
        hint = "Run `git kagura doctor --fix`."
        return [*done, *(Repaired(m.path, m.wrong, "", m.said, hint) for m in mends)]
    if mends:
        with ws.lock(patience):
            done += [repaired for mend in mends if (repaired := _write(ws, mend))]
    return done


def _write(ws: Workspace, mend: Mend) -> Repaired | None:
    """Write one record; None if its files are no longer those that were looked at."""
    if any(_text(ws, path) != seen for path, seen in mend.seen.items()):
        return None
    if not mend.data:  # only the staging area still speaks of it
        staging.drop(ws.repo, mend.drop)
        return Repaired(mend.path, mend.wrong, "taken out of the staging area")
    try:
        record, _ = inputs.checked(codec.loads(mend.data, mend.path))
        for path, data in mend.seen.items():
            if data is not None and path in mend.drop:
                ws.journal.keep(mend.id, data, ws.now())
        waited = ws.working.is_pending(mend.id)
        ws.save(record, mend.path)
    except KaguraError as problem:
        return Repaired(problem.where or mend.path, problem.message, mend=problem.hint)
    if not waited and any(os.path.exists(os.path.join(ws.repo.git_dir, n)) for n in _REPLAYS):
        # A replayed commit has a note of its own; the fact would wait for some later commit.
        ws.working.drop_pending(mend.id)
    for path in mend.drop:
        ws.files.remove(path)
    if ws.settings.stage and mend.drop:
        staging.drop(ws.repo, mend.drop)
    return Repaired(mend.path, mend.wrong, _done(ws, mend), mend.said)


def _done(ws: Workspace, mend: Mend) -> str:
    did = f"joined with {', '.join(mend.drop)}" if mend.drop else "merged from both sides"
    if not any(data for data in mend.seen.values()):
        did = "restored"
    return f"{did} and staged" if ws.settings.stage and mend.path not in ws.unstaged else did


def _text(ws: Workspace, path: str) -> bytes | None:
    """Return a work tree file's bytes with LF, None if it is gone or no file."""
    try:
        return ws.files.bytes_at(path).replace(b"\r\n", b"\n")
    except (FileNotFoundError, InvalidRecord):
        return None


def stage_rest(ws: Workspace) -> list[str]:
    """Stage the records that the next commit would leave out; returns their paths.

    A file that is gone, broken or still unmerged is a person's to judge.
    """
    if not ws.settings.stage:
        return []
    unmerged = versions.staged(ws.repo.git).unmerged
    left = []
    for path in staging.unstaged_records(ws.repo):
        data = _text(ws, path) if record_at(path) else None
        if data is not None and record_at(path) not in unmerged and problem_of(data, path) is None:
            left.append(path)
    refused = staging.stage(ws.repo, left)
    return [path for path in left if path not in refused]
