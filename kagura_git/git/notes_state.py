"""How the notes stand: what fetched ones say that ours do not, and whether git can merge ours."""

from __future__ import annotations

from typing import Final

from kagura_git.git.notes import REF
from kagura_git.git.run import Git, decode
from kagura_git.git.versions import blobs

_MOST: Final = 16 * 1024 * 1024


def tracked(git: Git) -> dict[str, str]:
    """Return the commits of the notes that were fetched from each remote, by remote."""
    lines = git.text(
        "for-each-ref", "--format=%(objectname) %(refname:lstrip=3)", "refs/notes/remotes/"
    ).splitlines()
    names = (line.split(" ", 1) for line in lines)
    wanted = f"/{REF.rpartition('/')[2]}"
    return {name.removesuffix(wanted): tip for tip, name in names if name.endswith(wanted)}


def lacking(git: Git, tip: str) -> int:
    """Return how many commits have notes at ``tip`` that say something ours do not say."""
    done = git.run("merge-base", "--is-ancestor", tip, REF, ok=(0, 1, 128))
    if done.returncode == 0:
        return 0
    theirs, ours = _listed(git, tip), _listed(git, REF)
    new = sum(1 for commit in theirs if commit not in ours)
    other = [commit for commit in theirs if ours.get(commit, theirs[commit]) != theirs[commit]]
    pairs = [(theirs[commit], ours[commit]) for commit in other]
    texts = blobs(git, (blob for pair in pairs for blob in pair), _MOST)
    lines = {blob: set(text.splitlines()) - {b""} for blob, text in texts.items()}
    return new + sum(1 for one, own in pairs if lines.get(one, set()) - lines.get(own, set()))


def _listed(git: Git, tip: str) -> dict[str, str]:
    done = git.run("ls-tree", "-r", "-z", tip, ok=(0, 128))
    entries = (line.partition("\t") for line in decode(done.stdout).split("\0")[:-1])
    return {path.replace("/", ""): meta.split(" ")[2] for meta, _, path in entries}


def problem(git: Git) -> str | None:
    """Return what is wrong with the notes' top tree, or None.

    git itself gives a tree either notes or folders of them; one with both
    makes ``git notes merge`` crash.
    """
    if git.run("rev-parse", "--verify", "--quiet", REF, ok=(0, 1, 128)).returncode:
        return None
    done = git.run("ls-tree", "-z", REF, ok=(0, 128))
    if done.returncode:
        return f"{REF} cannot be read: {decode(done.stderr).strip().removeprefix('fatal: ')}"
    kinds = {
        meta.split(" ")[1]
        for meta, _, name in (line.partition("\t") for line in decode(done.stdout).split("\0")[:-1])
        if len(name) in (2, 40, 64) and not name.strip("0123456789abcdef")
    }
    return f"{REF} keeps notes both in folders and beside them" if len(kinds) > 1 else None
