"""What a project is built with: which manifests count, and what they name all together.

Manifests are untrusted: how each is read stands in ``manifest_formats``.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from kagura_git.git.repo import Repository
from kagura_git.services.manifest_formats import PARSERS
from kagura_git.services.manifest_parts import Tech

__all__ = ["Tech", "language_of", "languages", "reader", "tech_stack", "vendored"]

Read = Callable[[str], bytes | None]

_MOST_MANIFESTS: Final = 40
_MOST_BYTES: Final = 256 * 1024
_DEPTH: Final = 4
_LANGUAGES: Final = {
    ".py": "Python", ".pyi": "Python", ".js": "JavaScript", ".mjs": "JavaScript",
    ".cjs": "JavaScript", ".jsx": "JavaScript", ".ts": "TypeScript", ".tsx": "TypeScript",
    ".go": "Go", ".rs": "Rust", ".java": "Java", ".kt": "Kotlin", ".kts": "Kotlin",
    ".scala": "Scala", ".rb": "Ruby", ".php": "PHP", ".cs": "C#", ".fs": "F#", ".swift": "Swift",
    ".c": "C", ".h": "C", ".cc": "C++", ".cpp": "C++", ".hpp": "C++", ".ex": "Elixir",
    ".exs": "Elixir", ".erl": "Erlang", ".hs": "Haskell", ".lua": "Lua", ".dart": "Dart",
    ".sh": "Shell", ".sql": "SQL", ".vue": "Vue", ".svelte": "Svelte", ".tf": "Terraform",
}  # fmt: skip
_VENDORED: Final = re.compile(
    r"(?:^|/)(?:node_modules|vendor|vendored|third_party|site-packages|fixtures|testdata)/"
)
# What builds the project where no manifest of its own format is needed to tell.
_RUNS: Final = (
    (re.compile(r"\.github/workflows/[^/]+\.ya?ml"), "GitHub Actions", ".github/workflows"),
    (re.compile(r"\.gitlab-ci\.yml"), "GitLab CI", ".gitlab-ci.yml"),
    (re.compile(r"\.circleci/config\.yml"), "CircleCI", ".circleci/config.yml"),
)
_ORDER: Final = {"language": 0, "runtime": 1, "build": 2, "framework": 3, "tool": 4, "library": 5}


def tech_stack(read: Read, paths: Sequence[str], broken: list[str] | None = None) -> list[Tech]:
    """Return languages by their share of files, then what the manifests name.

    Frameworks come before libraries, top-level manifests before deeper ones. A
    manifest that cannot be read is passed over.

    Args:
        read: returns a file's bytes, or None.
        paths: the tracked files.
        broken: takes the paths of the manifests passed over.
    """
    found = {
        ("language", name.lower()): Tech(name, "language", None, f"{count} of {total} source files")
        for name, count, total in languages(paths)
    }
    for tech in (*_parsed(read, paths, broken), *_services(paths)):
        found.setdefault((tech.kind, tech.name.lower()), tech)
    return sorted(found.values(), key=lambda tech: _ORDER[tech.kind])


def _parsed(read: Read, paths: Sequence[str], broken: list[str] | None) -> Iterator[Tech]:
    for path in _manifests(paths):
        data = read(path)
        if data is None:
            continue
        text = data[:_MOST_BYTES].decode("utf-8-sig", "replace")
        try:
            yield from list(PARSERS[_format(path)](text, path))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            if broken is not None:
                broken.append(path)


def _services(paths: Sequence[str]) -> Iterator[Tech]:
    hidden = [path for path in paths if path.startswith(".")]
    for form, name, source in _RUNS:
        if any(form.fullmatch(path) for path in hidden):
            yield Tech(name, "tool", None, source)


def reader(repo: Repository) -> Read:
    """Return what reads a work tree's files for :func:`tech_stack`."""

    def read(path: str) -> bytes | None:
        try:
            return repo.read(path)
        except (OSError, ValueError):
            return None

    return read


def languages(paths: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return languages with their files and all source files, most files first.

    Only those that hold at least 2 % of the source files; what others wrote
    and was copied in does not count.
    """
    counts = Counter(name for path in paths if (name := language_of(path)) and not vendored(path))
    total = sum(counts.values())
    shares = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(name, count, total) for name, count in shares if count / total >= 0.02]


def language_of(path: str) -> str | None:
    """Return the language of a source file by its name's ending."""
    return _LANGUAGES.get(os.path.splitext(path)[1].lower())


def vendored(path: str) -> bool:
    """Tell whether a path is a copy of somebody else's code, or a test's input."""
    return _VENDORED.search(path) is not None


def _format(path: str) -> str:
    folder, _, name = path.rpartition("/")
    in_requirements = folder.rsplit("/", 1)[-1] == "requirements" and name.endswith(".txt")
    if in_requirements or re.fullmatch(r"requirements[\w.-]*\.txt", name):
        return "requirements.txt"
    if name.endswith((".csproj", ".fsproj")):
        return ".csproj"
    return "Dockerfile" if re.fullmatch(r"Dockerfile(\.[\w.-]+)?", name) else name


def _manifests(paths: Sequence[str]) -> list[str]:
    known = [
        path
        for path in paths
        if path.count("/") < _DEPTH and _format(path) in PARSERS and not vendored(path)
    ]
    return sorted(known, key=lambda path: (path.count("/"), path))[:_MOST_MANIFESTS]
