"""The notes' ref in other repositories: fetching it, pushing it, asking where it is.

Nothing is ever forced upon a remote, and nothing that a user has configured for
their own fetches and pushes (forced refspecs, mirrors, tags, submodules, signed
pushes, pruning) is applied to the notes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

from kagura_git.errors import NotFound, UsageError
from kagura_git.git import config
from kagura_git.git.note_writing import REF
from kagura_git.git.remote_run import Done, Progress, run, without_credentials
from kagura_git.git.run import Git

_TRACKING: Final = "refs/notes/remotes/{}/" + REF.rpartition("/")[2]
_FETCH: Final = (
    "fetch", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-prune",
    "--recurse-submodules=no", "--no-filter", "--refmap=",
)  # fmt: skip
_PUSH: Final = (
    "push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--no-force",
    "--recurse-submodules=no",
)  # fmt: skip


class Outcome(Enum):
    """What became of a fetch or a push."""

    DONE = "done"
    CURRENT = "nothing to do"
    ABSENT = "no notes there"
    MOVED = "the other side has something else"
    REFUSED = "refused"
    DENIED = "no permission"
    UNKNOWN = "no such repository"
    UNREACHABLE = "not reached"
    LATE = "took too long"
    FAILED = "failed"


class Answer(NamedTuple):
    """An outcome, and the words of git or of the other side for it."""

    outcome: Outcome
    said: str = ""


class Place(NamedTuple):
    """Another repository.

    Attributes:
        name: what people know it by; it shows no password.
        address: what git fetches from, a remote's name or an address.
        tracking: the local ref that says where its notes were when last fetched.
        temporary: whether nobody needs that ref once its notes are among ours.
        pushes: what git pushes to.
    """

    name: str
    address: str
    tracking: str
    temporary: bool
    pushes: Sequence[str]


# What git, ssh, curl and the hosting sites say; the first that fits is what it was.
_SIGNS: Final = (
    (Outcome.ABSENT, ("couldn't find remote ref",)),
    (
        Outcome.DENIED,
        (
            "permission denied", "permission to", "authentication failed", "access denied",
            "could not read username", "could not read password", "error: 403", "error: 401",
            "write access", "not authorized", "insufficient permission", "dubious ownership",
            "terminal prompts disabled", "host key verification failed",
        ),
    ),
    (
        Outcome.UNKNOWN,
        (
            "not appear to be a git repository", "repository not found", "no such remote",
            "project you were looking for", "does not exist", "not found", "not a git repository",
            "unable to find remote helper", "no path specified",
        ),
    ),
    (
        Outcome.UNREACHABLE,
        (
            "could not resolve", "connection refused", "timed out", "unreachable", "no route",
            "connect to", "connection reset", "connection closed", "not known", "name resolution",
            "unable to look up", "unable to access", "hung up", "could not read from remote",
        ),
    ),
)  # fmt: skip
# Another clone was faster: between our fetch and our push, or at the very same moment.
_RACES: Final = (
    "non-fast-forward", "fetch first", "stale info", "incorrect old value", "already exists",
    "failed to update ref", "cannot lock ref", "failed to lock", "reference conflict",
)  # fmt: skip


def place(git: Git, given: str | None = None) -> Place:
    """Return the repository that a remote's name or an address stands for.

    Args:
        given: default: where the current branch is pushed to, else ``origin``, else the only one.

    Raises:
        NotFound: no remote of that name, or none to choose by itself.
        UsageError: it looks like an option.
    """
    names = config.remotes(git)
    name = given or _default(git, names)
    if name.startswith("-") or "\n" in name:
        raise UsageError(f"not a remote: {name!r}", hint="Name a remote or an address.")
    if name not in names:
        name = next((n for n in names if _only_address(git, n) == name), name)
    if name in names:
        fetches, pushes = _addresses(git, name), _addresses(git, name, "--push")
        several = pushes if len(pushes) > 1 else [name]
        return Place(name, name, *_tracking(git, name, bool(fetches)), several)
    if not (":" in name or "/" in name or os.path.exists(os.path.join(git.cwd, name))):
        raise NotFound(f"no remote {name!r}", hint=_hint(names), where=name)
    return Place(without_credentials(name), name, address_ref(name), True, [name])


def _default(git: Git, names: Sequence[str]) -> str:
    branch = git.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1, 128)).stdout.decode().strip()
    short = branch.removeprefix("refs/heads/")
    asked = [f"branch.{short}.pushRemote", "remote.pushDefault", f"branch.{short}.remote"]
    for variable in asked if branch else asked[1:2]:
        value = git.config(variable)
        if value and value != ".":  # the branch is based on one of this repository
            return value
    if "origin" in names or len(names) == 1:
        return "origin" if "origin" in names else names[0]
    raise NotFound(
        "this repository has no remote" if not names else "which remote?",
        hint="`git remote add origin ADDRESS` adds one." if not names else _hint(names),
    )


def _hint(names: Sequence[str]) -> str:
    return f"There are: {', '.join(names)}." if names else "There are none; give an address."


def _only_address(git: Git, name: str) -> str | None:
    found = {*_addresses(git, name), *_addresses(git, name, "--push")}
    return found.pop() if len(found) == 1 else None


def _addresses(git: Git, name: str, *how: str) -> list[str]:
    done = git.run("remote", "get-url", "--all", *how, "--", name, ok=range(256))
    return done.stdout.decode("utf-8", "surrogateescape").splitlines()


def _tracking(git: Git, name: str, has_address: bool) -> tuple[str, bool]:
    ref = _TRACKING.format(name)
    done = git.run("check-ref-format", ref, ok=(0, 1))
    # A name written into the configuration by hand need not fit into a ref.
    return (ref, False) if done.returncode == 0 and has_address else (address_ref(name), True)


def address_ref(address: str) -> str:
    """Return the ref for the notes of an address that no remote has."""
    digest = hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()
    return _TRACKING.format(f"address-{digest[:16]}")


def fetch(
    git: Git,
    address: str,
    tracking: str,
    *,
    force: bool = False,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Fetch the notes of another repository to a ref of its own.

    Args:
        force: take what is there even if it does not contain what was there before.
    """
    spec = f"{'+' if force else ''}{REF}:{tracking}"
    shown = "--progress" if progress else "--no-progress"
    args = [*_FETCH, shown, "--", address, spec]
    done = run(git, *args, seconds=seconds, progress=progress)
    if done.code == 0:
        return Answer(Outcome.DONE)
    if any("[rejected]" in line and "non-fast-forward" in line for line in done.err):
        return Answer(Outcome.MOVED)
    return failure(done)


