"""Decisions written as MADR files into a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from kagura_git import atomic
from kagura_git.errors import UsageError
from kagura_git.fs.safe_path import UnsafePath, WorkTree, chosen
from kagura_git.model.ids import id_in_name
from kagura_git.model.records import Decision
from kagura_git.services.adr import exported, files
from kagura_git.services.adr.report import Skipped
from kagura_git.workspace import Workspace

# Where MADR's own tools and log4brains look.
FOLDER: Final = "docs/adr"


@dataclass(slots=True)
class ExportReport:
    """What an export did: the files by what became of them."""

    folder: str
    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return asdict(self)


def run(ws: Workspace, output: str | None, cwd: str, *, force: bool = False) -> ExportReport:
    """Write every decision of this branch as a file of its own; each keeps its name for good.

    Args:
        output: the folder; default: ``docs/adr`` at the top of the repository.
        force: write over files that others made, or that were edited since.

    Raises:
        UsageError: the folder is a file, or a link out of the work tree or into a git directory.
        CannotWrite: the disk is full, read-only ...
    """
    folder = _folder(ws, output, cwd)
    shown = os.path.relpath(folder, cwd) if output else FOLDER
    report = ExportReport(shown.replace(os.sep, "/"))
    into = _place(ws, folder)
    into.make_folder(folder)
    there = _written_before(folder)
    for path, decision in _decisions(ws):
        name = there.get(decision.id) or f"{os.path.basename(path).removesuffix('.yaml')}.md"
        reason = _came_from(ws, decision, folder) or _write(
            into, folder, name, decision, force, report
        )
        if reason:
            report.skipped.append(Skipped(name, reason))
    return report


def _folder(ws: Workspace, output: str | None, cwd: str) -> str:
    """Return the folder to write into; links to other folders of the work tree are followed."""
    tree = ws.repo.tree
    try:
        if output:
            real = chosen(tree, output, cwd)
        else:
            real = os.path.realpath(os.path.join(tree.top, *FOLDER.split("/")))
            tree.resolve(os.path.join(real, "x"))
    except UnsafePath as problem:
        hint = problem.hint if output else "Name the folder with --output."
        raise UsageError(problem.message, hint=hint, where=output or FOLDER) from None
    if os.path.lexists(real) and not os.path.isdir(real):
        raise UsageError(
            "not a folder", hint="Name a folder with --output.", where=output or FOLDER
        )
    return real


def _place(ws: Workspace, folder: str) -> WorkTree:
    """Return what is written into: the work tree, or a folder outside that the user named."""
    tree = ws.repo.tree
    if folder == tree.top or folder.startswith(tree.top + os.sep):
        return tree
    atomic.make_folder(folder)
    return WorkTree(folder)


def _decisions(ws: Workspace) -> Iterable[tuple[str, Decision]]:
    found = [
        (stored.path, stored.record)
        for stored in ws.files.read_all(("decision",))
        if isinstance(stored.record, Decision)
    ]
    return sorted(found, key=lambda pair: (pair[1].created_at, pair[1].id))


def _written_before(folder: str) -> dict[str, str]:
    """Return the names of the files that earlier exports wrote, by the decision's id."""
    found: dict[str, str] = {}
    for name in sorted(os.listdir(folder)):
        record_id = id_in_name(name)
        if record_id and name.endswith(".md"):
            found.setdefault(record_id, name)
    return found


def _came_from(ws: Workspace, decision: Decision, folder: str) -> str:
    """Return why a decision needs no file here: it was read from one in this very folder."""
    source = decision.imported_from
    if source is None:
        return ""
    full = os.path.join(ws.repo.top, source)
    inside = os.path.realpath(full).startswith(folder + os.sep)
    return f"read from {source}" if inside and os.path.isfile(full) else ""


def _write(
    into: WorkTree, folder: str, name: str, decision: Decision, force: bool, report: ExportReport
) -> str:
    """Write one file unless it is there as it is; returns why not, if it may not."""
    full = os.path.join(folder, name)
    text = exported.text_of(decision)
    if os.path.lexists(full):
        there, _, problem = files.text_of(files.Found(name, full))
        if not problem and there.replace("\r\n", "\n") == text:
            report.unchanged.append(name)
            return ""
        ours = not problem and exported.written_for(there) == decision.id
        if not force and not ours:
            return "a file of others: --force writes over it"
        if not force and not exported.is_untouched(there.replace("\r\n", "\n")):
            return "edited since it was exported: --force writes over it"
        if os.path.isdir(full) and not os.path.islink(full):
            return "a folder"
    into.write(full, text.encode("utf-8"))
    report.written.append(name)
    return ""
