"""Habits of a project, measured from its history, its files and its records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Final

from kagura_git.git.history import FileTouch, touched
from kagura_git.model.records import Error
from kagura_git.services.manifests import languages
from kagura_git.workspace import Workspace

ENOUGH: Final = 10
_COMMITS: Final = 500
_MOST_FUNCTIONS: Final = 5000
_WIDE_COMMIT: Final = 30
_CONVENTIONAL: Final = re.compile(r"(?:\w+)(?:\([^)]+\))?!?: \S")
_TEST: Final = re.compile(
    r"(?:^|/)tests?/|(?:^|/)test_|_test\.|\.(?:test|spec)\.|Test\.(?:java|kt)$"
)
_STYLES: Final = (
    ("snake_case", re.compile(r"_*[a-z][a-z0-9]*(?:_[a-z0-9]+)+_*\Z")),
    ("camelCase", re.compile(r"_*[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+\Z")),
    ("PascalCase", re.compile(r"(?:[A-Z][a-z0-9]+)+\Z")),
)
# Per language: files, and what a function's definition looks like (POSIX, for `git grep -E`).
_FUNCTIONS: Final = (
    ("Python", ("*.py",), r"^[[:space:]]*(async )?def [A-Za-z_]", r"def ([A-Za-z_]\w*)"),
    (
        "JavaScript and TypeScript",
        ("*.js", "*.jsx", "*.ts", "*.tsx", "*.mjs"),
        r"^[[:space:]]*(export )?(default )?(async )?function [A-Za-z_$]",
        r"function ([A-Za-z_$][\w$]*)",
    ),
    ("Go", ("*.go",), r"^func ", r"^func (?:\([^)]*\) )?([A-Za-z_]\w*)"),
    ("Rust", ("*.rs",), r"^[[:space:]]*(pub(\([a-z]+\))? )?(async )?fn ", r"fn ([A-Za-z_]\w*)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One habit: ``frequency`` of ``total`` times seen, with examples."""

    pattern_type: str
    name: str
    description: str
    frequency: int
    total: int
    confidence: float
    examples: tuple[str, ...] = ()
    recommendation: str | None = None