def fill(git: Git, address: str, tip: str, *, seconds: float | None = None) -> Answer:
    """Fetch what a partial clone has left out of some notes; nothing to do in other clones."""
    for _ in range(3):  # folders first, then what lies in them
        listing = git.run(
            "-c", "protocol.allow=never", "rev-list", "--objects", "--no-object-names",
            "--missing=print", "--no-walk", tip, ok=(0, 128),
        ).stdout.decode()  # fmt: skip
        missing = [line[1:] for line in listing.splitlines() if line.startswith("?")]
        if not missing:
            return Answer(Outcome.CURRENT)
        for start in range(0, len(missing), 1000):
            wanted = missing[start : start + 1000]
            done = run(git, *_FETCH, "--no-progress", "--", address, *wanted, seconds=seconds)
            if done.code != 0:
                return failure(done)
    return Answer(Outcome.DONE)


def push(
    git: Git,
    address: str,
    tip: str,
    *,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Push a commit of notes to another repository's notes; never by force."""
    mirror = () if "=" in address else ("-c", f"remote.{address}.mirror=false")
    shown = "--progress" if progress else "--no-progress"
    args = [*mirror, *_PUSH, shown, "--", address, f"{tip}:{REF}"]
    done = run(git, *args, seconds=seconds, progress=progress)
    for line in done.out.splitlines():
        flag, _, rest = line.partition("\t")
        if rest.partition("\t")[0].endswith(f":{REF}") and len(flag) == 1:
            return _pushed(flag, rest.partition("\t")[2], done)
    return failure(done)


def _pushed(flag: str, summary: str, done: Done) -> Answer:
    if flag == "=":
        return Answer(Outcome.CURRENT)
    if flag != "!":
        return Answer(Outcome.DONE)
    if any(sign in summary for sign in _RACES):
        return Answer(Outcome.MOVED, summary)
    theirs = [line.removeprefix("remote:").strip() for line in done.err if "remote:" in line[:7]]
    said = "; ".join(dict.fromkeys([*filter(None, theirs[-3:]), summary]))
    outcome = Outcome.REFUSED if "[remote rejected]" in summary else Outcome.FAILED
    return Answer(outcome, said[:300])


def tip_at(git: Git, address: str, *, seconds: float | None = None) -> tuple[Answer, str | None]:
    """Ask another repository for the commit of its notes, None if it has none."""
    done = run(git, "ls-remote", "--", address, REF, seconds=seconds)
    if done.code != 0:
        return failure(done), None
    found = (line.partition("\t") for line in done.out.splitlines())
    return Answer(Outcome.DONE), next((oid for oid, _, ref in found if ref == REF), None)


def failure(done: Done) -> Answer:
    """Return why a git process that talked to another machine has failed."""
    if done.code is None:
        return Answer(Outcome.LATE)
    for outcome, signs in _SIGNS:
        for line in done.err:
            if any(sign in line.lower() for sign in signs):
                return Answer(outcome, line.removeprefix("fatal: ")[:300])
    said = next((line for line in done.err if line.startswith(("fatal:", "error:"))), "")
    said = said or (done.err[-1] if done.err else f"git ended with {done.code}")
    return Answer(Outcome.FAILED, said.removeprefix("fatal: ").removeprefix("error: ")[:300])


def is_partial(git: Git) -> bool:
    """Tell whether this is a partial clone, in which objects may be missing."""
    pattern = r"^(remote\..*\.promisor|extensions\.partialclone)$"
    return git.run("config", "--get-regexp", pattern, ok=(0, 1)).returncode == 0


def push_address(git: Git, name: str) -> str:
    """Return the address that a remote is pushed to."""
    return next(iter(_addresses(git, name, "--push")), name)
