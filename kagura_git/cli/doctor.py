"""``git kagura doctor``: run every check; ``--fix`` applies the safe repairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from kagura_git.cli.output import Answer, App, command, one_line, progress, styled

if TYPE_CHECKING:
    from kagura_git.services.finding import Finding
    from kagura_git.services.repair import Repaired
    from kagura_git.store.files import Stored
    from kagura_git.workspace import Workspace

_COLOURS = {"error": "r", "warning": "y", "ok": "g"}
_LONGEST = 2000


@command()
@click.option("--fix", is_flag=True, help="Mend what can be mended safely.")
def doctor(app: App, fix: bool) -> Answer:
    """Check hooks, notes, records, index and model; each finding says its mend.

    With --fix, records that a merge has lost a side of or broken are merged again,
    hooks and settings are renewed, records staged, and leftovers taken away.
    """
    from kagura_git.services import health

    ws = app.memory.ws
    found: list[Finding] = []
    stored: Sequence[Stored] = ()
    abandoned = 0
    if health.is_set_up(ws):
        stored = _read(ws)
        repaired = _repairs(ws, stored, apply=fix)
        told = {(i.problem.where or i.path, i.problem.message) for i in stored if i.problem}
        found = [_finding(item) for item in repaired if (item.path, item.wrong) not in told]
        if fix:
            found += _fixed(ws)
            if any(item.done for item in repaired):
                stored = _read(ws)
        abandoned = _abandoned(ws)
    with progress("Looking at signatures") as draw:
        found += health.check(
            ws, app.memory.recaller, app.environ, stored=stored, abandoned=abandoned, progress=draw
        )
    return _answer(found)


def _answer(found: Sequence[Finding]) -> Answer:
    faults = [item for item in found if item.severity == "error"]
    findings = [
        {"check": f.check, "severity": f.severity, "message": f.message, "mend": f.mend}
        for f in found
    ]
    lines = []
    for item in found:
        severity = styled(_COLOURS[item.severity], item.severity)
        lines.append(f"{severity:<7} {item.check}: {one_line(item.message, _LONGEST)}")
        if item.mend:
            lines.append(f"        {one_line(item.mend, _LONGEST)}")
    return Answer({"ok": not faults, "findings": findings}, lines, code=1 if faults else 0)


def _read(ws: Workspace) -> list[Stored]:
    with progress("Reading records") as draw:
        total = sum(1 for _ in ws.files.entries())
        stored = []
        for item in ws.files.read_all():
            stored.append(item)
            if len(stored) % 500 == 0:
                draw(len(stored), max(total, len(stored)))
    return stored


def _repairs(ws: Workspace, stored: Sequence[Stored], *, apply: bool) -> list[Repaired]:
    from kagura_git.services import repair

    broken = [item.path for item in stored if item.problem is not None]
    return repair.repair(ws, paths=broken, apply=apply)


def _finding(item: Repaired) -> Finding:
    from kagura_git.services.finding import Finding

    place = f"{item.path}: " if item.path else ""
    said = "".join(f"; {sentence.rstrip('.')}" for sentence in item.said)
    if item.done:
        return Finding("merges", "ok", f"fixed: {place}{item.wrong}; {item.done}{said}")
    # A merge that cannot be looked at may be in order.
    return Finding("merges", "error" if item.path else "warning", f"{place}{item.wrong}", item.mend)


def _fixed(ws: Workspace) -> Iterator[Finding]:
    """Yield what was put in order beside the records."""
    from kagura_git.git import shims
    from kagura_git.services import late_notes, ledger, leftovers, repair, setup
    from kagura_git.services.finding import Finding

    # A clone in which nobody has run init is left as it is; one without hooks gets none.
    if ledger.load(ws.repo).files:
        for change in setup.init(ws.repo, with_hooks=shims.present(ws.repo)):
            yield Finding("setup", "ok", f"fixed: {change.where}: {change.what}")
    for path in repair.stage_rest(ws):
        yield Finding("staging", "ok", f"fixed: {path}: staged")
    for commit in late_notes.write(ws):
        yield Finding("notes", "ok", f"fixed: {commit[:12]}: its note is written")
    for item in leftovers.clean(ws, leftovers.find(ws)):
        yield Finding("leftovers", "ok", f"fixed: removed {item.path}: {item.what}")


def _abandoned(ws: Workspace) -> int:
    from kagura_git.services import recover

    return len(list(recover.lost(ws)))
