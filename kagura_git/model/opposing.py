"""Whether two decisions oppose each other, and why: by what they choose, turn down and forbid.

Words only, so it works without a model; made to be right when it speaks rather than to
find everything. Whether two decisions are about the same thing is told by the words left
when the names are taken out: "Redis for the cache" does not oppose "no Redis for sessions".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kagura_git.model.comparing import Opposition, Read, linked, read
from kagura_git.model.forbidding import forbidden, opposite_words, said_aside
from kagura_git.model.records import Decision
from kagura_git.model.rivalling import other_amount, other_name, other_role, same_slot
from kagura_git.model.turning import again, rejected, replaced

__all__ = ["AT_LEAST", "Opposition", "Read", "linked", "oppose", "opposed", "read"]
# What is told to a reviewer; less is only a hint.
AT_LEAST: Final = 0.55


def oppose(old: Decision, new: Decision) -> Opposition | None:
    """Return how the newer decision opposes the older one; None if no words say so."""
    return opposed(read(old), read(new))


def opposed(old: Read, new: Read) -> Opposition | None:
    """Return the same of two decisions that were read before."""
    if linked(old.decision, new.decision):
        return None
    if "superseded" in (old.decision.status, new.decision.status):
        return None
    if new.decision.status == "rejected":
        return None
    found = list(again(old, new) if old.decision.status == "rejected" else _all(old, new))
    return max(found, key=lambda item: item.score, default=None)


def _all(old: Read, new: Read) -> Iterator[Opposition]:
    yield from rejected(old, new)
    yield from replaced(old, new)
    yield from forbidden(old, new)
    yield from said_aside(old, new)
    yield from opposite_words(old, new)
    yield from same_slot(old, new)
    yield from other_name(old, new)
    yield from other_role(old, new)
    yield from other_amount(old, new)
