"""Measure work and wait for background processes, on a busy machine as on a quiet one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")
# Far more than any of it takes: a test that waits so long has failed.
_LONGEST: Final = 200.0


def processor_seconds() -> float:
    """Return the processor time of this process and of the children that it waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def wait_until(condition: Callable[[], T], poll: float = 0.02) -> T:
    """Return the first true result of the condition; fail if none comes."""
    end = time.monotonic() + _LONGEST
    while not (found := condition()):
        assert time.monotonic() < end, f"not reached in {_LONGEST:.0f} seconds: {condition}"
        time.sleep(poll)
    return found
