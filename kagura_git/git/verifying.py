"""Verifying signatures with git's own setup, many in a few processes and in bounded time.

The letters are those of ``git log --format=%G?``. What git makes a bad signature of
although it could not look (no program, no list of allowed signers) is told apart
here: git 2.39 says ``B`` where ssh-keygen is missing, and aborts where
``gpg.ssh.allowedSignersFile`` is not set.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from kagura_git.git import patient, signed_text
from kagura_git.git.guarded import with_own_signature_programs
from kagura_git.git.run import Git, decode
from kagura_git.git.signed_text import Format

State = Literal["verified", "unknown", "bad", "unchecked"]
Progress = Callable[[int, int], None]

# Signatures a process of git looks at; each costs it one or two processes of its own.
_AT_ONCE: Final = 8
_TRIES: Final = 4
_PROCESSES: Final = 4
# Beyond that a text is no date of a commit.
_LAST_SECOND: Final = 253402300799
_FORM: Final = "--format=%H%x00%G?%x00%GS%x00%GK%x00%GF"
# Git's own words: what a program says of a signature, which others wrote, is not among them.
_CANNOT: Final = ("fatal: cannot run ", "error: cannot run ", "error: ssh-keygen -Y ")
_LETTERS: Final[dict[str, tuple[State, str]]] = {
    "G": ("verified", ""),
    "Y": ("verified", "its key has expired since"),
    "U": ("unknown", "made with a key that nobody vouches for here"),
    "E": ("unknown", "made with a key that is not here"),
    "X": ("unknown", "the signature itself has expired"),
    "R": ("bad", "its key was revoked"),
    "B": ("bad", "it does not fit what it should be over, or its key was revoked"),
}


class Asked(NamedTuple):
    """A text, the moment it was signed (seconds since 1970), and the signature."""

    text: str
    seconds: int
    signature: str


class Verdict(NamedTuple):
    """What git says of a signature.

    Attributes:
        signer: who it is by, as the keyring or the list of allowed signers says; untrusted text.
        key: the key's fingerprint, or its id.
        why: a few words, where the state alone does not say it.
    """

    state: State
    signer: str = ""
    key: str = ""
    why: str = ""


def verify(
    git: Git, asked: Sequence[Asked], *, seconds: float, progress: Progress | None = None
) -> list[Verdict]:
    """Return what git says of each signature.

    Args:
        seconds: how long it may take altogether; what is not looked at by then is unchecked.
        progress: is told how many of how many are done.
    """
    git = with_own_signature_programs(git)
    found: dict[int, Verdict] = {}
    forms: dict[int, Format] = {}
    for number, one in enumerate(asked):
        form = signed_text.format_of(one.signature)
        if form is None:
            found[number] = Verdict("bad", why="it is no signature that git writes")
        elif not 0 <= one.seconds <= _LAST_SECOND:
            found[number] = Verdict("bad", why="its moment is none")
        else:
            forms[number] = form
    for form in dict.fromkeys(forms.values()):
        name, there = signed_text.program(git, form)
        if not there:
            why = f"{os.path.basename(name)} is not installed"
            found |= {n: Verdict("unchecked", why=why) for n, f in forms.items() if f == form}
    left = [number for number in forms if number not in found]
    if left:
        found |= _looked_at(git, asked, left, seconds, progress)
    late = Verdict("unchecked", why="there was no time left to look at it")
    return [found.get(number, late) for number in range(len(asked))]


def _looked_at(
    git: Git, asked: Sequence[Asked], numbers: list[int], seconds: float, progress: Progress | None
) -> dict[int, Verdict]:
    from concurrent.futures import ThreadPoolExecutor

    until = time.monotonic() + seconds
    objects = signed_text.object_format(git)
    with signed_text.aside(git) as apart:
        folder = apart.env["GIT_OBJECT_DIRECTORY"]
        paths = [os.path.join(folder, f"{number}.commit") for number in numbers]
        for path, number in zip(paths, numbers, strict=True):
            with open(path, "wb") as file:
                one = asked[number]
                file.write(signed_text.signed(one.text, one.seconds, objects, one.signature))
        listed = "".join(f"{path}\n" for path in paths).encode("utf-8", "surrogateescape")
        oids = apart.text(
            "hash-object", "-t", "commit", "-w", "--no-filters", "--stdin-paths", stdin=listed
        ).split("\n")
        setup = [*_allowed_signers(apart, folder), *_LOG]
        unique = list(dict.fromkeys(oids))
        batches = [unique[at : at + _AT_ONCE] for at in range(0, len(unique), _AT_ONCE)]
        told: dict[str, Verdict] = {}

        def look(batch: list[str]) -> dict[str, Verdict]:
            return _answers(apart, setup, batch, until)

        with ThreadPoolExecutor(min(_PROCESSES, len(batches))) as pool:
            for answers in pool.map(look, batches):
                told |= answers
                if progress is not None:
                    progress(len(told), len(unique))
        told = dict(_trusted(apart, told, until))
    return {n: told[oid] for oid, n in zip(oids, numbers, strict=True) if oid in told}


_LOG: Final = (
    "log", "--no-walk=unsorted", "--no-show-signature", "--no-notes", "--no-color", "--no-patch",
    "--no-decorate", _FORM,
)  # fmt: skip


def _allowed_signers(git: Git, folder: str) -> list[str]:
    """Return what to tell git where no file of allowed signers is set: that nobody is allowed."""
    if git.config("gpg.ssh.allowedSignersFile"):
        return []
    path = os.path.join(folder, "allowed-signers")
    with open(path, "wb"):
        pass
    return ["-c", f"gpg.ssh.allowedSignersFile={path}"]


def _answers(
    git: Git, setup: Sequence[str], batch: Sequence[str], until: float
) -> dict[str, Verdict]:
    """Return git's verdicts on a batch, also where one signature ends git.

    git writes a signature to ssh-keygen or gpg, and is killed by SIGPIPE if that program
    ends before it has read all of it: now and then for a giant one. The commit that git was
    at is asked about again, then left; what comes behind it is not lost.
    """
    found: dict[str, Verdict] = {}
    deaths: Counter[str] = Counter()
    rest = list(batch)
    while rest and (left := until - time.monotonic()) > 0:
        code, answers = _batch(git, [*setup, *rest], left)
        found |= answers
        rest = [oid for oid in rest if oid not in found]
        if code is None or code >= 0 or not rest:
            break
        deaths[rest[0]] += 1
        if deaths[rest[0]] == _TRIES:
            found[rest.pop(0)] = Verdict("unchecked", why="its program did not read all of it")
    return found


def _batch(git: Git, args: Sequence[str], seconds: float) -> tuple[int | None, dict[str, Verdict]]:
    done = patient.run(git, args, seconds=seconds)
    blind = any(line.startswith(_CANNOT) for line in done.err.splitlines())
    found = {}
    for line in decode(done.out).split("\n"):
        fields = line.split("\0")
        if len(fields) != 5:
            continue
        oid, letter, signer, key, print_ = fields
        state, why = _LETTERS.get(letter, ("unchecked", "git here cannot check it"))
        if blind and letter in "BN":
            state, why = "unchecked", "its program could not be run"
        found[oid] = Verdict(state, signer if state != "bad" else "", print_ or key, why)
    return done.code, found


def _trusted(git: Git, told: Mapping[str, Verdict], until: float) -> Iterator[tuple[str, Verdict]]:
    """Yield each verdict as ``gpg.minTrustLevel`` has it, which git's letters pass over."""
    strict = git.config("gpg.minTrustLevel") is not None
    for oid, verdict in told.items():
        if not strict or verdict.state != "verified":
            yield oid, verdict
            continue
        left = max(0.1, until - time.monotonic())
        if patient.run(git, ["verify-commit", oid], seconds=left).code == 0:
            yield oid, verdict
        else:
            why = "its key is trusted less than gpg.minTrustLevel wants"
            yield oid, verdict._replace(state="unknown", why=why)
