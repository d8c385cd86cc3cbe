"""Where the hooks of a repository belong, and how git comes to start them.

Three ways. Without ``core.hooksPath`` the shims lie in the repository's own
hooks folder. Where ``core.hooksPath`` names a folder (husky, a global one) they
lie in a folder of ours, and a configuration file of ours, included by the
repository's, names it: the other tool's setting stays, and so do we when it is
made anew. Asked to, and where git knows ``hook.<name>.command``, the same file
lets git start the shims beside whatever hooks there are.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final, Literal

from kagura_git.errors import KaguraError
from kagura_git.git import config
from kagura_git.git.repo import Repository
from kagura_git.git.shim_text import HOOKS, NOBODY, quoted, read

Way = Literal["folder", "path", "config"]
FILE: Final = "kagura/config"
_SINCE: Final = (2, 54)
_HEAD: Final = "# Written by `git kagura init`; in force while the repository lies where it was.\n"
_NAMED: Final = '[hook "kagura-'


@dataclass(frozen=True, slots=True)
class Place:
    """Where the shims belong: their folder, the folder whose hooks they run first, the way."""

    folder: str
    former: str | None
    way: Way


def own_folder(repo: Repository) -> str:
    """Return the folder the shims go to where git's own one is not used."""
    return os.path.join(repo.shared, "hooks")


def default_folder(repo: Repository) -> str:
    """Return the folder in which git looks for hooks by itself."""
    return os.path.join(repo.common_dir, "hooks")


def file(repo: Repository) -> str:
    """Return the configuration file of ours."""
    return os.path.join(repo.common_dir, *FILE.split("/"))


def place(repo: Repository, *, by_config: bool | None = None) -> Place:
    """Return where the shims belong in this repository, as it is configured now.

    Args:
        by_config: whether git is to start them by ``hook.<name>.command``; None: as it is.

    Raises:
        KaguraError: this git does not know that.
    """
    if by_config and not knows_config(repo):
        raise KaguraError(
            "this git does not start hooks that its configuration names",
            hint="Use git 2.54 or newer; `git kagura init` alone works with every git.",
            where=repo.git.text("--version"),
        )
    if by_config or (by_config is None and is_by_config(repo)):
        return Place(own_folder(repo), NOBODY, "config")
    foreign = foreign_folder(repo)
    if foreign is None:
        return Place(default_folder(repo), None, "folder")
    return Place(own_folder(repo), foreign, "path")


def is_by_config(repo: Repository) -> bool:
    """Tell whether the shims were installed so that git's configuration starts them."""
    return _NAMED.encode() in read(file(repo))


def knows_config(repo: Repository) -> bool:
    """Tell whether this git starts hooks that its configuration names."""
    numbers = re.findall(r"\d+", repo.git.text("--version"))
    return tuple(map(int, numbers[:2])) >= _SINCE


def foreign_folder(repo: Repository) -> str | None:
    """Return the folder that ``core.hooksPath`` names beside ours, None for git's default."""
    found = [
        path
        for path in config.folders(repo.git, "core.hooksPath")
        if not same(repo, path, own_folder(repo))
    ]
    return found[-1] if found and not same(repo, found[-1], default_folder(repo)) else None


def same(repo: Repository, one: str, other: str) -> bool:
    """Tell whether two paths, as the configuration gives them, lead to one folder."""
    return os.path.realpath(os.path.join(repo.top, one)) == os.path.realpath(other)


def unreached(repo: Repository, at: Place) -> str:
    """Return why git does not start the shims there, nothing if it does."""
    if at.way == "config":
        name = f"hook.kagura-{HOOKS[0]}"
        if not knows_config(repo):
            return "this git is too old to start hooks by its configuration"
        if [item.value for item in config.values(repo.git, f"{name}.enabled")][-1:] == ["false"]:
            return f"turned off by {name}.enabled"
        found = [item.value for item in config.values(repo.git, f"{name}.command")]
        return "" if command(repo, HOOKS[0]) in found else "the configuration does not name it"
    found = config.folders(repo.git, "core.hooksPath")
    if (at.way == "folder" and not found) or (found and same(repo, found[-1], at.folder)):
        return ""
    return f"core.hooksPath points to {found[-1]}" if found else "core.hooksPath is not set"


def settings(repo: Repository, at: Place) -> bytes | None:
    """Return what our configuration file has to say, None where none is needed."""
    if at.way == "folder":
        return None
    if at.way == "path":
        text = f"[core]\n\thooksPath = {_value(at.folder)}\n"
    else:
        text = "".join(
            f'{_NAMED}{hook}"]\n\tevent = {hook}\n\tcommand = {_value(command(repo, hook))}\n'
            for hook in HOOKS
        )
    return f"{_HEAD}{text}".encode("utf-8", "surrogateescape")


def includes(repo: Repository) -> list[str]:
    """Return the variables by which the repository's configuration includes our file.

    Only where the repository lies now: moved or mounted elsewhere, the absolute
    folder in our file would cut off the hooks of the other tool with ours.
    """
    if "\n" in repo.common_dir:
        return ["include.path"]  # no section of a configuration can be named so
    pattern = re.sub(r"([*?\[\\])", r"\\\1", repo.common_dir)
    return [f"includeIf.gitdir:{pattern}{end}.path" for end in ("", "/")]


def included(repo: Repository) -> list[str]:
    """Return the variables by which the repository's own configuration includes our file now."""
    found = config.own_matching(repo.git, r"^include(if\..*)?\.path$")
    return [name.replace("includeif.", "includeIf.", 1) for name, value in found if value == FILE]


def command(repo: Repository, hook: str) -> str:
    """Return what git runs for a hook that its configuration names; git adds the arguments."""
    path = quoted(os.path.join(own_folder(repo), hook))
    return f"[ ! -x {path} ] || exec {path}"


def _value(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
