"""What git's attributes do to a file between the work tree and the staging area."""

from __future__ import annotations

from collections.abc import Sequence

from kagura_git.git.run import Git, decode


def of(git: Git, path: str, names: Sequence[str]) -> dict[str, str]:
    """Return the attributes of a path, which need not exist, by name.

    A value is ``set``, ``unset``, ``unspecified`` or what the attribute is set to.
    """
    done = git.run("check-attr", "-z", *names, "--", path)
    fields = decode(done.stdout).split("\0")[:-1]
    return dict(zip(fields[1::3], fields[2::3], strict=True))
