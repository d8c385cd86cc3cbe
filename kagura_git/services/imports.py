"""What a source file imports of its own project, read line by line: Python, JavaScript, TypeScript.

Nothing is run and nothing is installed: a line says what it imports, and the paths of
the project say which file that is.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

_PYTHON: Final = re.compile(r"\s*from (\.*)([\w.]*) import \(?\s*([\w, ]*)|\s*import ([\w.]+)")
_SCRIPT: Final = re.compile(r".*(?:\bfrom |\brequire\(|^import )\s*[\"'](\.{1,2}/[^\"']*)[\"']")
SCRIPT_ENDS: Final = (".js", ".jsx", ".ts", ".tsx", ".mjs")
SOURCE_ENDS: Final = (".py", *SCRIPT_ENDS)
_ROOTS: Final = ("src", "lib", "python")
_LONGEST_LINE: Final = 300
# Wider than the two above: what of a whole text to look at.
_PYTHON_ROWS: Final = re.compile(r"^[ \t]*(?:from|import)\b.*", re.MULTILINE)
_SCRIPT_ROWS: Final = re.compile(r"^(?:import|.*(?:\bfrom|\brequire\())[ \t]*[\"'].*", re.MULTILINE)
_BRACKETS: Final = re.compile(r"^([ \t]*from [.\w]+ import )\(([^()]*)\)", re.MULTILINE)
_REMARK: Final = re.compile(r"#[^\n]*")


def rows(path: str, text: str) -> list[str]:
    """Return the lines of a source that may import something; one in brackets becomes one line."""
    if path.endswith(".py"):
        found = _PYTHON_ROWS.findall(_BRACKETS.sub(_joined, text))
    else:
        found = _SCRIPT_ROWS.findall(text)
    return [row for row in found if len(row) <= _LONGEST_LINE]


def _joined(match: re.Match[str]) -> str:
    return match[1] + " ".join(_REMARK.sub("", match[2]).split())


def modules(paths: Iterable[str]) -> dict[str, str]:
    """Return the path of each Python module by its dotted name.

    A package without a file of its own has the path of its folder, with a slash.
    """
    found: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        stem, end = posixpath.splitext(path)
        if end != ".py":
            continue
        folder = posixpath.dirname(path)
        parts = stem.removesuffix("/__init__").split("/")
        start = 1 if parts[0] in _ROOTS else 0
        if len(parts) > start:
            found[".".join(parts[start:])] = path
        if package := ".".join(folder.split("/")[start:]):
            folders.setdefault(package, f"{folder}/")
    return folders | found


def python_names(path: str, row: str) -> list[str]:
    """Return the dotted names that a line of Python may import, the most exact first."""
    match = _PYTHON.match(row)
    if not match:
        return []
    parts = posixpath.dirname(path).split("/")
    dots, name, names = match[1] or "", match[2] or match[4] or "", match[3] or ""
    if dots:
        base = parts[1 if parts[0] in _ROOTS else 0 : len(parts) - len(dots) + 1]
        name = ".".join([*base, name]).strip(".")
    firsts = (first.split(" as ")[0].strip() for first in names.split(","))
    exact = (f"{name}.{first}".strip(".") for first in firsts if first)
    return [*exact, name, name.rpartition(".")[0]]


def script_target(path: str, row: str) -> str | None:
    """Return the path that a line of JavaScript or TypeScript imports, as it is written there."""
    match = _SCRIPT.match(row)
    if not match:
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1]))
    return None if target.startswith("..") else target


def imported(
    path: str, found: Iterable[str], known: Mapping[str, str], paths: Collection[str]
) -> Iterator[str]:
    """Yield the files among ``paths`` that a source imports.

    Args:
        found: its :func:`rows`.
        known: the :func:`modules` of the same paths.
    """
    for row in found:
        if path.endswith(".py"):
            *exact, name, parent = python_names(path, row) or ("", "")
            hits = [known[one] for one in exact if one in known]
            if not hits:
                hits = [known[one] for one in (name, parent) if one in known][:1]
            yield from (hit for hit in hits if hit in paths)
        elif target := script_target(path, row):
            yield from (one for one in _written_as(target) if one in paths)


def _written_as(target: str) -> Iterator[str]:
    """Yield the files that an import may mean: with its ending, another one's, or a folder's."""
    yield target
    stem, end = posixpath.splitext(target)
    for ending in SCRIPT_ENDS:
        yield f"{target}{ending}"
        yield f"{target}/index{ending}"
        if end in SCRIPT_ENDS and ending != end:  # TypeScript names what it will be compiled to
            yield f"{stem}{ending}"
