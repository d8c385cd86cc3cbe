"""Whether the ``git push`` that a hook was started by is a dry run.

Git does not tell its pre-push hook. What it was called with can be seen in the
list of processes, on systems with ``/proc`` or ``ps``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import Final

# sh, another hook manager or two, and git itself.
_MOST_PARENTS: Final = 12
# What takes the next argument for its value; those of git itself, then those of push.
_GIT_TAKES: Final = frozenset(
    ("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env", "--attr-source")
)
_PUSH_TAKES: Final = frozenset(
    ("-o", "--push-option", "--repo", "--receive-pack", "--exec", "--recurse-submodules")
)


def is_dry_run(process: int) -> bool | None:
    """Tell whether a process descends from a dry-run push; None if there is no telling.

    Args:
        process: the id of the hook's process, or of one that it has started.
    """
    for _ in range(_MOST_PARENTS):
        found = _look(process)
        if found is None:
            return None
        process, words = found
        options = _push_options(words)
        if options is not None:
            return _says_dry_run(options)
    return None


def _look(process: int) -> tuple[int, list[str]] | None:
    """Return a process's parent and its command line."""
    if process <= 1:
        return None
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            words = os.fsdecode(file.read()).split("\0")[:-1]
        with open(f"/proc/{process}/stat", "rb") as file:
            parent = int(file.read().rpartition(b")")[2].split()[1])
        return parent, words
    except (OSError, ValueError, IndexError):
        pass
    asked = ["ps", "-ww", "-o", "ppid=", "-o", "args=", "-p", str(process)]
    try:
        done = subprocess.run(
            asked, stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False
        )
        parent_text, *rest = os.fsdecode(done.stdout).split()
        return int(parent_text), rest
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _push_options(words: Sequence[str]) -> Sequence[str] | None:
    """Return what follows ``push`` on git's command line; None if it is no push."""
    program = os.path.basename(words[0]).removesuffix(".exe") if words else ""
    if program == "git-push":
        return words[1:]
    if program != "git":
        return None
    at = 1
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in _GIT_TAKES else 1
    return words[at + 1 :] if words[at : at + 1] == ["push"] else None


def _says_dry_run(options: Sequence[str]) -> bool:
    said, at = False, 0
    while at < len(options) and options[at] != "--":
        option = options[at]
        at += 2 if option in _PUSH_TAKES else 1
        if option.startswith("--"):
            # git takes every beginning of an option that fits no other one.
            if "--dry-run".startswith(option) and len(option) > len("--d"):
                said = True
            elif "--no-dry-run".startswith(option) and len(option) > len("--no-d"):
                said = False
        elif option.startswith("-"):
            flags, value, _ = option[1:].partition("o")  # -o takes all that follows
            said |= "n" in flags
            at += bool(value) and option.endswith("o") and option != "-o"
    return said
