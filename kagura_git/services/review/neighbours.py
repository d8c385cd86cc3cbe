"""Which files of a change import, or are imported by, files that decisions name.

Only those two kinds of files are read, from the head's tree, in one process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kagura_git.git import objects
from kagura_git.model.records import Decision
from kagura_git.services import imports
from kagura_git.services.review.trees import Trees

_MOST_FILES: Final = 4000
_LARGEST: Final = 256 * 1024
# Of the files that decisions name so many are read for what they import; the others can
# still be imported. Reading thousands would take longer than all else.
_MOST_READ: Final = 500
# A file that many import, or that imports many, says little of any one of them.
_MOST_OF_A_FILE: Final = 5

# By file: the files beside it, each with what it is to it.
Beside = Mapping[str, Mapping[str, str]]


def neighbours(
    trees: Trees, decisions: Iterable[Decision], governed: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Return, by decision, the files of the change beside one that it names, each with why.

    Args:
        governed: by decision, the files that it governs by itself: they are left out.
    """
    decisions = list(decisions)
    touched = [file.path for file in trees.files if file.status != "D" and _is_source(file.path)]
    named = dict.fromkeys(
        path for decision in decisions for path in decision.related_files if _is_source(path)
    )
    if not touched or not named:
        return {}
    beside = _beside(trees, touched[:_MOST_FILES], list(named)[:_MOST_FILES])
    found: dict[str, dict[str, str]] = {}
    for decision in decisions:
        own = governed.get(decision.id, {})
        near = {
            path: because
            for related in decision.related_files
            for path, because in beside.get(related, {}).items()
            if path not in own
        }
        if near:
            found[decision.id] = dict(sorted(near.items()))
    return found


def _beside(trees: Trees, touched: list[str], named: list[str]) -> Beside:
    paths = list(dict.fromkeys([*touched, *named[:_MOST_READ]]))
    answers = objects.read(trees.git, [f"{trees.head}:{path}" for path in paths], largest=_LARGEST)
    texts = {
        path: answer.data.decode("utf-8", "replace")
        for path, answer in zip(paths, answers, strict=True)
        if answer.kind == "blob" and answer.data is not None
    }
    # A file that is too large to be read can still be imported.
    there = {p for p, answer in zip(paths, answers, strict=True) if answer.kind == "blob"}
    there.update(named[_MOST_READ:])
    known = imports.modules(there)
    changed, governed = there.intersection(touched), there.intersection(named)
    found: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        for target in imports.imported(path, imports.rows(path, text), known, there):
            if target == path:
                continue
            if path in changed and target in governed:
                found.setdefault(target, {}).setdefault(path, f"imports {target}")
            if path in governed and target in changed:
                found.setdefault(path, {}).setdefault(target, f"imported by {path}")
    return {path: near for path, near in found.items() if len(near) <= _MOST_OF_A_FILE}


def _is_source(path: str) -> bool:
    return path.endswith(imports.SOURCE_ENDS) and "\n" not in path and "\0" not in path
