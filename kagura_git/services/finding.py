"""What ``doctor`` says of one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``mend`` says what to do about it."""

    check: str
    severity: Severity
    message: str
    mend: str = ""
