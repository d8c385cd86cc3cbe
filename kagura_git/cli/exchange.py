"""``git kagura import`` and ``git kagura export``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import click

from kagura_git.cli.output import Answer, App, command, note, one_line, printable, styled
from kagura_git.errors import UsageError
from kagura_git.model.ids import STORED_KINDS

if TYPE_CHECKING:
    from kagura_git.model.records import Status
    from kagura_git.services.adr.report import Imported, ImportReport
    from kagura_git.services.adr.tables import Form


@click.group(name="import")
def import_() -> None:
    """Read decisions from the files they were written in."""


@command(import_)
@click.argument("path", metavar="PATH")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--status", default="proposed", show_default=True,
    type=click.Choice(["proposed", "accepted"]), help="Of decisions whose file tells none.",
)  # fmt: skip
def adr(app: App, path: str, dry_run: bool, status: str) -> Answer:
    """Import architecture decision records from a folder or a file.

    Reads Nygard's format, MADR 2 to 4, log4brains and Y-statements, in Markdown,
    reStructuredText or AsciiDoc. Importing again changes only what the files
    changed, and nothing that was edited here since.
    """
    from kagura_git.services.adr import importing

    ws = app.memory.ws
    report = importing.run(ws, path, app.folder, status=cast("Status", status), dry_run=dry_run)
    return Answer(report.to_dict(), _told(report))


def _told(report: ImportReport) -> Iterator[str]:
    would = "would be " if report.dry_run else ""
    for verb, colour, found in (
        ("imported", "g", report.imported), ("updated", "y", report.updated),
    ):  # fmt: skip
        for item in found:
            told = styled("b", item.id)
            told += f" {item.status}: {one_line(item.title, 120)}"
            yield f"{styled(colour, would + verb)} {told}"
            yield styled("d", f"  {one_line(item.source, 200)}")
            yield from _details(item)
    for item in report.unchanged:
        if item.kept:
            yield f"unchanged {styled('b', item.id)}: {one_line(item.title, 120)}"
            yield from _details(item)
    for skipped in report.skipped:
        told = f"{one_line(skipped.source, 200)}: {one_line(skipped.reason)}"
        yield f"{styled('d', 'skipped')} {told}"
    for record_id in report.gone:
        yield f"{styled('b', record_id)}: its file is gone; the record stays"
    if report.redacted:
        yield styled("r", f"redacted: {', '.join(report.redacted)}")
    yield (
        f"{len(report.imported)} {would}imported, {len(report.updated)} {would}updated, "
        f"{len(report.unchanged)} unchanged, {len(report.skipped)} skipped"
    )


def _details(item: Imported) -> Iterator[str]:
    if item.fields:
        yield f"  changed: {', '.join(item.fields)}"
    if item.kept:
        yield styled("y", f"  left alone, edited here since: {', '.join(item.kept)}")
    for said in item.notes:
        yield styled("d", f"  {one_line(said, 300)}")


@command(name="export")
@click.argument("form", metavar="FORMAT", type=click.Choice(["adr", "json", "csv"]))
@click.option("--output", metavar="PATH", help="The folder (adr; default docs/adr) or the file.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(STORED_KINDS),
    help="Only records of this kind; may be repeated.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write over files that no export wrote.")
def export(app: App, form: str, output: str | None, kinds: tuple[str, ...], force: bool) -> Answer:
    """Write decisions as MADR files, or records as JSON or CSV (to stdout).

    In CSV every value is quoted, lists are JSON, and a value that a spreadsheet
    would run as a formula (= + - @ | % first) begins with an apostrophe.
    """
    if form == "adr":
        return _adr(app, output, kinds, force)
    from kagura_git.services.adr import tables

    form_ = cast("Form", form)
    found = tables.records(app.memory.ws, kinds)
    if output:
        text, tree = tables.text_of(found, form_), app.memory.ws.repo.tree
        tables.save(text, form_, output, app.folder, tree, force=force)
        note(f"{len(found)} records written to {output}")
        return Answer({"written": output, "records": len(found)})
    if form == "json":
        return Answer(tables.document(found), [tables.text_of(found, form_).rstrip("\n")])
    table = tables.table(found)
    return Answer({"records": len(found), "csv": table}, [table.rstrip("\n")])


def _adr(app: App, output: str | None, kinds: tuple[str, ...], force: bool) -> Answer:
    from kagura_git.services.adr import exporting

    if any(kind != "decision" for kind in kinds):
        raise UsageError(
            "only decisions can be written as ADR files", hint="Use json or csv.", where="--kind"
        )
    report = exporting.run(app.memory.ws, output, app.folder, force=force)
    lines = [f"{styled('g', 'written')} {printable(name)}" for name in report.written]
    lines += [
        f"{styled('y', 'skipped')} {one_line(s.source)}: {one_line(s.reason)}"
        for s in report.skipped
    ]
    lines.append(
        f"{report.folder}: {len(report.written)} written, {len(report.unchanged)} unchanged, "
        f"{len(report.skipped)} skipped"
    )
    return Answer(report.to_dict(), lines)
