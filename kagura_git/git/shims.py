"""The hooks that `init` installs: rendering, installing, looking at and removing them.

Two layouts. Without ``core.hooksPath`` the shims go into the repository's own
hooks folder, and a hook that was there is kept beside as
``<name>.kagura-chained`` and run first. Where ``core.hooksPath`` names a
folder (husky, a global one), that folder is not touched: the shims go into a
folder of ours, ``core.hooksPath`` names that one, and each shim first runs the
hook of the former folder in place; every other hook there gets a shim that
does only this.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from kagura_git import atomic
from kagura_git.errors import KaguraError
from kagura_git.git import config
from kagura_git.git.repo import Repository
from kagura_git.version import __version__

HOOKS: Final = (
    "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout",
    "post-merge", "post-rewrite",
)  # fmt: skip
# Every hook git may start (githooks(5)): what a foreign folder may hold.
_ALL_HOOKS: Final = (
    *HOOKS, "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-merge-commit",
    "pre-rebase", "pre-push", "pre-receive", "update", "proc-receive", "post-receive",
    "post-update", "reference-transaction", "push-to-checkout", "pre-auto-gc",
    "sendemail-validate", "post-index-change", "p4-changelist", "p4-prepare-changelist",
    "p4-post-changelist", "p4-pre-submit",
)  # fmt: skip
CHAINED: Final = ".kagura-chained"
MARKER: Final = b"# kagura-git hook: "
_LOOK: Final = 4096
_NAMED: Final = ("kagura_version", "kagura_python", "kagura_home", "kagura_former")

State = Literal["installed", "missing", "overwritten", "outdated", "unreached"]


@dataclass(frozen=True, slots=True)
class Program:
    """What the shims start: a Python, the folder that holds the package, its version."""

    python: str
    home: str
    version: str


@dataclass(frozen=True, slots=True)
class HookState:
    """How one hook stands; ``detail`` says what to know about it, or is empty."""

    name: str
    state: State
    path: str
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether git runs the hook, as this version wrote it."""
        return self.state == "installed"

    @property
    def problem(self) -> str:
        """What is wrong, in a few words."""
        words = {
            "installed": "installed",
            "missing": "not installed",
            "overwritten": "replaced by another tool",
            "outdated": "not as this version writes it",
            "unreached": "not reached by git",
        }[self.state]
        return f"{words} ({self.detail})" if self.detail else words


@dataclass(frozen=True, slots=True)
class Place:
    """Where the shims belong: their folder, and the folder whose hooks they run first."""

    folder: str
    former: str | None


