"""The text of the hooks: rendered from ``hooks/``, recognized and read again."""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass
from typing import Final

from kagura_git.config import import_path
from kagura_git.errors import KaguraError
from kagura_git.version import __version__

HOOKS: Final = (
    "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout",
    "post-merge", "post-rewrite", "pre-push",
)  # fmt: skip
# Every hook git may start (githooks(5)): what a foreign folder may hold.
ALL_HOOKS: Final = (
    *HOOKS, "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-merge-commit",
    "pre-rebase", "pre-receive", "update", "proc-receive", "post-receive",
    "post-update", "reference-transaction", "push-to-checkout", "pre-auto-gc",
    "sendemail-validate", "post-index-change", "p4-changelist", "p4-prepare-changelist",
    "p4-post-changelist", "p4-pre-submit",
)  # fmt: skip
# Functions that stand between the head and the hook's own text.
_SHARED: Final = dict.fromkeys(("prepare-commit-msg", "commit-msg"), ("trailers.sh",))
MARKER: Final = b"# kagura-git hook: "
NOBODY: Final = "-"  # as former folder: git, or another tool, runs the other hooks itself
_LOOK: Final = 4096
_ASSIGNED: Final = re.compile(rb"^(kagura_[a-z]+)='((?:[^']|'\\'')*)'$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Program:
    """What the shims start: a Python, the folder that holds the package, its version.

    Attributes:
        more: folders of dependencies that an isolated Python does not find by itself.
    """

    python: str
    home: str
    version: str
    more: tuple[str, ...] = ()

    def assignments(self) -> dict[str, str]:
        """Return the variables at the head of each script, the import path one a line."""
        return {
            "kagura_version": self.version,
            "kagura_python": self.python,
            "kagura_home": self.home,
            "kagura_imports": "\n".join([self.home, *self.more]),
        }


def this_program() -> Program:
    """Return the Python and the package that run now."""
    home, *more = import_path.for_hooks()
    return Program(sys.executable, home, __version__, tuple(more))


def render(hook: str, program: Program, former: str | None = None) -> bytes:
    """Return the text of a shim; for a hook that is not ours, one that only passes on.

    Args:
        former: the folder whose hook of that name runs first; None for the one that lies
            beside the shim, ``NOBODY`` for none.
    """
    assigned = {
        "kagura_hook": hook,
        **program.assignments(),
        "kagura_former": former or "",
    }
    head = "".join(f"{name}={quoted(value)}\n" for name, value in assigned.items())
    start = f"#!/bin/sh\n{MARKER.decode()}{hook} {program.version}\n"
    if hook in HOOKS:
        parts = ("guard.sh", "head.sh", *_SHARED.get(hook, ()), hook)
        text = f"{start}{head}\n" + "\n".join(source(part) for part in parts)
    else:
        name = quoted(f"{former}/{hook}")
        text = f'{start}{head}[ -x {name} ] || exit 0\nexec {name} "$@"\n'
    return text.encode("utf-8", "surrogateescape")


def source(name: str) -> str:
    """Return the text of a file that ships in ``hooks/``."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # In the wheel inside the package, in a checkout beside it.
    for folder in ("_hooks", "../hooks"):
        path = os.path.join(package, folder, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                return file.read()
    raise KaguraError(f"{name} is missing", hint="Install kagura-git again.", where=package)


def quoted(value: str) -> str:
    """Return a text as one word of a shell."""
    return "'" + value.replace("'", "'\\''") + "'"


def assigned(text: bytes) -> dict[bytes, bytes]:
    """Return what a shim's head says: its program, its version, the folder it passes on to."""
    return dict(_ASSIGNED.findall(text[:_LOOK]))


def is_shim(path: str) -> bool:
    """Tell whether a file is a hook of ours."""
    return not os.path.islink(path) and MARKER in start(path)


def start(path: str) -> bytes:
    """Return the first bytes of a file, nothing if it cannot be read."""
    return read(path)[:_LOOK]


def read(path: str) -> bytes:
    """Return a regular file's bytes, a mebibyte at most; nothing if it cannot be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        with open(path, "rb") as file:
            return file.read(1024 * 1024)
    except OSError:
        return b""


def runnable(path: str) -> bool:
    """Tell whether git would start the file."""
    return os.path.isfile(path) and os.access(path, os.X_OK)
