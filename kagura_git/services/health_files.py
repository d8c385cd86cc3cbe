"""What ``doctor`` looks at around the records: settings, attributes, what is ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kagura_git.git import attributes, staging
from kagura_git.model.ids import STORED_KINDS, Kind
from kagura_git.services.finding import Finding
from kagura_git.settings import FILE
from kagura_git.store.files import folder_of
from kagura_git.workspace import Workspace

_OFF: Final = ("unspecified", "unset")
_LOOKED_AT: Final = ("filter", "ident", "working-tree-encoding", "merge")


def settings(ws: Workspace) -> Iterator[Finding]:
    """Say why the settings cannot be used, and what of them a repository may not say."""
    problem = ws.settings.problem
    if problem is not None:
        where = problem.where or FILE
        yield Finding(
            "settings", "error",
            f"{where}: {problem.message}; nothing is recorded until that is mended", problem.hint,
        )  # fmt: skip
    for said in ws.settings.ignored:
        yield Finding("settings", "warning", f"{FILE}: {said}", "Correct that, or take it out.")


def changed_on_the_way(ws: Workspace) -> Iterator[Finding]:
    """Name attributes that make git store, or merge, something else than a record's text."""
    found = attributes.of(ws.repo.git, _example("decision"), _LOOKED_AT)
    mend = "Run `git kagura init`, and see that no .gitattributes further down says otherwise."
    for name in ("filter", "working-tree-encoding", "ident"):
        if found[name] not in _OFF:
            yield Finding(
                "attributes", "error",
                f"records have {name}={found[name]}: git would not store their own text", mend,
            )  # fmt: skip
    if found["merge"] == "union":
        yield Finding(
            "attributes", "warning",
            "records have merge=union: a merge would put both sides' lines together", mend,
        )  # fmt: skip


def ignored(ws: Workspace) -> Iterator[Finding]:
    """Name the folders whose records git would never add."""
    places = [_example(kind) for kind in STORED_KINDS]
    covered = staging.ignored(ws.repo, places)
    for place in places:
        if place in covered:
            folder = place.rsplit("/", 2)[0]
            yield Finding(
                "ignored", "warning",
                f"a .gitignore covers {folder}: these records stay on this machine",
                "Take that line out, unless this is what you want.",
            )  # fmt: skip


def _example(kind: Kind) -> str:
    # No file by this name need exist.
    return f"{folder_of(kind)}/2026-01/0.yaml"