def this_program() -> Program:
    """Return the Python and the package that run now."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return Program(sys.executable, os.path.dirname(package), __version__)


def own_folder(repo: Repository) -> str:
    """Return the folder the shims go to where ``core.hooksPath`` is taken."""
    return os.path.join(repo.shared, "hooks")


def place(repo: Repository) -> Place:
    """Return where the shims belong in this repository, as it is configured now."""
    default = os.path.join(repo.common_dir, "hooks")
    ours = own_folder(repo)
    current = config.folder(repo.git, "core.hooksPath")
    if not current or _same(repo, current, default):
        return Place(default, None)
    if not _same(repo, current, ours):
        return Place(ours, current)
    return Place(ours, _recorded_former(ours))


def _same(repo: Repository, one: str, other: str) -> bool:
    return os.path.realpath(os.path.join(repo.top, one)) == os.path.realpath(other)


def _recorded_former(folder: str) -> str | None:
    for hook in HOOKS:
        text = _read(os.path.join(folder, hook)).decode("utf-8", "surrogateescape")
        for line in text.split("\n"):
            if line.startswith("kagura_former="):
                return _unquoted(line.removeprefix("kagura_former=")) or None
    return None


def render(hook: str, program: Program, former: str | None = None) -> bytes:
    """Return the text of a shim; for a hook that is not ours, one that only passes on."""
    assigned = {
        "kagura_hook": hook,
        "kagura_version": program.version,
        "kagura_python": program.python,
        "kagura_home": program.home,
        "kagura_former": former or "",
    }
    head = "".join(f"{name}={_quoted(value)}\n" for name, value in assigned.items())
    start = f"#!/bin/sh\n{MARKER.decode()}{hook} {program.version}\n"
    if hook in HOOKS:
        text = f"{start}{head}\n{source('head.sh')}\n{source(hook)}"
    else:
        name = _quoted(f"{former}/{hook}")
        text = f'{start}{head}[ -f {name} ] && [ -x {name} ] || exit 0\nexec {name} "$@"\n'
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


def _quoted(value: str) -> str:
    if "\n" in value:
        raise KaguraError("a folder name with a line break cannot stand in a hook", where=value)
    return "'" + value.replace("'", "'\\''") + "'"


def _unquoted(text: str) -> str:
    return text.strip()[1:-1].replace("'\\''", "'")


def wanted(repo: Repository, program: Program, at: Place) -> dict[str, bytes]:
    """Return every shim that belongs into the folder, by hook name."""
    shims = {hook: render(hook, program, at.former) for hook in HOOKS}
    if at.former:
        folder = os.path.join(repo.top, at.former)
        for hook in _ALL_HOOKS:
            if hook not in shims and _runnable(os.path.join(folder, hook)):
                shims[hook] = render(hook, program, at.former)
    return shims


def pending(repo: Repository, program: Program) -> list[str]:
    """Return the paths of the shims that :func:`install` would write."""
    at = place(repo)
    return [path for path, _ in _todo(repo, program, at)]


def install(repo: Repository, program: Program) -> list[str]:
    """Write the shims that are missing or old; returns their paths.

    A hook of another tool that itself runs ours (``pre-commit`` keeps it as
    ``.legacy``) is left alone: chaining it would run both in a circle.
    """
    at = place(repo)
    written = []
    for path, data in _todo(repo, program, at):
        os.makedirs(at.folder, exist_ok=True)
        if os.path.lexists(path) and not _is_shim(path):
            chained = path + CHAINED
            if os.path.lexists(chained):
                # Another tool replaced our shim: what we had chained is kept, but no longer run.
                os.replace(chained, _free(f"{path}.kagura-former"))
            os.replace(path, chained)
        write(path, data)
        written.append(path)
    return written


def _todo(repo: Repository, program: Program, at: Place) -> Iterator[tuple[str, bytes]]:
    for hook, data in wanted(repo, program, at).items():
        path = os.path.join(at.folder, hook)
        if _is_shim(path):
            if _read(path) != data or not _runnable(path):
                yield path, data
        elif _runs_ours(path) is None:
            yield path, data


def write(path: str, data: bytes) -> None:
    """Write a shim, executable."""
    atomic.write(path, data)
    os.chmod(path, 0o755)


def present(repo: Repository) -> bool:
    """Tell whether any of our shims stands in this repository, reached or not."""
    folders = (os.path.join(repo.common_dir, "hooks"), own_folder(repo))
    return any(_is_shim(os.path.join(folder, hook)) for folder in folders for hook in HOOKS)


def remove(repo: Repository) -> list[str]:
    """Take the shims away and put back what they chained; returns the paths that changed."""
    changed = []
    for folder in (os.path.join(repo.common_dir, "hooks"), own_folder(repo)):
        for hook in _ALL_HOOKS:
            path = os.path.join(folder, hook)
            for shim in (path, f"{path}.legacy"):
                if not _is_shim(shim):
                    continue
                os.unlink(shim)
                changed.append(shim)
                if os.path.lexists(path + CHAINED):
                    os.replace(path + CHAINED, shim)
    return changed


def inspect(repo: Repository, program: Program | None = None) -> list[HookState]:
    """Return how every hook of ours stands, and hooks of a former folder that are cut off."""
    program = program or this_program()
    at = place(repo)
    ours = own_folder(repo)
    if at.former and not _same(repo, config.folder(repo.git, "core.hooksPath") or "", ours):
        installed = any(_is_shim(os.path.join(ours, hook)) for hook in HOOKS)
        default = os.path.join(repo.common_dir, "hooks")
        if installed or any(_is_shim(os.path.join(default, hook)) for hook in HOOKS):
            detail = f"core.hooksPath points to {at.former}"
            folder = ours if installed else default
            return [
                HookState(hook, "unreached", os.path.join(folder, hook), detail) for hook in HOOKS
            ]
    return [
        _state(os.path.join(at.folder, hook), data)
        for hook, data in wanted(repo, program, at).items()
    ]


def _state(path: str, data: bytes) -> HookState:
    hook = os.path.basename(path)
    if not os.path.lexists(path):
        return HookState(hook, "missing", path)
    if _is_shim(path):
        if not _runnable(path):
            return HookState(hook, "outdated", path, "not executable")
        found = _read(path)
        if found == data:
            return HookState(hook, "installed", path)
        held = set(found.decode("utf-8", "replace").split("\n"))
        wants = data.decode("utf-8", "replace").split("\n")
        stale = [name for name in _NAMED if not held & {w for w in wants if w.startswith(name)}]
        return HookState(hook, "outdated", path, ", ".join(stale).replace("kagura_", ""))
    through = _runs_ours(path)
    if through is not None:
        return HookState(hook, "installed", path, f"run by another tool's hook as {through}")
    if os.path.lexists(path + CHAINED):
        return HookState(hook, "overwritten", path, "another tool replaced the hook")
    return HookState(hook, "missing", path, "a hook that is not ours stands there")


def _runs_ours(path: str) -> str | None:
    """Return the name under which another tool's hook keeps our shim, or None."""
    folder, hook = os.path.split(path)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return None
    for name in names:
        beside = name.startswith(f"{hook}.") and not name.startswith(f"{hook}.kagura-")
        if beside and _is_shim(os.path.join(folder, name)):
            return name
    return None


def _is_shim(path: str) -> bool:
    return not os.path.islink(path) and MARKER in _read(path)[:_LOOK]


def _runnable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _read(path: str) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        with open(path, "rb") as file:
            return file.read(1024 * 1024)
    except OSError:
        return b""


def _free(path: str) -> str:
    number = 0
    while os.path.lexists(f"{path}.{number}" if number else path):
        number += 1
    return f"{path}.{number}" if number else path
