"""``git kagura review``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import click

from kagura_git.cli.model_lines import model_lines
from kagura_git.cli.output import Answer, App, command, document, note
from kagura_git.cli.ranges import split
from kagura_git.errors import GitError, UsageError

if TYPE_CHECKING:
    from kagura_git.git.run import Git
    from kagura_git.services.review import Report
    from kagura_git.services.review.verdicts import Counsel

_LARGEST_SETTINGS: Final = 64 * 1024


@command()
@click.argument("range_", required=False, metavar="[BASE...HEAD]")
@click.option(
    "--format", "form",
    type=click.Choice(["text", "markdown", "json", "sarif", "github", "gitlab"]),
    help="Default: text. github: annotations, and the job summary. gitlab: code quality.",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit 1 if a rule finds something: not for notes.")
@click.option(
    "--rule", "rules", multiple=True, metavar="NAME",
    help="With --strict: only these rules, notes too.",
)  # fmt: skip
@click.option(
    "--deepen", is_flag=True,
    help="In a shallow clone: fetch history until it is known where the branch began.",
)  # fmt: skip
@click.option(
    "--link-base", metavar="URL",
    help="For markdown: where the head's files stand, such as .../blob/COMMIT.",
)  # fmt: skip
@click.option("--approve", is_flag=True, help="Approve what the language model costs.")
def review(
    app: App,
    range_: str | None,
    form: str | None,
    strict: bool,
    rules: tuple[str, ...],
    deepen: bool,
    link_base: str | None,
    approve: bool,
) -> Answer:
    """Show what a branch decides, and whether that fits what was decided before.

    Compares three commits: BASE, HEAD and where they parted. Works in a bare clone too.
    """
    import msgspec

    from kagura_git.git.repo import anywhere
    from kagura_git.services.review import RULES
    from kagura_git.services.review import review as reviewed

    unknown = [name for name in rules if name not in RULES]
    if unknown:
        raise UsageError(
            f"no rule {unknown[0]!r}", hint=f"One of {', '.join(RULES)}.", where="--rule"
        )
    git = anywhere(app.folder, app.environ)
    base, head = split(git, range_)
    if deepen:
        from kagura_git.git.deepening import deepen as deepened

        deepened(git, base, head, note)
    required = "unsigned" in rules or signatures_required(git, base, app.environ)
    report = reviewed(git, base, head, lambda: _counsel(app, approve), signatures_required=required)
    data = msgspec.to_builtins(report)
    again = f"git kagura review {range_} --approve" if range_ else "git kagura review --approve"
    said = list(model_lines(data, again))
    shown = said if form in (None, "text") else ()
    lines = chain(_lines(app, git, report, data, form, link_base), shown)
    return Answer(data, lines, code=verdict(report, strict, rules))


def _counsel(app: App, approve: bool) -> Counsel | None:
    """Return the user's language model; None where no work tree says what its settings are."""
    try:
        memory = app.memory
    except GitError:
        return None
    return memory.counsel(approve=approve)


def signatures_required(git: Git, base: str, environ: Mapping[str, str]) -> bool:
    """Tell whether the user's settings or those of the base, which is trusted, ask for them."""
    import tempfile

    from kagura_git import settings
    from kagura_git.git import objects
    from kagura_git.git.run import revision

    (found,) = objects.read(git, [f"{revision(base)}:{settings.FILE}"], largest=_LARGEST_SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, settings.FILE), "wb") as file:
            file.write(found.data or b"")
        return settings.load_or_careful(folder, environ).require_signatures


def verdict(report: Report, strict: bool, rules: Sequence[str]) -> int:
    """Return the exit code: 1 where ``strict`` is given and a rule that counts finds something."""
    if not strict:
        return 0
    found = (
        item.rule in rules if rules else item.severity in ("error", "warning")
        for item in report.findings
    )
    return int(any(found))


def _lines(
    app: App, git: Git, report: Report, data: Any, form: str | None, link_base: str | None
) -> Iterable[str]:
    if form == "json":
        yield document(data, indent=2)
    elif form == "sarif":
        from kagura_git.cli.review_sarif import sarif

        yield document(sarif(report, _remote(git)), indent=2)
    elif form == "gitlab":
        from kagura_git.cli.review_gitlab import code_quality

        yield document(code_quality(report), indent=2)
    elif form == "markdown":
        from kagura_git.cli.review_markdown import markdown

        yield from markdown(report, link_base).split("\n")
    elif form == "github":
        from kagura_git.cli import review_github

        yield from review_github.lines(report, app.environ, link_base)
    else:
        from kagura_git.cli.review_text import lines

        yield from lines(report)


def _remote(git: Git) -> str | None:
    """Return the address of ``origin``, or of the only remote."""
    from kagura_git.git.config import remotes

    names = remotes(git)
    name = "origin" if "origin" in names else names[0] if len(names) == 1 else None
    return git.config(f"remote.{name}.url") if name else None
