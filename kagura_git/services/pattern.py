"""One habit of a project, and how it is measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["info", "low", "medium", "high"]

_TEST: Final = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec)/|^t/|(?:^|/)test_|_test\.|_spec\.|\.(?:test|spec)\."
    r"|Tests?\.(?:java|kt|cs)$"
)

_BUILT: Final = re.compile(r"(?:^|/)(?:dist|build|out)/|\.min\.js$|_pb2\.py$|\.pb\.go$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One habit: ``frequency`` of ``total`` times seen, with examples.

    ``severity`` says how much it matters; ``source`` whether it was measured or a model
    has seen it.
    """

    pattern_type: str
    name: str
    description: str
    frequency: int
    total: int
    confidence: float
    examples: tuple[str, ...] = ()
    recommendation: str | None = None
    severity: Severity = "info"
    source: str = "measured"


def share(frequency: int, total: int) -> float:
    """Return the confidence: how much of the total fits."""
    return round(frequency / total, 2) if total else 0.0


def is_test(path: str) -> bool:
    """Tell whether a path is named as tests are."""
    return _TEST.search(path) is not None


def is_built(path: str) -> bool:
    """Tell whether a path lies where builds put what they make."""
    return _BUILT.search(path) is not None
