"""Two decisions choose differently for one purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kagura_git.model.comparing import UNKNOWN, Opposition, Read
from kagura_git.model.cues import Stems
from kagura_git.model.options import Option, names
from kagura_git.model.quoting import amount, brief, quoted
from kagura_git.model.statement import Statement


def same_slot(old: Read, new: Read) -> Iterator[Opposition]:
    """Both choose, and not the same, for one purpose."""
    if old.says.ban or new.says.ban:
        return
    alone = names().alone
    for mine in old.says.chosen.values():
        for yours in new.says.chosen.values():
            common = mine.groups & yours.groups
            if not common or not _differ(mine, yours, old.says, new.says):
                continue
            score = _slot(old.says, new.says, bool(common & alone))
            if score:
                shared = old.says.scope & new.says.scope
                for_ = f" for {quoted(old.decision, shared)}" if shared else ""
                yield Opposition(
                    "same-slot",
                    f"{old.decision.id} chose {brief(old.says.shown[mine.name])}{for_}; "
                    f"{new.decision.id} chooses {brief(new.says.shown[yours.name])}",
                    score,
                )


def _differ(mine: Option, yours: Option, old: Statement, new: Statement) -> bool:
    return mine.name not in new.chosen and yours.name not in old.chosen


def _slot(old: Statement, new: Statement, alone: bool) -> float:
    a, b = old.scope, new.scope
    shared = a & b
    if not a and not b:
        return UNKNOWN
    if not shared:
        return UNKNOWN if alone and (not a or not b) else 0.0
    part = len(shared) / min(len(a), len(b))
    if part == 1:
        return 0.8
    return 0.65 if part >= 0.5 else 0.0


def other_name(old: Read, new: Read) -> Iterator[Opposition]:
    """Both take a name that is not common, and not the same, for the very same purpose."""
    if old.says.ban or new.says.ban:
        return
    mine, yours = _alone(old.says, new.says), _alone(new.says, old.says)
    if not mine or not yours:
        return
    purpose = _topic(old.says) - _pieces(mine)
    if purpose != _topic(new.says) - _pieces(yours) or len(purpose) < 2:
        return
    if mine[0].groups and yours[0].groups:
        return
    yield Opposition(
        "same-slot",
        f"{old.decision.id} chose {brief(old.says.shown[mine[0].name])} for "
        f"{quoted(old.decision, purpose)}; {new.decision.id} chooses "
        f"{brief(new.says.shown[yours[0].name])}",
        UNKNOWN,
    )


def _alone(one: Statement, other: Statement) -> list[Option]:
    """Return the names that one takes and the other does not mention."""
    topic = _topic(other)
    return [option for option in one.chosen.values() if not _pieces([option]) <= topic]


def _topic(says: Statement) -> Stems:
    return says.scope | _pieces([*says.chosen.values(), *says.context.values()])


def _pieces(options: Iterable[Option]) -> Stems:
    return frozenset(piece for option in options for piece in option.name.split(" "))


def other_role(old: Read, new: Read) -> Iterator[Opposition]:
    """Both give one role, and not to the same: "use X as Y", "use Z for Y"."""
    mine, yours = old.says.role, new.says.role
    if mine is None or yours is None or not (mine.sole or yours.sole):
        return
    shared = mine.purpose & yours.purpose
    apart = mine.taken - yours.taken and yours.taken - mine.taken
    if apart and len(shared) > 1 and len(shared) * 5 >= len(mine.purpose | yours.purpose) * 3:
        yield Opposition(
            "same-slot",
            f"{old.decision.id} chose {quoted(old.decision, mine.taken)} for "
            f"{quoted(old.decision, shared)}; {new.decision.id} chooses "
            f"{quoted(new.decision, yours.taken)}",
            UNKNOWN,
        )


def other_amount(old: Read, new: Read) -> Iterator[Opposition]:
    """Both say the same thing with another number."""
    mine, yours = old.says.amounts - new.says.amounts, new.says.amounts - old.says.amounts
    if not mine or not yours or old.says.ban != new.says.ban:
        return
    if {number for number, _ in mine} & {number for number, _ in yours}:
        return
    units = {unit for _, unit in (*mine, *yours)}
    a, b = old.says.scope - units, new.says.scope - units
    shared = a & b
    if len(shared) >= 2 and (a == shared or b == shared):
        of = quoted(old.decision, shared)
        yield Opposition(
            "same-slot",
            f"{old.decision.id} says {amount(old.decision, mine)} of {of}, "
            f"{new.decision.id} {amount(new.decision, yours)}",
            0.7,
        )
