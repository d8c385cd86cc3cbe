"""How long functions are that were added whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

LONG: Final = 80
_PYTHON: Final = re.compile(r"(\s*)(?:async )?def (\w+)")
_BRACED: Final = re.compile(
    r"\s*(?:export )?(?:default )?(?:async )?function\s*\*?\s*(\w+)"
    r"|func (?:\([^)]*\) )?(\w+)"
    r"|\s*(?:pub(?:\([a-z]+\))? )?(?:async )?(?:unsafe )?fn (\w+)"
)
_BRACE_LANGUAGES: Final = frozenset({"JavaScript", "TypeScript", "Go", "Rust"})


def functions(language: str, lines: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Yield the first line, the name and the number of lines of each function in a stretch."""
    for at, line in enumerate(lines):
        if language == "Python" and (match := _PYTHON.match(line)):
            yield line, match[2], _indented(lines, at, len(match[1]))
        elif language in _BRACE_LANGUAGES and (match := _BRACED.match(line)):
            yield line, next(filter(None, match.groups())), _braced(lines, at)


def _indented(lines: Sequence[str], start: int, depth: int) -> int:
    last = start
    for at in range(start + 1, len(lines)):
        text = lines[at].strip()
        if not text:
            continue
        # A closing bracket of the signature may stand as deep as the definition.
        if len(lines[at]) - len(lines[at].lstrip()) <= depth and not text.startswith(")"):
            break
        last = at
    return last - start + 1


def _braced(lines: Sequence[str], start: int) -> int:
    depth = 0
    for at in range(start, len(lines)):
        depth += lines[at].count("{") - lines[at].count("}")
        if depth <= 0 and "}" in lines[at]:
            return at - start + 1
    return len(lines) - start
