"""The merge driver: the script that git runs for records, and the setting that names it.

The setting asks git where the repository is, so that it holds in a repository
that was moved or copied. A driver that is configured but missing would make
git keep one side without a word; where the script is gone, the setting itself
falls back to git's own merge of texts.
"""

from __future__ import annotations

import os
from typing import Final

from kagura_git import atomic
from kagura_git.git import config, shim_text
from kagura_git.git.repo import Repository
from kagura_git.git.shim_text import Program

NAME: Final = "merge.kagura.name"
DRIVER: Final = "merge.kagura.driver"
VALUES: Final = (
    (NAME, "kagura-git: records by meaning"),
    (
        DRIVER,
        'd="$(git rev-parse --git-common-dir)/kagura/merge-driver"; '
        'if [ -x "$d" ]; then "$d" %O %A %B %P %L %S %X %Y; '
        "else git merge-file -q --marker-size=%L -L ours -L base -L theirs %A %O %B; fi",
    ),
)


def file(repo: Repository) -> str:
    """Return where the script lives: once for all worktrees."""
    return os.path.join(repo.shared, "merge-driver")


def render(program: Program) -> bytes:
    """Return the text of the script."""
    assigned = program.assignments().items()
    head = "".join(f"{name}={shim_text.quoted(value)}\n" for name, value in assigned)
    parts = "\n".join(shim_text.source(name) for name in ("guard.sh", "merge-driver"))
    text = f"#!/bin/sh\n{head}\n{parts}"
    return text.encode("utf-8", "surrogateescape")


def outdated(repo: Repository, program: Program) -> bool:
    """Tell whether the script is missing, or not as this program writes it."""
    path = file(repo)
    return shim_text.read(path) != render(program) or not shim_text.runnable(path)


def wanted(repo: Repository) -> list[tuple[str, str]]:
    """Return the settings that are missing in the repository's own configuration."""
    return [(name, value) for name, value in VALUES if config.own(repo.git, name)[-1:] != [value]]


def configured(repo: Repository) -> bool:
    """Tell whether git merges records with our script."""
    in_force = config.values(repo.git, DRIVER)
    return bool(in_force) and in_force[-1].value == VALUES[1][1] and shim_text.runnable(file(repo))


def install(repo: Repository, program: Program) -> bool:
    """Write the script; returns whether it was missing or old."""
    if not outdated(repo, program):
        return False
    atomic.make_folder(repo.shared)
    path = file(repo)
    atomic.write(path, render(program))
    os.chmod(path, 0o755)
    return True


def remove(repo: Repository) -> bool:
    """Take the script away, once its settings are gone; returns whether it was there."""
    config.remove_empty_section(repo.git, "merge.kagura")
    try:
        os.unlink(file(repo))
    except FileNotFoundError:
        return False
    return True
