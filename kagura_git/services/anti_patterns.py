"""Habits that cost later, counted in the sources changed lately."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kagura_git.git.run import Git, decode
from kagura_git.services.pattern import Pattern, Severity, is_test, share
from kagura_git.services.wording import clean

_MOST_FILES: Final = 300
_MOST_HITS: Final = 5_000


class _Habit(NamedTuple):
    """What to look for: a POSIX expression, in files of these endings, and what to do instead."""

    name: str
    form: str
    endings: tuple[str, ...]
    severity: Severity
    recommendation: str
    in_tests: bool = False


_SCRIPTS: Final = ("js", "jsx", "ts", "tsx", "mjs")
_HABITS: Final = (
    _Habit("bare except", r"^[[:space:]]*except[[:space:]]*:", ("py",), "high",
           "Name the exceptions: a bare one hides typing mistakes and stops Ctrl-C.", True),
    _Habit("exception swallowed", r"^[[:space:]]*except [A-Za-z.]+[^:]*: *pass *$", ("py",),
           "medium", "Say why it may be ignored: contextlib.suppress with a comment.", True),
    _Habit("debugger left in", r"^[[:space:]]*(breakpoint\(\)|import i?pdb|debugger;)",
           ("py", *_SCRIPTS), "high", "Take it out; a linter can refuse it.", True),
    _Habit("console output left in", r"^[[:space:]]*console\.(log|debug)\(", _SCRIPTS, "low",
           "Use the logger, or let the linter refuse console."),
    _Habit("stack trace printed", r"\.printStackTrace\(\)", ("java", "kt"), "medium",
           "Hand the exception to the logger: the output of a server is read by nobody."),
    _Habit("any type", r"(: any\b|<any>|as any\b)", ("ts", "tsx"), "low",
           "Use unknown, and narrow it where it is used."),
    _Habit("warning silenced without a rule",
           r"(# noqa *$|# type: ignore *$|// eslint-disable-line *$|/\* eslint-disable \*/)",
           ("py", *_SCRIPTS), "low", "Name the rule that is silenced."),
    _Habit("to do without an owner or a ticket",
           r"(#|//|/\*)[[:space:]]*(TODO|FIXME|XXX)[: ][^(#0-9]*$",
           ("py", "go", "rs", "java", "kt", "cs", "rb", *_SCRIPTS), "low",
           "Name who does it or the ticket, or do it.", True),
)  # fmt: skip


def anti_patterns(git: Git, recent: Sequence[str]) -> Iterator[Pattern]:
    """Yield the habits that are there, each with how often, where, and what to do instead."""
    for habit in _HABITS:
        files = [
            path
            for path in recent[:_MOST_FILES]
            if path.rsplit(".", 1)[-1] in habit.endings and (habit.in_tests or not is_test(path))
        ]
        hits = _hits(git, habit.form, files)
        if not hits:
            continue
        held = {path for path, _ in hits}
        times = f"{len(hits)} time{'s' if len(hits) > 1 else ''}"
        yield Pattern(
            pattern_type="anti_pattern",
            name=habit.name,
            description=f"{habit.name}: {times}, in {len(held)} of {len(files)} files "
            "changed lately",
            frequency=len(hits),
            total=len(files),
            confidence=share(len(held), len(files)),
            examples=tuple(f"{clean(path)}:{line}" for path, line in hits[:3]),
            recommendation=habit.recommendation,
            severity=habit.severity,
        )


def _hits(git: Git, form: str, files: Sequence[str]) -> list[tuple[str, int]]:
    if not files:
        return []
    done = git.run(
        "grep", "-I", "-z", "-n", "-E", "--no-textconv", "--no-color", "--no-column",
        "--full-name", "-e", form, "--", *(f":(literal){path}" for path in files), ok=(0, 1, 128),
    )  # fmt: skip
    found = []
    for row in decode(done.stdout).split("\n")[:_MOST_HITS]:
        path, _, rest = row.partition("\0")
        number = rest.partition("\0")[0]
        if number.isdigit():
            found.append((path, int(number)))
    return found
