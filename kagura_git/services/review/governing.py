"""Which accepted decisions govern the files of a change, and which lines of them it touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kagura_git.git import diff
from kagura_git.git.log import commits
from kagura_git.model.records import Decision, governs
from kagura_git.services.review.report import Finding, Governing, TouchedFile, finding
from kagura_git.services.review.trees import Trees

# Commits back from where the change began, of those that touch its files.
_MOST_COMMITS: Final = 200
# A path each on git's command line; beyond it the newest commits of any file must do.
_MOST_PATHS: Final = 500


def governing(trees: Trees) -> list[Governing]:
    """Return the decisions accepted before the change that govern files it touches.

    A decision governs the files and folders it names; one that names none, the files of
    the commits that link to it. What the change itself supersedes or edits is told elsewhere.
    """
    held = list(_held(trees))
    named = {decision.id: dict(_named(trees, decision)) for decision in held}
    by_commit = _by_commit(trees, {d.id for d in held if not d.related_files})
    for decision, files in by_commit.items():
        named[decision] = files
    touched = {path for files in named.values() for path in files}
    lines = diff.touched_lines(trees.git, trees.start, trees.head, sorted(touched))
    return [
        Governing(
            id=decision.id,
            path=trees.theirs[decision.id].path,
            title=decision.title,
            files=[
                TouchedFile(path=path, because=because, lines=lines.get(path, []))
                for path, because in named[decision.id].items()
            ],
        )
        for decision in held
        if named[decision.id]
    ]


def _held(trees: Trees) -> Iterator[Decision]:
    own = set(trees.touched)
    for name, version in sorted(trees.theirs.items()):
        decision = trees.record(version)
        if isinstance(decision, Decision) and decision.status == "accepted" and name not in own:
            yield decision


def _named(trees: Trees, decision: Decision) -> Iterator[tuple[str, str]]:
    for file in trees.files if decision.related_files else ():
        for path in (file.path, file.old_path):
            related = (r for r in decision.related_files if path and governs(r, path))
            if (because := next(related, None)) is not None:
                yield file.path, because
                break


def _by_commit(trees: Trees, wanted: set[str]) -> dict[str, dict[str, str]]:
    paths = [file.old_path or file.path for file in trees.files if file.status != "A"]
    if not wanted or not paths or not trees.merge_base:
        return {}
    found: dict[str, dict[str, str]] = {}
    pathspec: Sequence[str] = paths if len(paths) <= _MOST_PATHS else ()
    now = {file.old_path or file.path: file.path for file in trees.files}
    # One path would be followed over renames, slowly: a second one keeps git from it.
    spec = [*pathspec, *pathspec[:1]]
    for commit in commits(trees.git, [trees.merge_base], paths=spec, limit=_MOST_COMMITS):
        linked = wanted.intersection(commit.ids("decision"))
        if not linked:
            continue
        for file in diff.commit_changes(trees.git, commit.sha).files:
            for decision in linked if file.path in now else ():
                found.setdefault(decision, {}).setdefault(now[file.path], commit.sha)
    return found


def findings(found: Iterable[Governing]) -> Iterator[Finding]:
    """Yield, for each decision, that its files are being changed."""
    for decision in found:
        first = decision.files[0]
        more = f" and {len(decision.files) - 1} more" if len(decision.files) > 1 else ""
        yield finding(
            "governed",
            f"this changes {first.path}{more}, which {decision.id} governs: {decision.title}",
            f"Check that it still holds: `git kagura show {decision.id}`.",
            path=first.path, line=first.lines[0][0] if first.lines else None, record=decision.id,
        )  # fmt: skip
