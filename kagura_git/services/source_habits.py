"""What the lines of recently changed sources show: how functions are named, what is imported."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from kagura_git.git.run import Git, decode

# Per path, the lines that define a function or import something.
Lines = Mapping[str, Sequence[str]]

_LONGEST_LINE: Final = 300
_MOST_LINES: Final = 20_000
_MOST_LIBRARIES: Final = 5
_STYLES: Final = (
    ("snake_case", re.compile(r"_*[a-z][a-z0-9]*(?:_[a-z0-9]+)+_*\Z")),
    ("camelCase", re.compile(r"_*[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+\Z")),
    ("PascalCase", re.compile(r"(?:[A-Z][a-z0-9]+){2,}\Z")),
)
_SCRIPT: Final = "JavaScript and TypeScript"
_LANGUAGES: Final = {
    "py": "Python", "js": _SCRIPT, "jsx": _SCRIPT, "ts": _SCRIPT, "tsx": _SCRIPT, "mjs": _SCRIPT,
    "go": "Go", "rs": "Rust",
}  # fmt: skip
_FUNCTIONS: Final = {
    "Python": re.compile(r"\s*(?:async )?def ([A-Za-z_]\w*)"),
    _SCRIPT: re.compile(r"\s*(?:export )?(?:default )?(?:async )?function ([A-Za-z_$][\w$]*)"),
    "Go": re.compile(r"func (?:\([^)]*\) )?([A-Za-z_]\w*)"),
    "Rust": re.compile(r"\s*(?:pub(?:\([a-z]+\))? )?(?:async )?fn ([A-Za-z_]\w*)"),
}
_IMPORTS: Final = {
    "Python": re.compile(r"\s*(?:import|from) ([A-Za-z_]\w*)"),
    _SCRIPT: re.compile(
        r".*?(?:\bfrom |\brequire\(|^import )\s*[\"']((?:@[\w.-]+/)?[A-Za-z][\w.-]*)"
    ),
}
# Wider than what is looked for, and POSIX, for `git grep -E`.
_WANTED: Final = (
    r"^[[:space:]]*(async )?def [A-Za-z_]",
    r"^[[:space:]]*(export )?(default )?(async )?function [A-Za-z_$]",
    r"^func ",
    r"^[[:space:]]*(pub(\([a-z]+\))? )?(async )?fn ",
    r"^[[:space:]]*(import|from) ",
    r"^(import|export|const|let|var|\}).*(from |require\()[[:space:]]*['\"]",
)
# Where a module goes by another name than what is installed.
_INSTALLED_AS: Final = {
    "yaml": "pyyaml", "PIL": "pillow", "sklearn": "scikit-learn", "bs4": "beautifulsoup4",
    "cv2": "opencv-python", "dotenv": "python-dotenv", "attr": "attrs", "jwt": "pyjwt",
    "git": "gitpython", "dateutil": "python-dateutil", "faiss": "faiss-cpu",
}  # fmt: skip


def source_lines(git: Git, paths: Sequence[str]) -> dict[str, list[str]]:
    """Return the lines of these work tree's files that habits are read from, in one spawn."""
    sources = [path for path in paths if _language(path)]
    if not sources:
        return {}
    forms = (argument for form in _WANTED for argument in ("-e", form))
    done = git.run(
        "grep", "-I", "-z", "-E", "--no-textconv", "--no-color", "--no-line-number",
        "--no-column", "--full-name",
        *forms, "--", *(f":(literal){path}" for path in sources), ok=(0, 1, 128),
    )  # fmt: skip
    found: dict[str, list[str]] = {path: [] for path in sources}
    for row in decode(done.stdout).split("\n")[:_MOST_LINES]:
        path, _, line = row.partition("\0")
        if len(line) <= _LONGEST_LINE and path in found:
            found[path].append(line)
    return {path: lines for path, lines in found.items() if lines}


def _language(path: str) -> str | None:
    return _LANGUAGES.get(path.rsplit(".", 1)[-1])


def naming(lines: Lines) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield per language the names of several words that functions have, by style."""
    for language, form in _FUNCTIONS.items():
        names = dict.fromkeys(
            match[1]
            for path in sorted(lines)
            if _language(path) == language
            for line in lines[path]
            if (match := form.match(line))
        )
        styles: dict[str, list[str]] = {}
        for name in names:
            style = next((label for label, shape in _STYLES if shape.match(name)), None)
            if style:
                styles.setdefault(style, []).append(name)
        yield language, styles


def imported(lines: Lines, declared: Collection[str]) -> Iterator[tuple[str, str, list[str], int]]:
    """Yield language, library, the files that import it and how many files there are.

    Only what a manifest declares and two files import, the most imported first.

    Args:
        declared: the names in the manifests, in lower case.
    """
    known = {_plain(name): name for name in sorted(declared)}
    for language, form in _IMPORTS.items():
        files = sorted(path for path in lines if _language(path) == language)
        users: dict[str, list[str]] = {}
        for path in files:
            modules = {match[1] for line in lines[path] if (match := form.match(line))}
            names = {_installed(module, known) for module in modules}
            for name in names - {None}:
                users.setdefault(str(name), []).append(path)
        ranked = sorted(users.items(), key=lambda item: (-len(item[1]), item[0]))
        for name, some in ranked[:_MOST_LIBRARIES]:
            if len(some) > 1:
                yield language, name, some, len(files)


def _installed(module: str, known: Mapping[str, str]) -> str | None:
    if module in sys.stdlib_module_names:
        return None
    return known.get(_plain(module)) or known.get(_plain(_INSTALLED_AS.get(module, "")))


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
