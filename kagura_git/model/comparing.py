"""How two decisions are compared: what was read of each, and whether they are about one thing."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from kagura_git.model.cues import EMPTY, Stems
from kagura_git.model.records import Decision
from kagura_git.model.statement import Statement, statement

Kind = Literal["rejected", "replaced", "opposite", "same-slot"]
# Of both at once it is rather told what the new one proposes.
LESS: Final = 0.01
SURE: Final = 0.9
SAME: Final = 0.7
UNKNOWN: Final = 0.6


class Opposition(NamedTuple):
    """How a decision opposes an earlier one: the kind, a sentence, and how sure (to 1)."""

    kind: Kind
    message: str
    score: float


class Read(NamedTuple):
    """A decision and what it says."""

    decision: Decision
    says: Statement


def read(decision: Decision) -> Read:
    """Return a decision with what it says, to be compared with many."""
    return Read(decision, statement(decision))


def linked(one: Decision, other: Decision) -> bool:
    """Tell whether one of two decisions supersedes the other."""
    return (
        one.id in other.supersedes
        or other.id in one.supersedes
        or other.id == one.superseded_by
        or one.id == other.superseded_by
    )


def within(wanted: tuple[str, ...], said: tuple[str, ...]) -> bool:
    """Tell whether all of these stems stand close together."""
    if not wanted or wanted[0] not in said:
        return False
    need = set(wanted)
    said = tuple(s for s in said if s not in EMPTY)
    size = len(wanted) + 2
    return any(need <= set(said[start : start + size]) for start in range(len(said)))


def fit_of(one: Statement, other: Statement, aside: Stems) -> float | None:
    """Return how sure it is that two decisions are about the same thing; None if they are not."""
    a, b = one.scope, other.scope - aside
    shared = a & b
    if shared:
        return SURE if len(shared) * 2 >= min(len(a), len(b)) else SAME
    return UNKNOWN if not a or not b else None
