"""What recent commits added and had better not: measured line by line, counted where it stands."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from kagura_git.git.added_lines import Stretch
from kagura_git.services.function_sizes import LONG, functions
from kagura_git.services.manifests import language_of, vendored
from kagura_git.services.pattern import Pattern, Severity, is_built, is_test, share
from kagura_git.services.wording import clean, short

Read = Callable[[str], bytes | None]

_EXAMPLES: Final = 5
_LONGEST_LINE: Final = 400
_LINE_SHOWN: Final = 80
_MOST_READ: Final = 2 * 1024 * 1024
_HASHED: Final = frozenset({"Python", "Ruby", "Shell", "Elixir"})
_SCRIPT: Final = frozenset({"JavaScript", "TypeScript", "Vue", "Svelte"})
_SLASHED: Final = _SCRIPT | {
    "Go", "Rust", "Java", "Kotlin", "Scala", "PHP", "C#", "Swift", "C", "C++", "Dart",
}  # fmt: skip
# Programs and scripts talk to a person on purpose.
_TALKS: Final = re.compile(
    r"(?:^|/)(?:cli|bin|cmd|scripts?|tools|examples?|docs?|benchmarks?|demos?)(?:/|[._-])"
    r"|(?:^|/)(?:__main__|main|manage|setup|conftest|noxfile|tasks|gulpfile|Gruntfile)\.\w+$|\.conf(?:ig)?\.|_cli\.\w+$"
)
_COMMENT_CODE: Final = {
    "#": re.compile(
        r"#\s*(?:(?:async )?def \w+\(.*\).*:|class \w+.*:|(?:if|elif|for|while|with|except)\b.*:$"
        r"|return\b [\w.\[\](\"']+$|import [\w.]+$|from [\w.]+ import \w"
        r"|[\w.\[\]\"']+ = [^=].*[\w)\]\"']$)"
    ),
    "//": re.compile(
        r"//\s*(?:.*;\s*$|(?:if|for|while|switch)\s*\(.*\)\s*\{?$|(?:const|let|var)\s+\w+ ="
        r"|func \w+\(|fn \w+\(|return\b.*;?$(?<=[;)])|\}\s*(?:else\s*\{)?$)"
    ),
}
_TODO: Final = re.compile(r"(?:#|//|/\*|--|<!--).*?\b(?:TODO|FIXME)\b(.*)")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A thing not to do: what it looks for, and among which lines that is a share."""

    name: str
    told: str
    severity: Severity
    advice: str
    among: Callable[[str, str], bool]
    bad: Callable[[str, str], bool]


@dataclass
class _Count:
    total: int = 0
    found: list[tuple[str, str]] = field(default_factory=list)


def _statement(language: str, text: str) -> bool:
    return language in ("Python", "Rust", "Ruby", "PHP") and bool(
        text and not text.startswith(("#", "//", "*", "/*"))
    )


def _prints(language: str, text: str) -> bool:
    if language == "Python":
        form = r"(?:print|pprint)\((?!.*file=)"
    else:
        form = r"dbg!\(|binding\.pry|var_dump\(|byebug$"
    return re.match(form, text) is not None


def _comment(language: str, text: str) -> bool:
    return (language in _HASHED and text.startswith("#") and not text.startswith("#!")) or (
        language in _SLASHED and text.startswith("//") and not text.startswith("///")
    )


def _code(language: str, text: str) -> bool:
    form = _COMMENT_CODE["#" if language in _HASHED else "//"]
    if not form.match(text) or _TODO.search(text):
        return False
    return language != "Python" or _parses(text.lstrip("# "))


def _parses(text: str) -> bool:
    """Tell prose that reads like code from code."""
    text = re.sub(r"^(?:elif|except)\b", "while", text) + (" pass" if text.endswith(":") else "")
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


_RULES: Final = (
    _Rule(
        "prints in library code", "print, outside programs and tests", "medium",
        "Use the project's logging, or take it out before the commit.", _statement, _prints,
    ),
    _Rule(
        "commented-out code", "are code that was put out of use", "low",
        "Delete it: git keeps it.", _comment, _code,
    ),
)  # fmt: skip
_UNITS: Final = ("statements", "lines of comment")


