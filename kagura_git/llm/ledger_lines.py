"""Lines of the cost ledger: one JSON object per call, reservation or settlement.

A reservation (``reserved``) is written and flushed to disk before its request is sent; its
cost and tokens are upper bounds. A settlement (``settles``) replaces them by the actual
values, or, with ``released``, by nothing. A line with neither key is a call that was written
down after it was made, as versions before reservations did.

Versions before reservations read all three as calls: they count a settled call twice, and so
never spend more than the budget.

A reservation or settlement that was cut while it was appended is harmless: the request of a
cut reservation was never sent, and a cut settlement leaves its reservation counted. Such a
line is known by its first key, and either by a missing end of line at the end of the file,
or by the mark that the next append has put there under the lock. Every other line that
cannot be read may have been a paid call.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import fsum, isfinite
from typing import Annotated, Final

import msgspec

TORN: Final = b" (torn)"
# The first keys of lines that are written ahead; shorter pieces could be of any line.
_AHEAD: Final = (b'{"reserved":', b'{"settles":')
_SHORTEST: Final = 3

Count = Annotated[int, msgspec.Meta(ge=0)]
Amount = Annotated[float, msgspec.Meta(ge=0)]


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a model. ``cost`` is in US dollars; None where no price is known.

    ``reserved`` and ``settles`` hold the id of a reservation and stay the first fields: a
    cut line is known by them.
    """

    reserved: str = ""
    settles: str = ""
    timestamp: datetime
    model: str
    operation: str
    repository: str
    tokens_in: Count
    tokens_out: Count
    cost: Amount | None
    ok: bool = True
    released: bool = False

    @property
    def unfinished(self) -> bool:
        """Whether this is a reservation that is neither settled nor released."""
        return bool(self.reserved)

    @property
    def id(self) -> str:
        """The id of its reservation; empty for a call that had none."""
        return self.reserved or self.settles

    def as_settled(
        self, cost: float | None, tokens_in: int = 0, tokens_out: int = 0, *, ok: bool = False
    ) -> Call:
        """Return the settlement of this reservation by the actual values."""
        return msgspec.structs.replace(
            self, reserved="", settles=self.id, tokens_in=tokens_in, tokens_out=tokens_out,
            cost=cost, ok=ok,
        )  # fmt: skip

    def as_released(self) -> Call:
        """Return the settlement of this reservation that says that it was not billed."""
        return msgspec.structs.replace(self.as_settled(0.0), released=True)


class Month(msgspec.Struct, frozen=True):
    """Calls of one month, each once, and the numbers of the lines that cannot be read."""

    calls: tuple[Call, ...]
    damaged: tuple[int, ...] = ()

    @property
    def cost(self) -> float:
        """US dollars of all calls, unfinished ones at their upper bound."""
        return fsum(call.cost or 0.0 for call in self.calls)

    @property
    def settled(self) -> float:
        """US dollars of the calls whose actual cost is known."""
        return fsum(call.cost or 0.0 for call in self.calls if not call.unfinished)

    @property
    def unfinished(self) -> tuple[Call, ...]:
        """Reservations that are neither settled nor released, oldest first."""
        return tuple(call for call in self.calls if call.unfinished)

    @property
    def reserved(self) -> float:
        """US dollars kept for unfinished calls."""
        return fsum(call.cost or 0.0 for call in self.unfinished)


def parse(data: bytes) -> Month:
    """Return the month that a ledger file holds."""
    calls: list[Call | None] = []
    places: dict[str, int] = {}
    damaged = []
    for number, line in _lines(data):
        call = decode(line)
        if call is None:
            damaged.append(number)
        elif call.settles in places:
            # What the process that made the call knows comes last, and is right.
            calls[places[call.settles]] = None if call.released else call
        elif not call.released:
            if call.id:
                places[call.id] = len(calls)
            calls.append(call)
    return Month(tuple(call for call in calls if call is not None), tuple(damaged))


def without_damage(data: bytes) -> tuple[bytes, bytes]:
    """Return the lines of a ledger file that can be read, and those that cannot."""
    good = [line for _, line in _lines(data) if decode(line) is not None]
    bad = [line for _, line in _lines(data) if decode(line) is None]
    return _joined(good), _joined(bad)


def _joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that count, with their numbers from 1."""
    *ended, tail = data.split(b"\n")
    for number, line in enumerate(ended, 1):
        cut = line.endswith(TORN) and written_ahead(line.removesuffix(TORN))
        if line.strip() and not cut:
            yield number, line
    if tail.strip() and not is_cut(tail):
        yield len(ended) + 1, tail


def decode(line: bytes) -> Call | None:
    """Return the call of a line; None if it cannot be read."""
    try:
        call = msgspec.json.decode(line, type=Call)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return call if call.cost is None or isfinite(call.cost) else None


def written_ahead(line: bytes) -> bool:
    """Tell whether a line, or the piece of one, is a reservation or a settlement."""
    return len(line) >= _SHORTEST and any(
        line.startswith(key) or key.startswith(line) for key in _AHEAD
    )


def is_cut(tail: bytes) -> bool:
    """Tell whether what follows the last end of line is a cut line that is harmless."""
    return written_ahead(tail) and decode(tail) is None
