"""What commits show: whether tests come along, how subjects read, what changes together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from kagura_git.git.history import FileTouch
from kagura_git.services.manifests import language_of
from kagura_git.services.pattern import Pattern, is_test, share
from kagura_git.services.wording import clean, short

_WIDE_COMMIT: Final = 30
_SUBJECT: Final = 80
_TYPES: Final = "feat|fix|docs|style|refactor|perf|test|tests|build|ci|chore|revert"
_CONVENTIONAL: Final = re.compile(rf"(?:{_TYPES})(?:\([^)]+\))?!?: \S", re.IGNORECASE)
_PREFIXED: Final = re.compile(r"[\w./-]+(?:\([^)]+\))?: \S")
_SENTENCE: Final = re.compile(r"[A-Z][^:]*[^.:]\Z")
_SAYS_NOTHING: Final = re.compile(
    r"(?:wip|fix(?:es|ed)?|updates?|updated|changes?|misc|stuff|tmp|temp|test|asdf|\.+)[.!]*\Z",
    re.IGNORECASE,
)


def testing(history: list[FileTouch]) -> Iterator[Pattern]:
    """Yield how often tests change in the commits that change code."""
    code = [
        commit
        for commit in history
        if any(language_of(path) and not is_test(path) for path in commit.paths)
    ]
    tested = [commit for commit in code if any(is_test(path) for path in commit.paths)]
    tests = Counter(path for commit in history for path in commit.paths if is_test(path))
    if not code or not tests:
        return
    yield Pattern(
        pattern_type="testing",
        name="tests change with the code",
        description=f"{len(tested)} of {len(code)} commits that change code also change a test",
        frequency=len(tested),
        total=len(code),
        confidence=share(len(tested), len(code)),
        examples=tuple(clean(path) for path, _ in tests.most_common(3)),
    )


def commit_style(history: list[FileTouch]) -> Iterator[Pattern]:
    """Yield the form that most subjects have, and bare ones where there are many."""
    subjects = [commit.subject for commit in history if commit.subject]
    if len(subjects) < 5:
        return
    styles = (
        ("conventional commits", _CONVENTIONAL, "are `type: summary`"),
        ("subjects with a prefix", _PREFIXED, "are `area: summary`"),
        ("subjects like sentences", _SENTENCE, "start with a capital and end without a full stop"),
    )
    for name, form, told in styles:
        fitting = [subject for subject in subjects if form.match(subject)]
        if len(fitting) * 2 >= len(subjects):
            yield _of_subjects("commit_style", name, told, fitting, len(subjects))
            break
    empty = [subject for subject in subjects if _SAYS_NOTHING.match(subject)]
    if len(empty) >= 3 and len(empty) * 10 >= len(subjects):
        told = "say nothing of what changed"
        advice = "Say in the subject what changes, and below it why."
        yield _of_subjects("anti_pattern", "bare subjects", told, empty, len(subjects), advice)


def _of_subjects(
    pattern_type: str, name: str, told: str, fitting: list[str], total: int, advice: str = ""
) -> Pattern:
    return Pattern(
        pattern_type=pattern_type,
        name=name,
        description=f"{len(fitting)} of {total} subjects {told}",
        frequency=len(fitting),
        total=total,
        confidence=share(len(fitting), total),
        examples=tuple(short(subject, _SUBJECT) for subject in fitting[:3]),
        recommendation=advice or None,
    )


def changed_together(history: list[FileTouch]) -> Iterator[Pattern]:
    """Yield the pairs of files that change together most."""
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
                description=f"{clean(first)} and {clean(second)} change together: "
                f"{count} of {total} times",
                frequency=count,
                total=total,
                confidence=share(count, total),
                examples=(clean(first), clean(second)),
            )
