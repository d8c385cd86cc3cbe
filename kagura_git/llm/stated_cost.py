"""Costs that the user states by the provider's bill, where the ledger does not know them."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from kagura_git import atomic
from kagura_git.disk import explained
from kagura_git.errors import Conflict, NotFound
from kagura_git.llm.ledger import Call, Ledger, Month, UnreadableLedger, is_month
from kagura_git.llm.ledger_lines import without_damage

_DAMAGED: Final = ".damaged"


def state(ledger: Ledger, what: str, cost: float, now: datetime) -> Call:
    """Write down what an unfinished call, or the unreadable part of a month, has cost.

    Args:
        what: an unfinished call's id, or a month such as ``2026-11``.
        cost: US dollars; 0 for a call that was never billed.

    Raises:
        NotFound: no call has that id.
        Conflict: the call is settled, or the whole month can be read.
    """
    if is_month(what):
        return _month(ledger, what, cost, now)
    for month in reversed(ledger.months()):
        with contextlib.suppress(UnreadableLedger):
            if any(call.id == what for call in ledger.month(month).calls):
                return ledger.change(month, lambda found: _call(found, what, cost))
    raise NotFound(
        "no unfinished call has this id", hint="`git kagura costs` lists them.", where=f"{what:.40}"
    )


def _call(month: Month, name: str, cost: float) -> Call:
    for call in month.unfinished:
        if call.id == name:
            return call.as_settled(cost) if cost else call.as_released()
    raise Conflict("this call is settled: what it cost is known", where=name)


def _month(ledger: Ledger, month: str, cost: float, now: datetime) -> Call:
    call = Call(
        timestamp=now, model="unknown", operation="stated", repository="unknown", tokens_in=0,
        tokens_out=0, cost=cost, ok=False,
    )  # fmt: skip
    line = msgspec.json.encode(call) + b"\n"
    try:
        damaged = ledger.month(month).damaged
    except UnreadableLedger:
        _move_aside(ledger.file(month))
        ledger.append(call, month)
        return call
    if not damaged:
        raise Conflict("every line of this month's ledger can be read", where=month)

    def mended(data: bytes) -> bytes:
        good, bad = without_damage(data)
        aside = _aside(ledger.file(month))
        atomic.write(aside, bad)  # first, so that nothing is lost if this process ends here
        return good + line

    ledger.replace(month, mended)
    return call


def _move_aside(path: Path) -> None:
    with explained(str(path)):
        os.rename(path, _aside(path))


def _aside(path: Path) -> Path:
    """Return a name for what is moved aside that no file has."""
    number = 1
    while os.path.lexists(f"{path}{_DAMAGED}-{number}"):
        number += 1
    return Path(f"{path}{_DAMAGED}-{number}")
