"""Whether one version of a record was made from another, where nobody has written it down.

A person who corrects a record in an editor leaves no trace but the text itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from kagura_git.model.mapping import to_mapping
from kagura_git.model.merge_values import GONE, same
from kagura_git.model.records import Record

# Of a text or list: how much of it must be left in what was made of it.
_LEFT: Final = 0.5


def edited_on(base: Record | None, version: Record, later: Record) -> bool:
    """Tell whether whatever ``version`` changed is in ``later`` too, as it is or edited further.

    Args:
        base: what ``version`` was made from. Without one it is where the record
            begins, and every other version of that id comes from it.
    """
    if type(version) is not type(later) or version.id != later.id:
        return False
    if base is None:
        return True
    before, then, now = to_mapping(base), to_mapping(version), to_mapping(later)
    for name in {**before, **then}:
        was, said, says = (fields.get(name, GONE) for fields in (before, then, now))
        if not same(said, was) and (same(says, was) or not _survives(was, said, says)):
            return False
    return True


def _survives(was: Any, said: Any, says: Any) -> bool:
    if same(said, says):
        return True
    if isinstance(said, str) and isinstance(says, str):
        return _share(_pieces(said), _pieces(says)) >= _LEFT
    if isinstance(said, list) and isinstance(says, list):
        known = set(map(json.dumps, was)) if isinstance(was, list) else set()
        return _share(set(map(json.dumps, said)) - known, set(map(json.dumps, says))) >= _LEFT
    return False


def _pieces(text: str) -> set[str]:
    """Return the runs of three characters in a text: what needs no idea of words."""
    plain = " ".join(text.lower().split())
    return {plain[i : i + 3] for i in range(max(1, len(plain) - 2))}


def _share(said: Collection[str], says: Collection[str]) -> float:
    return len(set(said) & set(says)) / len(said) if said else 1.0
