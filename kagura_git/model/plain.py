"""What a free-form value in a record may be: JSON of bounded depth and size of numbers.

The fields of newer versions are kept as they are, so a caller could hand in
anything there; what is stored must come back from the file as it was.
"""

from __future__ import annotations

import math
from typing import Any, Final

# As deep as a record file may be nested (store/strict_yaml.py), counted from a top-level field.
MAX_DEPTH: Final = 20
# The bytes that a record file may have.
RECORD_BYTES: Final = 1024 * 1024
# Longer whole numbers stay text when a file is read.
_MAX_WHOLE: Final = 10**999


def unfit(value: Any, depth: int = 1) -> str:
    """Return why a record cannot hold the value; empty if it can.

    Args:
        depth: how deep the value itself stands: 1 for a top-level field.
    """
    waiting = [(value, depth)]
    while waiting:
        item, at = waiting.pop()
        if at > MAX_DEPTH:
            return f"nested deeper than {MAX_DEPTH} levels"
        match item:
            case None | bool() | str():
                continue
            case int():
                if abs(item) > _MAX_WHOLE:
                    return "a whole number of over 1,000 digits"
            case float():
                if not math.isfinite(item):
                    return f"{item}, which is no number in JSON"
            case list() | tuple():
                waiting += [(inner, at + 1) for inner in item]
            case dict():
                if not all(isinstance(name, str) for name in item):
                    return "a mapping with a name that is no text"
                waiting += [(inner, at + 1) for inner in item.values()]
            case _:
                return f"a {type(item).__name__}, which is no JSON value"
    return ""
