"""Whether a decision says again what another one says, in other words.

Looser than :mod:`kagura_git.model.similar`, which wants nearly the same text: here both
choose the same names for the same purpose, or forbid the same thing.
"""

from __future__ import annotations

from typing import Final

from kagura_git.model.opposing import Read, linked

_SAME: Final = 0.75
_NEARLY: Final = 0.7


def restated(one: Read, other: Read) -> float:
    """Return how sure it is that two decisions say one thing (to 1); 0 if they do not."""
    mine, yours = one.says, other.says
    standing = ("proposed", "accepted")
    if one.decision.status not in standing or other.decision.status not in standing:
        return 0.0
    if linked(one.decision, other.decision) or mine.ban != yours.ban:
        return 0.0
    if mine.chosen.keys() != yours.chosen.keys() or mine.amounts != yours.amounts:
        return 0.0
    if mine.refused.keys() & yours.chosen.keys() or yours.refused.keys() & mine.chosen.keys():
        return 0.0
    shared, apart = mine.scope & yours.scope, mine.scope ^ yours.scope
    if not apart:
        return _SAME if len(shared) + len(mine.chosen) > 1 else 0.0
    return _NEARLY if len(apart) == 1 and len(shared) + len(mine.chosen) > 2 else 0.0
