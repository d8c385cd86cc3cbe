"""What must hold after a kill: nothing lost, git sane, leftovers known, and work goes on."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from kagura_git.errors import KaguraError
from kagura_git.git import notes
from kagura_git.model.ids import kind_of
from tests.faults.ledger import state_of
from tests.faults.place import PROGRAM, Place, edit

# What a killed process may leave: temporary files (also those that git hands to a merge
# driver), locks, packs that were being written.
_LEFTOVER = re.compile(r"\.lock$|\.tmp$|^tmp_|\.[0-9a-f]{8}$|^export-|^\.tmp|^\.merge_file_")
_OURS = ("lock", "refresh.lock", "refresh-next.lock")  # held by the kernel, free with the process


class Trouble(AssertionError):
    """Something that must hold did not."""


def after(
    place: Place, rng: random.Random, *, merges: bool
) -> tuple[list[str], list[str], list[str]]:
    """Look at everything; returns leftovers, those that doctor reported, and its warnings."""
    left = leftovers(place)
    _age(left)
    if merges:
        torn_by_git(place)
    records_are_kept(place, merges=merges)
    git_is_sane(place)
    reported, warnings = doctor(place)
    unknown = [path for path in left if _needs_a_word(place, path) and not _named(path, reported)]
    locks = [path for path in unknown if path.suffix == ".lock"]
    if locks:
        raise Trouble(f"doctor does not name these locks: {locks}, but {reported}")
    clear_way(place)
    if merges:  # git itself was killed while it wrote the work tree
        place.box.run("reset", "-q", "--hard")
    recording_works(place, rng)
    committing_works(place)
    searching_works(place, merges=merges)
    still = [path for path in unknown if path.exists()]
    if still:
        raise Trouble(f"left behind, and doctor does not say so: {still}")
    git_is_sane(place)
    return [place_of(place, path) for path in left], reported, warnings


def torn_by_git(place: Place) -> None:
    """Put back what git was killed in the middle of writing; doctor must have named each file."""
    torn = [stored.path for stored in place.memory().ws.files.read_all() if stored.record is None]
    if not torn:
        return
    said = json.dumps(command(place, "doctor", "--json", ok=(0, 1)))
    for path in torn:
        if path not in said:
            raise Trouble(f"git was killed while it wrote {path}, and doctor does not say so")
        if place.box.run("cat-file", "-e", f"HEAD:{path}", ok=False).returncode == 0:
            (place.top / path).write_text(place.box.run("cat-file", "blob", f"HEAD:{path}").stdout)
        else:
            (place.top / path).unlink()


def place_of(place: Place, path: Path) -> str:
    """Return a path below the repository's folder, with numbers that vary masked."""
    return re.sub(r"[0-9a-f]{6,}|\d+", "#", str(path.relative_to(place.top.parent)))


def leftovers(place: Place) -> list[Path]:
    """Return every temporary file and lock in the repository."""
    return [
        Path(folder, name)
        for folder, _, names in os.walk(place.top)
        for name in names
        if _LEFTOVER.search(name) and not (Path(folder).name == "kagura" and name in _OURS)
    ]


def _age(paths: list[Path]) -> None:
    """Let an hour pass: what is as young as this might be someone's work under way."""
    for path in paths:
        then = time.time() - 3600
        with contextlib.suppress(FileNotFoundError):  # a background job has removed it by now
            os.utime(path, (then, then), follow_symlinks=False)


def _needs_a_word(place: Place, path: Path) -> bool:
    # git's own garbage collection takes these (git-gc(1)); it never takes a lock.
    objects = place.git_dir / "objects"
    return not (objects in path.parents and path.name.startswith(("tmp_", ".tmp")))


def _named(path: Path, reported: list[str]) -> bool:
    return any(str(path) in line or path.name in line for line in reported)


def clear_way(place: Place) -> None:
    """Do what doctor says about git's locks: with no git running, move them away."""
    for path in leftovers(place):
        if path.suffix == ".lock":
            path.unlink()


def records_are_kept(place: Place, *, merges: bool = False, late: bool = False) -> None:
    """Every acknowledged record says what was acknowledged, and stands in one file at most.

    Args:
        late: another commit has been made since, and its hook had its chance to clear up.
    """
    memory = place.memory()
    files: dict[str, list[str]] = {}
    for stored in memory.ws.files.read_all():
        if stored.record is None:
            raise Trouble(f"{stored.path}: {stored.problem}")
        files.setdefault(stored.record.id, []).append(stored.path)
    twice = {name: paths for name, paths in files.items() if len(paths) > 1}
    if twice:
        raise Trouble(f"in two files: {twice}")
    for record_id in place.ledger.acknowledged:
        try:
            record = memory.recall(record_id)
        except KaguraError as error:
            if not late and _in_some_note(place, record_id):
                continue  # of a commit that an amend was about to replace when it was killed
            raise Trouble(f"{record_id} is lost: {error}") from None
        state = state_of(record)
        if merges:
            same = state["said"] == place.ledger.acknowledged[record_id]["said"]
        else:
            same = place.ledger.allows(record_id, state)
        if not same:
            raise Trouble(
                f"{record_id} is {state}, not {place.ledger.acknowledged[record_id]} "
                f"nor {place.ledger.tried.get(record_id)}"
            )


