"""Habits of a project, measured from its history, its files and its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from kagura_git.git.added_lines import added_lines
from kagura_git.git.history import FileTouch, touched
from kagura_git.model.records import Error
from kagura_git.services.added_code import added_code
from kagura_git.services.anti_patterns import anti_patterns
from kagura_git.services.commit_habits import changed_together, commit_style, testing
from kagura_git.services.import_directions import directions
from kagura_git.services.layers import layers
from kagura_git.services.manifests import language_of, languages, reader, tech_stack, vendored
from kagura_git.services.pattern import Pattern, is_test, share
from kagura_git.services.source_habits import Lines, imported, naming, source_lines
from kagura_git.services.wording import clean, short
from kagura_git.store.files import FOLDER
from kagura_git.workspace import Workspace

ENOUGH: Final = 10
# From so many changes on the costlier measures are taken too.
DEEP: Final = 30
_COMMITS: Final = 500
_COMMITS_READ: Final = 200
_MOST_FILES: Final = 300
_MOST_PATHS: Final = 20_000
_TEST_FRAMEWORKS: Final = (
    "pytest", "jest", "vitest", "mocha", "playwright", "rspec", "junit-jupiter", "junit", "xunit",
    "phpunit",
)  # fmt: skip


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


def analyze(ws: Workspace, *, deep: bool = True) -> Patterns:
    """Return the project's habits, or how many file changes are missing to tell.

    Seen are the last 500 commits of this branch and the changes that wait for
    a commit; merges and kagura's own files do not count.

    Args:
        deep: from ``DEEP`` changes on, take the costlier measures too.
    """
    history = touched(ws.repo, _COMMITS)
    changes = _counted(ws, history)
    missing = max(0, ENOUGH - changes)
    if missing:
        return Patterns(False, changes, missing)
    errors = _errors(ws)
    recent = _recent_files(history)
    lines = source_lines(ws.repo.git, recent[:_MOST_FILES])
    found = (
        *_languages(recent),
        *_naming(lines),
        *_declared(ws, lines),
        *testing(history),
        *commit_style(history),
        *changed_together(history),
        *_fragile_files(errors),
        *_recurring(errors),
    )
    if deep and changes >= DEEP:
        added = added_lines(ws.repo, _COMMITS_READ)
        found += (
            *directions(lines),
            *layers(lines),
            *anti_patterns(ws.repo.git, recent),
            *added_code(added, reader(ws.repo)),
        )
    return Patterns(True, changes, 0, found)


def changes_seen(ws: Workspace) -> int:
    """Return how many changes of files there are to learn from."""
    return _counted(ws, touched(ws.repo, _COMMITS))


def _counted(ws: Workspace, history: Sequence[FileTouch]) -> int:
    return sum(len(commit.paths) for commit in history) + len(ws.working.pending("C-"))


def _errors(ws: Workspace) -> list[Error]:
    wanted = ws.given_project_id
    records = [stored.record for stored in ws.files.read_all(("error",))]
    return [
        record
        for record in records
        if isinstance(record, Error) and (not wanted or record.project_id in (None, wanted))
    ]


def _recent_files(history: Sequence[FileTouch]) -> list[str]:
    """Return the files changed lately, the last changed first, what was copied in left out."""
    paths = dict.fromkeys(path for commit in history for path in commit.paths)
    return [path for path in paths if not vendored(path)]


def _languages(recent: Sequence[str]) -> Iterator[Pattern]:
    for name, frequency, total in languages(recent)[:4]:
        yield Pattern(
            pattern_type="language",
            name=name,
            description=f"{frequency} of {total} source files changed lately are {name}",
            frequency=frequency,
            total=total,
            confidence=share(frequency, total),
        )


def _naming(lines: Lines) -> Iterator[Pattern]:
    code = {path: found for path, found in lines.items() if not is_test(path)}
    for language, styles in naming(code):
        total = sum(map(len, styles.values()))
        if total < 5:
            continue
        style, named = max(styles.items(), key=lambda item: (len(item[1]), item[0]))
        yield Pattern(
            pattern_type="naming",
            name=f"{style} functions in {language}",
            description=f"{len(named)} of {total} functions of several words are {style}",
            frequency=len(named),
            total=total,
            confidence=share(len(named), total),
            examples=tuple(short(name, 60) for name in named[:3]),
        )


def _declared(ws: Workspace, lines: Lines) -> Iterator[Pattern]:
    """Yield the test framework that is declared, and what of the rest the code imports most."""
    paths = ws.repo.git.fields("ls-files", "-z", "--", ".", f":(exclude){FOLDER}")[:_MOST_PATHS]
    named = {tech.name.lower(): tech.source for tech in tech_stack(reader(ws.repo), paths)}
    sources = [path for path in paths if language_of(path) and not vendored(path)]
    tests = [path for path in sources if is_test(path)]
    framework: str | None = next((name for name in _TEST_FRAMEWORKS if name in named), None)
    if framework is None and any(path.endswith("_test.go") for path in tests):
        framework = "go test"
    if framework and tests:
        where = f" ({short(named[framework], 80)})" if framework in named else ""
        yield Pattern(
            pattern_type="testing",
            name=framework,
            description=f"tests run with {framework}{where}; {len(tests)} of {len(sources)} "
            "source files are tests",
            frequency=len(tests),
            total=len(sources),
            confidence=0.9,
            examples=tuple(clean(path) for path in sorted(tests)[:3]),
        )
    for language, name, users, total in imported(lines, set(named) - {framework}):
        yield Pattern(
            pattern_type="library",
            name=name,
            description=f"{len(users)} of {total} {language} files changed lately import {name}",
            frequency=len(users),
            total=total,
            confidence=share(len(users), total),
            examples=tuple(clean(path) for path in users[:3]),
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
            name=clean(path),
            description=f"{count} of {total} recorded occurrences of errors are in {clean(path)}",
            frequency=count,
            total=total,
            confidence=share(count, total),
            examples=tuple(error.id for error in named[:3]),
            recommendation="Cover it with tests before the next change.",
            severity="medium",
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
            name=short(name, 80),
            description=f"{short(name, 80)}: {count} of {total} recorded occurrences, "
            f"{len(some)} cause{'s' if len(some) > 1 else ''}",
            frequency=count,
            total=total,
            confidence=share(count, total),
            examples=tuple(error.id for error in some[:3]),
            recommendation=short(solved, 240) if solved else None,
            severity="medium" if any(not error.resolved for error in some) else "low",
        )
