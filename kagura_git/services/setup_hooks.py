"""The hooks' part of ``init`` and ``uninstall``: the shims, and how git comes to start them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from kagura_git.git import config, shim_places, shims
from kagura_git.git.repo import Repository
from kagura_git.git.shims import Place, Program
from kagura_git.services import ledger as kept
from kagura_git.services.ledger import Change, Ledger, shown


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to the hooks.

    Attributes:
        write: paths of shims that are missing or old.
        settings: what our configuration file has to say; None if it has to go.
        include: variables by which the repository's configuration is to include it.
        exclude: such variables that are there and not wanted.
        given_back: ``core.hooksPath`` as it was before an older version replaced it, or "".
    """

    place: Place
    program: Program
    write: tuple[str, ...]
    settings: bytes | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    elsewhere: bool
    given_back: str | None

    @property
    def configures(self) -> bool:
        """Whether the repository's own configuration file changes."""
        return bool(self.include or self.exclude or self.given_back is not None)


def plan(repo: Repository, ledger: Ledger, program: Program, *, by_config: bool | None) -> Plan:
    """Return what has to be done; raises ``KaguraError`` where git cannot do as asked."""
    at = shims.place(repo, by_config=by_config)
    settings = shim_places.settings(repo, at)
    wanted = shim_places.includes(repo) if settings is not None else []
    there = shim_places.included(repo)
    replaced = shims.own_folder(repo) in config.own(repo.git, "core.hooksPath")
    return Plan(
        place=at,
        program=program,
        write=tuple(shims.pending(repo, program, at)),
        settings=settings,
        include=tuple(name for name in wanted if name not in there),
        exclude=tuple(name for name in there if name not in wanted),
        elsewhere=shims.present_elsewhere(repo, at),
        given_back=(ledger.hooks_path or "") if replaced else None,
    )


def changes(repo: Repository, todo: Plan) -> Iterator[Change]:
    """Yield what the plan changes, as a person wants to read it."""
    if todo.elsewhere:
        yield Change("hooks removed, for those in the new place", _other(repo, todo.place))
    for path in todo.write:
        yield Change("hook installed", shown(repo, path))
    file = shim_places.file(repo)
    if kept.content(file) != todo.settings:
        verb = "removed" if todo.settings is None else "written"
        yield Change(verb, shown(repo, file))
    for name in todo.include:
        yield Change(f"added {shim_places.FILE}", f"git config {name}")
    for name in todo.exclude:
        yield Change(f"removed {shim_places.FILE}", f"git config {name}")
    if todo.given_back is not None:
        yield Change(f"set back to {todo.given_back or 'nothing'}", "git config core.hooksPath")


def _other(repo: Repository, at: Place) -> str:
    default = shim_places.default_folder(repo)
    return shown(repo, shims.own_folder(repo) if at.folder == default else default)


def apply(repo: Repository, ledger: Ledger, todo: Plan) -> None:
    """Write shims and our configuration file; never are two sets of shims started at once."""
    if todo.elsewhere:
        shims.remove(repo, but=todo.place)
    folder = todo.place.folder
    if folder == shim_places.default_folder(repo) and todo.write and not os.path.isdir(folder):
        ledger.made = folder
        ledger.save()
    shims.install(repo, todo.program, todo.place)
    file = shim_places.file(repo)
    if todo.settings is None:
        kept.discard(file)
    elif kept.content(file) != todo.settings:
        kept.write(file, todo.settings, durable=False)


def configure(repo: Repository, ledger: Ledger, todo: Plan) -> None:
    """Take out of the repository's own configuration what is no longer wanted there."""
    for name in todo.exclude:
        config.remove(repo.git, name, shim_places.FILE)
        ledger.values = [pair for pair in ledger.values if pair[0] != name]
    if todo.given_back is not None:
        give_back(repo, ledger)


def give_back(repo: Repository, ledger: Ledger) -> bool:
    """Put ``core.hooksPath`` back where an older version replaced it; tells whether it did."""
    ours, former = shims.own_folder(repo), ledger.hooks_path
    ledger.hooks_path = None
    if former is not None and ours in config.own(repo.git, "core.hooksPath"):
        config.replace(repo.git, "core.hooksPath", former)
        return True
    return config.remove(repo.git, "core.hooksPath", ours)


def take_back(repo: Repository, ledger: Ledger) -> Iterator[Change]:
    """Remove the shims and our configuration file, and a hooks folder that init made."""
    for path in shims.remove(repo):
        yield Change("hook removed", shown(repo, path))
    kept.discard(shim_places.file(repo))
    if ledger.made:
        kept.remove_empty(ledger.made, itself_only=True)
        ledger.made = None