@dataclass(frozen=True, slots=True)
class Patterns:
    """What was found; ``enough`` says whether there was enough history to say anything."""

    enough: bool
    changes_seen: int
    changes_needed: int
    patterns: tuple[Pattern, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        out = asdict(self)
        out["patterns"] = [
            {**asdict(item), "examples": list(item.examples)} for item in self.patterns
        ]
        return out


def analyze(ws: Workspace) -> Patterns:
    """Return the project's habits, or how many file changes are missing to tell.

    Seen are the last 500 commits of this branch and the changes that wait for
    a commit; merges and kagura's own files do not count.
    """
    history = touched(ws.repo, _COMMITS)
    changes = sum(len(commit.paths) for commit in history) + len(ws.working.pending("C-"))
    missing = max(0, ENOUGH - changes)
    if missing:
        return Patterns(False, changes, missing)
    files = ws.repo.git.fields("ls-files", "-z")
    errors = [s.record for s in ws.files.read_all(("error",)) if isinstance(s.record, Error)]
    found = [
        *_languages(files),
        *_naming(ws),
        *_testing(history),
        *_commit_style(history),
        *_changed_together(history),
        *_fragile_files(errors),
        *_recurring(errors),
    ]
    return Patterns(True, changes, 0, tuple(found))


def _share(frequency: int, total: int) -> float:
    return round(frequency / total, 2) if total else 0.0


def _languages(files: list[str]) -> Iterator[Pattern]:
    for name, frequency, total in languages(files)[:4]:
        yield Pattern(
            pattern_type="language",
            name=name,
            description=f"{frequency} of {total} source files are {name}",
            frequency=frequency,
            total=total,
            confidence=_share(frequency, total),
        )


def _naming(ws: Workspace) -> Iterator[Pattern]:
    for language, globs, wanted, inside in _FUNCTIONS:
        done = ws.repo.git.run("grep", "-h", "-I", "-E", wanted, "--", *globs, ok=(0, 1, 128))
        lines = done.stdout.decode("utf-8", "replace").splitlines()[:_MOST_FUNCTIONS]
        names = [match[1] for line in lines if (match := re.search(inside, line))]
        styles: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            style = next((label for label, form in _STYLES if form.match(name)), None)
            if style:
                styles.setdefault(style, []).append(name)
        total = sum(map(len, styles.values()))
        if total < 5:
            continue
        style, named = max(styles.items(), key=lambda item: len(item[1]))
        yield Pattern(
            pattern_type="naming",
            name=f"{style} functions in {language}",
            description=f"{len(named)} of {total} functions of several words are {style}",
            frequency=len(named),
            total=total,
            confidence=_share(len(named), total),
            examples=tuple(named[:3]),
        )


def _testing(history: list[FileTouch]) -> Iterator[Pattern]:
    code = [commit for commit in history if any(not _TEST.search(path) for path in commit.paths)]
    tested = [commit for commit in code if any(_TEST.search(path) for path in commit.paths)]
    tests = Counter(path for commit in history for path in commit.paths if _TEST.search(path))
    if not code or not tests:
        return
    yield Pattern(
        pattern_type="testing",
        name="tests change with the code",
        description=f"{len(tested)} of {len(code)} commits that change code also change a test",
        frequency=len(tested),
        total=len(code),
        confidence=_share(len(tested), len(code)),
        examples=tuple(path for path, _ in tests.most_common(3)),
    )


def _commit_style(history: list[FileTouch]) -> Iterator[Pattern]:
    subjects = [commit.subject for commit in history if commit.subject]
    conventional = [subject for subject in subjects if _CONVENTIONAL.match(subject)]
    if len(subjects) >= 5 and len(conventional) * 2 >= len(subjects):
        yield Pattern(
            pattern_type="commit_style",
            name="conventional commits",
            description=f"{len(conventional)} of {len(subjects)} subjects are `type: summary`",
            frequency=len(conventional),
            total=len(subjects),
            confidence=_share(len(conventional), len(subjects)),
            examples=tuple(conventional[:3]),
        )


def _changed_together(history: list[FileTouch]) -> Iterator[Pattern]:
    pairs: Counter[tuple[str, str]] = Counter()
    single: Counter[str] = Counter()
    for commit in history:
        paths = sorted(set(commit.paths))
        single.update(paths)
        if len(paths) <= _WIDE_COMMIT:
            pairs.update(combinations(paths, 2))
    for (first, second), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:3]:
        total = min(single[first], single[second])
        if count >= 3 and count * 2 >= total:
            yield Pattern(
                pattern_type="architecture",
                name="files that change together",
                description=f"{first} and {second} change together: {count} of {total} times",
                frequency=count,
                total=total,
                confidence=_share(count, total),
                examples=(first, second),
            )


def _fragile_files(errors: list[Error]) -> Iterator[Pattern]:
    times: Counter[str] = Counter()
    for error in errors:
        if error.file_path:
            times[error.file_path] += error.occurrences
    total = sum(times.values())
    for path, count in sorted(times.items(), key=lambda item: (-item[1], item[0]))[:3]:
        if count < 2:
            continue
        named = sorted((e for e in errors if e.file_path == path), key=lambda e: -e.occurrences)
        yield Pattern(
            pattern_type="error_prone_file",
            name=path,
            description=f"{count} of {total} recorded occurrences of errors are in {path}",
            frequency=count,
            total=total,
            confidence=_share(count, total),
            examples=tuple(error.id for error in named[:3]),
            recommendation="Cover it with tests before the next change.",
        )


def _recurring(errors: list[Error]) -> Iterator[Pattern]:
    types: dict[str, list[Error]] = {}
    for error in errors:
        types.setdefault(error.error_type, []).append(error)
    total = sum(error.occurrences for error in errors)
    rows = [(sum(e.occurrences for e in some), name, some) for name, some in types.items()]
    for count, name, some in sorted(rows, key=lambda row: (-row[0], row[1]))[:3]:
        if count < 2:
            continue
        solved = next((error.solution for error in some if error.solution), None)
        yield Pattern(
            pattern_type="recurring_error",
            name=name,
            description=f"{name}: {count} of {total} recorded occurrences, {len(some)} causes",
            frequency=count,
            total=total,
            confidence=_share(count, total),
            examples=tuple(error.id for error in some[:3]),
            recommendation=solved,
        )
