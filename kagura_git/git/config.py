"""The repository's git configuration: reading values, adding ours, taking ours away.

Only the repository's own file is ever written, and only whole values: what
others put there stays.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from kagura_git.errors import GitError
from kagura_git.git.run import Git, decode


class Setting(NamedTuple):
    """One value and where it comes from: system, global, local, worktree or command."""

    scope: str
    value: str


def values(git: Git, name: str) -> list[Setting]:
    """Return every value of a variable, the one in force last."""
    return _listed(git, name)


def own(git: Git, name: str) -> list[str]:
    """Return the values that the repository's own file holds, not those it includes."""
    done = git.run("config", "--local", "-z", "--get-all", name, ok=(0, 1))
    return decode(done.stdout).split("\0")[:-1]


def own_matching(git: Git, pattern: str) -> list[tuple[str, str]]:
    """Return names and values in the repository's own file whose name fits the pattern."""
    done = git.run("config", "--local", "-z", "--get-regexp", pattern, ok=(0, 1))
    pairs = (item.partition("\n") for item in decode(done.stdout).split("\0")[:-1])
    return [(name, value) for name, _, value in pairs]


def add(git: Git, name: str, value: str) -> None:
    """Add a value in the repository's own file, beside those that are there."""
    _write(git, "--add", name, value)


def replace(git: Git, name: str, value: str) -> None:
    """Make this the only value in the repository's own file."""
    _write(git, "--replace-all", name, value)


def remove(git: Git, name: str, value: str) -> bool:
    """Take a value out of the repository's own file; False if it was not there."""
    if value not in own(git, name):
        return False
    _write(git, "--fixed-value", "--unset-all", name, value)
    return True


def remove_empty_section(git: Git, section: str) -> None:
    """Take away the header that git leaves where a comment stands before it."""
    pattern = f"^{section.replace('.', '[.]')}[.]"
    if git.run("config", "--local", "--get-regexp", pattern, ok=(0, 1)).returncode == 1:
        git.run("config", "--local", "--remove-section", section, ok=(0, 128))


def folders(git: Git, name: str) -> list[str]:
    """Return the values of a variable that names a folder, with ``~`` resolved.

    The one in force is the last. What ``git -c`` says for one command does not count.
    """
    found = _listed(git, "--type=path", name)
    return [value for scope, value in found if value and scope != "command"]


def paths(git: Git, name: str) -> list[Setting]:
    """Return every value of a variable that names a path, with ``~`` resolved."""
    return _listed(git, "--type=path", name)


def remotes(git: Git) -> list[str]:
    """Return the names of the remotes."""
    return [name for name in git.text("remote").split("\n") if name]


def restore(path: str, data: bytes) -> None:
    """Replace the configuration file's bytes under the lock that git itself takes for it.

    Raises:
        GitError: another git process holds that lock.
    """
    lock = f"{path}.lock"
    try:
        descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise GitError(
            "another git command is changing the configuration",
            hint="Try again when it has ended.",
            where=path,
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(lock, os.stat(path).st_mode & 0o7777)
    os.replace(lock, path)


def _listed(git: Git, *args: str) -> list[Setting]:
    done = git.run("config", "--show-scope", "-z", "--get-all", *args, ok=(0, 1))
    fields = decode(done.stdout).split("\0")
    return [Setting(*pair) for pair in zip(fields[::2], fields[1::2], strict=False)]


def _write(git: Git, *args: str) -> None:
    done = git.run("config", "--local", *args, ok=range(256))
    if done.returncode != 0:
        said = decode(done.stderr).strip()
        raise GitError(
            f"the git configuration could not be changed: {said}",
            hint="If another git command is running, try again when it has ended.",
            where=args[-2],
        )
