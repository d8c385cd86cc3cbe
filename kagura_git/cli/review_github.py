"""A review as GitHub Actions shows it: annotations by workflow commands, and a job summary.

The runner reads commands in what a step prints: ``::name key=value::text`` at the
start of a line and ``##[name]text`` anywhere in it. Nothing that a record, a file
name or another program says may become one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kagura_git.cli.review_text import counted
from kagura_git.errors import KaguraError
from kagura_git.model.printable import one_line, printable
from kagura_git.services.review.report import Finding, Report

# GitHub shows ten errors and ten warnings of a step, and fifty of all kinds of a job.
_EACH: Final = 10
_COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}
_LONGEST: Final = 4000
# A step's summary above 1 MiB is refused as a whole.
_SUMMARY_BYTES: Final = 1024 * 1024


def commands(findings: Sequence[Finding]) -> list[str]:
    """Return the workflow commands for findings, the most severe first.

    Of what is too much for one step the last command tells the number.
    """
    by_kind = {kind: [f for f in findings if f.severity == kind] for kind in _COMMANDS}
    left = {kind: len(found) - _EACH for kind, found in by_kind.items() if len(found) > _EACH}
    if left:  # the command that says so is a notice itself
        by_kind["note"] = by_kind["note"][: _EACH - 1]
        told = sum(len(found[:_EACH]) for found in by_kind.values())
        rest = counted(len(findings) - told, "more finding")
    lines = [_annotation(item) for found in by_kind.values() for item in found[:_EACH]]
    if left:
        lines.append(command("notice", f"{rest}: the job summary tells them", title="kagura-git"))
    return lines


def _annotation(finding: Finding) -> str:
    said = one_line(finding.message, _LONGEST)
    text = f"{said}. {one_line(finding.mend, _LONGEST)}" if finding.mend else said
    place: dict[str, str] = {}
    if finding.path and harmless(printable(finding.path)) == finding.path:
        place["file"] = finding.path
        if finding.line and finding.line > 0:
            place["line"] = str(finding.line)
    elif finding.path:  # a name that cannot be given as it is
        text = f"{one_line(finding.path)}: {text}"
    return command(_COMMANDS[finding.severity], text, **place, title=f"kagura-git: {finding.rule}")


def command(name: str, text: str, **properties: str) -> str:
    """Return one workflow command; nothing in its text or properties ends it or starts another."""
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if given else ''}{given}::{_data(harmless(text))}"


def harmless(text: str) -> str:
    """Return a text in which the runner finds no command, wherever in a line it stands."""
    return text.replace("##[", "## [").replace("##vso[", "## vso[")


def talk(text: str) -> str:
    """Return what another program or a record says as one line that the runner only shows."""
    shown = harmless(one_line(text, _LONGEST))
    return f"kagura-git: {shown}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def link_base(environ: Mapping[str, str], head: str) -> str | None:
    """Return where the files of a commit stand on the site that runs this step."""
    server, name = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
    return f"{server.rstrip('/')}/{name}/blob/{head}" if server and name else None


def lines(report: Report, environ: Mapping[str, str], base: str | None) -> Iterator[str]:
    """Yield the annotations of a review; its Markdown goes into the job summary, if there is one.

    Raises:
        KaguraError: the summary's file cannot be written.
    """
    path = environ.get("GITHUB_STEP_SUMMARY")
    if path:
        from kagura_git.cli.review_markdown import markdown

        add_summary(path, markdown(report, base or link_base(environ, report.head)))
    yield from commands(report.findings)


def add_summary(path: str, text: str) -> bool:
    """Append a text to a job summary; returns False where it does not fit.

    Raises:
        KaguraError: the file cannot be written.
    """
    data = text.encode("utf-8", "replace")
    try:
        with open(path, "ab") as file:
            before = os.fstat(file.fileno()).st_size
            # What another command of this step has written may end within a line.
            data = b"\n" + data if before else data
            if before + len(data) > _SUMMARY_BYTES:
                return False
            file.write(data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise KaguraError(
            f"the job summary cannot be written: {reason}", where="GITHUB_STEP_SUMMARY"
        ) from None
    return True
