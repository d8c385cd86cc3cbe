"""What a change does to errors, and which of them keep coming back where it works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kagura_git.model.ids import LETTERS
from kagura_git.model.records import Error
from kagura_git.services.review.report import ErrorChange, ErrorStep, Finding, finding
from kagura_git.services.review.trees import Step, Trees

_RECURS: Final = 3  # sightings
_ERROR: Final = f"{LETTERS['error']}-"
_FEW: Final = (b"\noccurrences: 1\n", b"\noccurrences: 2\n")


def changes(steps: Iterable[Step]) -> list[ErrorChange]:
    """Return what became of each error that the change touches, unsolved ones first."""
    found = [change for step in steps if (change := _change(step)) is not None]
    order = ("reopened", "recorded", "seen again", "solved", "changed", "deleted")
    return sorted(found, key=lambda change: (order.index(change.change), change.id))


def _change(step: Step) -> ErrorChange | None:
    shown = step.after or step.before
    if not isinstance(shown, Error):
        return None
    before, after = (r if isinstance(r, Error) else None for r in (step.before, step.after))
    return ErrorChange(
        id=step.id,
        path=step.path,
        change=_what(before, after),
        title=shown.title,
        file_path=shown.file_path,
        occurrences=shown.occurrences,
        solution=shown.solution,
    )


def _what(before: Error | None, after: Error | None) -> ErrorStep:
    if after is None:
        return "deleted"
    if before is None:
        return "solved" if after.resolved else "recorded"
    if before.resolved != after.resolved:
        return "solved" if after.resolved else "reopened"
    return "seen again" if after.occurrences > before.occurrences else "changed"


def findings(trees: Trees) -> Iterator[Finding]:
    """Yield the unsolved errors that keep coming back in files of the change."""
    files = {file.path for file in trees.files}
    for name, version in sorted(trees.after.items()):
        data = trees.data(version)
        if not name.startswith(_ERROR) or data is None or any(few in data for few in _FEW):
            continue  # most were seen once: thousands need not be parsed
        error = trees.record(version)
        if not isinstance(error, Error) or error.resolved or error.file_path not in files:
            continue
        if error.occurrences >= _RECURS:
            yield finding(
                "recurring", f"{name} was seen {error.occurrences} times: {error.title}",
                f"`git kagura error solve {name} ...` if this change mends it.",
                path=error.file_path, line=error.line_number, record=name,
            )  # fmt: skip
