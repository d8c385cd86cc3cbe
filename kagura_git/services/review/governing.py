"""Which accepted decisions govern the files of a change, and which lines of them it touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kagura_git.git import diff
from kagura_git.git.log import commits
from kagura_git.model.records import Decision, governs
from kagura_git.services.review.neighbours import neighbours
from kagura_git.services.review.report import Finding, Governing, TouchedFile, finding
from kagura_git.services.review.trees import Trees

# Commits back from where the change began, of those that touch its files.
_MOST_COMMITS: Final = 200
# A path each on git's command line; beyond it the newest commits of any file must do.
_MOST_PATHS: Final = 500


def governing(trees: Trees) -> list[Governing]:
    """Return the decisions accepted before the change that govern files it touches.

    A decision governs the files and folders it names; one that names none, the files of
    the commits that link to it; and, less so, what a file that it names imports or is
    imported by. What the change itself supersedes or edits is told elsewhere.
    """
    held = list(_held(trees))
    places = _places(trees)
    named = {decision.id: _named(trees, decision, places) for decision in held}
    by_commit = _by_commit(trees, {d.id for d in held if not d.related_files})
    for decision, files in by_commit.items():
        named[decision] = files
    near = neighbours(trees, held, named)
    touched = {path for files in (*named.values(), *near.values()) for path in files}
    lines = diff.touched_lines(trees.git, trees.start, trees.head, sorted(touched))
    # What is named comes before what is only beside it.
    held.sort(key=lambda decision: not named[decision.id])
    return [
        Governing(
            id=decision.id,
            path=trees.theirs[decision.id].path,
            title=decision.title,
            files=[
                TouchedFile(path=path, because=because, lines=lines.get(path, []), near=beside)
                for beside, files in ((False, named), (True, near))
                for path, because in files.get(decision.id, {}).items()
            ],
        )
        for decision in held
        if named[decision.id] or decision.id in near
    ]


def _held(trees: Trees) -> Iterator[Decision]:
    own = set(trees.touched)
    for decision in trees.decisions(trees.theirs):
        if decision.status == "accepted" and decision.id not in own:
            yield decision


def _places(trees: Trees) -> dict[str, list[int]]:
    """Return, for each path of the change and each folder above one, its files by number."""
    found: dict[str, list[int]] = {}
    for number, file in enumerate(trees.files):
        for path in filter(None, (file.path, file.old_path)):
            parts = path.split("/")
            for depth in range(1, len(parts) + 1):
                found.setdefault("/".join(parts[:depth]), []).append(number)
    return found


def _named(trees: Trees, decision: Decision, places: Mapping[str, list[int]]) -> dict[str, str]:
    hits = [related for related in decision.related_files if related.rstrip("/") in places]
    found: dict[str, str] = {}
    for number in sorted({n for related in hits for n in places[related.rstrip("/")]}):
        file = trees.files[number]
        for path in filter(None, (file.path, file.old_path)):
            because = next((related for related in hits if governs(related, path)), None)
            if because is not None:
                found[file.path] = because
                break
    return found


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
    """Yield, for each decision, that its files, or files beside them, are being changed."""
    for decision in found:
        own = [file for file in decision.files if not file.near]
        files = own or decision.files
        first = files[0]
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        says = f"which {decision.id} governs" if own else f"{first.because}, named by {decision.id}"
        yield finding(
            "governed" if own else "governed-nearby",
            f"this changes {first.path}{more}, {says}: {decision.title}",
            f"Check that it still holds: `git kagura show {decision.id}`.",
            path=first.path, line=first.lines[0][0] if first.lines else None, record=decision.id,
        )  # fmt: skip
