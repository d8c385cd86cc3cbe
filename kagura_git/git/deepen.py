"""Bringing commits into a clone that lacks them, as deep as where they parted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kagura_git.errors import GitError, NotFound
from kagura_git.git.remote_run import run, without_credentials
from kagura_git.git.run import Git, decode, revision

_FETCH: Final = (
    "fetch", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-prune",
    "--recurse-submodules=no", "--refmap=", "--no-progress",
)  # fmt: skip
_FIRST_DEPTH: Final = 20
_STEPS: Final = 6
_ALL: Final = 2**31 - 1  # what git itself takes for all of history


def commit(git: Git, name: str) -> str | None:
    """Return the id of a commit that is here, None for one that is not."""
    asked = ("rev-parse", "--verify", "--quiet", f"{revision(name)}^{{commit}}")
    done = git.run(*asked, ok=(0, 1, 128))
    return decode(done.stdout).strip() if done.returncode == 0 else None


def is_shallow(git: Git) -> bool:
    """Tell whether history is cut off somewhere."""
    return git.text("rev-parse", "--is-shallow-repository") == "true"


def parted(git: Git, one: str, other: str) -> str | None:
    """Return where two commits parted, as far as this clone knows."""
    done = git.run("merge-base", one, other, ok=(0, 1, 128))
    return decode(done.stdout).strip() or None


def bring(
    git: Git, address: str, names: Sequence[str], *, depth: int | None = None, seconds: float
) -> bool:
    """Fetch a commit by the first of its names that the other side gives.

    Args:
        depth: how many commits from there; None: as the clone is, down to what it has.
    """
    cut = () if depth is None else (f"--depth={depth}",)
    for name in names:
        if run(git, *_FETCH, *cut, "--", address, revision(name), seconds=seconds).code == 0:
            return True
    return False


def found(git: Git, address: str, name: str, refs: Sequence[str], *, seconds: float) -> str:
    """Return the id of a commit, fetched if it is not here.

    Args:
        name: an id or a revision.
        refs: what the other side may call it.

    Raises:
        NotFound: neither here nor there.
    """
    here = commit(git, name)
    if here is not None:
        return here
    depth = _FIRST_DEPTH if is_shallow(git) else None
    bring(git, address, [name, *refs], depth=depth, seconds=seconds)
    here = commit(git, name) or _fetched(git, address, refs, seconds)
    if here is None:
        raise NotFound(
            f"no commit {name!r}, neither here nor at {address}",
            hint="In a workflow, let actions/checkout run first.",
            where=name,
        )
    return here


def _fetched(git: Git, address: str, refs: Sequence[str], seconds: float) -> str | None:
    """Return the commit that one of these refs is at the other side, once it is here."""
    if not refs:
        return None
    listed = run(git, "ls-remote", "--", address, *refs, seconds=seconds)
    for line in listed.out.splitlines():
        there = commit(git, line.partition("\t")[0])
        if there is not None:
            return there
    return None


def until_parted(git: Git, address: str, one: str, other: str, *, seconds: float) -> str | None:
    """Fetch history, little by little, until it is known where two commits parted.

    Returns:
        That commit; None where they share no history at all.

    Raises:
        GitError: the other side does not give it.
    """
    for step in range(_STEPS + 1):
        base = parted(git, one, other)
        if base is not None or not is_shallow(git):
            return base
        depth = _FIRST_DEPTH * 4**step if step < _STEPS else _ALL
        deepened(git, address, [one, other], depth, seconds=seconds)
    return parted(git, one, other)


def deepened(
    git: Git, address: str, commits: Sequence[str], depth: int = _ALL, *, seconds: float
) -> None:
    """Fetch so many commits back from some commits.

    Raises:
        GitError: the other side does not give them.
    """
    done = run(git, *_FETCH, f"--depth={depth}", "--", address, *commits, seconds=seconds)
    if done.code != 0:
        told = next((line for line in done.err if line.startswith(("fatal:", "error:"))), "")
        said = without_credentials(told) or "it took too long"
        raise GitError(
            f"more history could not be fetched: {said}",
            hint="`fetch-depth: 0` for actions/checkout fetches all of it.",
            where=address,
        )