def _in_some_note(place: Place, record_id: str) -> bool:
    every = notes.all_notes(place.box.repo.git).values()
    return any(entry.get("id") == record_id for entries in every for entry in entries)


def git_is_sane(place: Place) -> None:
    """git finds nothing wrong, and only records and sources are staged or in the work tree."""
    place.box.run("fsck", "--no-dangling", "--no-progress")
    status = place.box.run("status", "--porcelain=v1", "-z", "--untracked-files=all").stdout
    for line in status.split("\0")[:-1]:
        path = line[3:]
        record = re.fullmatch(r"\.kagura/\w+/\d{4}-\d\d/[DES]-[^/]+\.yaml", path)
        if not record and not path.startswith(("src/", ".merge_file_", "..merge_file_")):
            raise Trouble(f"in the work tree or staging area: {line}")
    for line in place.box.out("ls-files", "-s", "--", ".kagura").splitlines():
        place.box.run("cat-file", "-e", line.split()[1])


def doctor(place: Place) -> tuple[list[str], list[str]]:
    """Run doctor; returns what it says about leftovers, and the checks that warn."""
    found = command(place, "doctor", "--json", ok=(0, 1))
    errors = [f for f in found["findings"] if f["severity"] == "error"]
    if errors:
        raise Trouble(f"doctor: {errors}")
    warnings = [f for f in found["findings"] if f["severity"] == "warning"]
    for finding in warnings:
        if not finding["mend"]:
            raise Trouble(f"doctor has no mend: {finding}")
        if re.search(r"\brm\b|--force|--hard|clean -", finding["mend"]):
            raise Trouble(f"doctor names something destructive: {finding}")
    texts = [f["message"] for f in warnings]
    return texts, [f["check"] for f in warnings]


def command(place: Place, *arguments: str, ok: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """Run a command of the program; it must end well, in time and with one JSON document."""
    done = subprocess.run(
        [*PROGRAM, *arguments], cwd=place.top, env=place.box.env, capture_output=True,
        timeout=200, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode not in ok:
        raise Trouble(f"{arguments} ended with {done.returncode}: {done.stdout!r} {done.stderr!r}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def recording_works(place: Place, rng: random.Random) -> None:
    """The next records are taken, and staged with every earlier one that was left unstaged."""
    worker = place.worker(rng.randrange(10**6))
    worker.play(3)
    worker.play(2, ["session"])
    found = command(
        place, "decision", "add", f"Go on {rng.random()}", "--rationale", "so", "--json"
    )
    record = place.memory().recall(found["id"])
    place.ledger.acknowledge(found["id"], state_of(record))
    if not (place.git_dir / "MERGE_HEAD").exists():
        left = place.box.run(
            "status", "--porcelain", "--untracked-files=all", "--", ".kagura"
        ).stdout
        # What git itself brought and was killed before staging: doctor names it, its owner decides.
        brought = place.box.out(
            "ls-tree", "-r", "--name-only", "side", "--", ".kagura"
        ).splitlines()
        loose = [x for x in left.splitlines() if x[1] != " " and x[3:] not in brought]
        if loose:
            raise Trouble(f"not staged by the next record: {loose}")


def committing_works(place: Place) -> None:
    """The next commit is made, says why its files were changed, and takes every record along."""
    if (place.git_dir / "MERGE_HEAD").exists():
        place.box.run("reset", "-q", "--merge")
    reason = place.memory().track_file_change(
        "src/part0.py", "edit", "", f"the reason {os.urandom(3).hex()}"
    )
    place.ledger.acknowledge(reason.id, state_of(reason.record))
    edit(place, "the next commit")
    done = place.box.run("commit", "-q", "-a", "-m", "go on")
    if "kagura" in done.stderr:
        raise Trouble(f"the next commit said: {done.stderr}")
    head = place.box.head
    entries = notes.read(place.box.repo.git, [head]).get(head, [])
    if reason.id not in [entry.get("id") for entry in entries]:
        raise Trouble(f"the next commit's note lacks {reason.id}: {entries}")


def searching_works(place: Place, *, merges: bool) -> None:
    """A search finds what was acknowledged, by its own words."""
    memory = place.memory()
    recent = [i for i in place.ledger.order if kind_of(i) != "change"][-6:]
    for record_id in dict.fromkeys(recent):
        if merges and memory.ws.files.path_of(record_id) is None:
            continue
        said = place.ledger.acknowledged[record_id]["said"]
        hits = memory.find(said, 10).hits
        if record_id not in [hit.id for hit in hits]:
            raise Trouble(f"search does not find {record_id} by {said!r}")
    records_are_kept(place, merges=merges, late=True)