def added_code(stretches: Sequence[Stretch], read: Read) -> Iterator[Pattern]:
    """Yield what was added lately and still stands there, each with its share and examples.

    Args:
        read: returns a file of the work tree; a line that is gone from it does not count.
    """
    wanted = [
        s
        for s in stretches
        if language_of(s.path) and not vendored(s.path) and not is_built(s.path)
    ]
    standing = _Standing(read)
    counts = [_Count() for _ in _RULES]
    for stretch in wanted:
        language = language_of(stretch.path) or ""
        apart = is_test(stretch.path) or _TALKS.search(stretch.path) is not None
        for line in stretch.lines:
            text = line.strip()
            if not text or len(text) > _LONGEST_LINE:
                continue
            for rule, count in zip(_RULES, counts, strict=True):
                if apart or not rule.among(language, text):
                    continue
                row = standing.take(stretch.path, line, rule.name)
                if row is None:
                    continue
                count.total += 1
                if rule.bad(language, text):
                    count.found.append((f"{stretch.path}:{row}", text))
    for rule, count, unit in zip(_RULES, counts, _UNITS, strict=True):
        if count.found:
            yield _pattern(rule, count, unit)
    yield from _long_functions(wanted, standing)


def _pattern(rule: _Rule, count: _Count, unit: str) -> Pattern:
    times = len(count.found)
    return Pattern(
        pattern_type="anti_pattern",
        name=rule.name,
        description=f"{times} of {count.total} {unit} added lately {rule.told}",
        frequency=times,
        total=count.total,
        confidence=share(times, count.total),
        examples=tuple(
            f"{clean(place)}: {short(text, _LINE_SHOWN)}" for place, text in count.found[:_EXAMPLES]
        ),
        recommendation=rule.advice,
        severity=rule.severity,
    )


class _Standing:
    """Which added lines are still in the work tree, and where; each place is given once."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._files: dict[str, dict[str, list[int]]] = {}
        self._taken: Counter[tuple[str, str, str]] = Counter()

    def take(self, path: str, line: str, why: str) -> int | None:
        """Return the next row, from 1, where a line stands; None if there is no more."""
        rows = self._file(path).get(line, [])
        key = (path, line, why)
        if self._taken[key] >= len(rows):
            return None
        self._taken[key] += 1
        return rows[self._taken[key] - 1]

    def _file(self, path: str) -> dict[str, list[int]]:
        if path not in self._files:
            data = self._read(path) or b""
            text = data.decode("utf-8", "surrogateescape") if len(data) <= _MOST_READ else ""
            lines = [line.rstrip("\r") for line in text.split("\n")]
            places: dict[str, list[int]] = {}
            for number, line in enumerate(lines, 1):
                places.setdefault(line, []).append(number)
            self._files[path] = places
        return self._files[path]


def _long_functions(stretches: Sequence[Stretch], standing: _Standing) -> Iterator[Pattern]:
    total = 0
    long: list[tuple[int, str]] = []
    for stretch in stretches:
        if is_test(stretch.path):
            continue
        for head, name, size in functions(language_of(stretch.path) or "", stretch.lines):
            row = standing.take(stretch.path, head, "function")
            if row is None:
                continue
            total += 1
            if size > LONG:
                place = clean(f"{stretch.path}:{row}")
                long.append((size, f"{place}: {short(name, 60)}, {size} lines"))
    if not long:
        return
    long.sort(key=lambda item: (-item[0], item[1]))
    yield Pattern(
        pattern_type="anti_pattern",
        name="very long functions",
        description=f"{len(long)} of {total} functions added whole have more than {LONG} lines",
        frequency=len(long),
        total=total,
        confidence=share(len(long), total),
        examples=tuple(told for _, told in long[:_EXAMPLES]),
        recommendation="Cut them where they begin to do a second thing.",
        severity="medium",
    )
