"""Reservation of a call's upper bound in the ledger, from before it is sent until it is settled.

A reservation is given up only by proof: the actual cost, or a failure that the provider does
not bill. A process that is killed, a time-out and a broken connection prove nothing: the
request may have been billed, so the upper bound stays counted until the month ends or the
user states what the provider billed (`git kagura costs --settle`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import msgspec

from kagura_git.errors import KaguraError
from kagura_git.llm.approval import Policy, Spent, over_budget
from kagura_git.llm.client import Reply
from kagura_git.llm.cost_bound import CostBound
from kagura_git.llm.ledger import Call, Ledger, Month, month_of


class OverBudget(KaguraError):
    """The month's budget has no room for the upper bound of a call."""


@dataclass
class Reservation:
    """One try of a call that is reserved in the ledger.

    Args:
        line: its line in the ledger.
        calls: the calls of this process, which the reservation is among.
        most_out: how many tokens the answer may have.
    """

    ledger: Ledger
    line: Call
    calls: list[Call]
    bound: CostBound | None
    most_out: int

    def settle(self, reply: Reply, ok: bool) -> float | None:
        """Replace the upper bound by the actual cost, and return it.

        Raises:
            KaguraError: the ledger cannot be written; the upper bound stays.
        """
        cost = reply.cost
        if self.bound is not None and (cost is None or not reply.tokens_in + reply.tokens_out):
            cost = self.line.cost  # a price is known, but not what was billed
        call = self.line.as_settled(cost, reply.tokens_in, reply.tokens_out, ok=ok)
        self.ledger.append(call, month_of(self.line.timestamp))
        self.calls[self.calls.index(self.line)] = call
        return cost

    def release(self) -> None:
        """Give the upper bound back: the call was provably not billed.

        Raises:
            KaguraError: the ledger cannot be written; the upper bound stays.
        """
        self.ledger.append(self.line.as_released(), month_of(self.line.timestamp))
        self.calls.remove(self.line)


def reserve(
    ledger: Ledger,
    draft: Call,
    bound: CostBound | None,
    policy: Policy,
    outputs: tuple[int, int],
    calls: list[Call],
) -> Reservation:
    """Reserve the upper bound of a call, if the month's budget has room for it.

    Where it has no room for the longest answer, the answer may be as long as there is room
    for, but no shorter than expected.

    Args:
        draft: the call, without id, tokens and cost.
        bound: None where no price is known; only the call itself is written down then.
        outputs: how many tokens the answer is expected to have, and may have at most.

    Raises:
        OverBudget: there is no room.
        UnreadableLedger: what was spent is not known.
        CannotWrite: the ledger cannot be written.
    """
    name = os.urandom(5).hex()

    def within(month: Month) -> Call:
        tokens_in, most, cost = 0, outputs[1], None
        spent = spent_of(month)
        room = policy.monthly_budget - spent.total
        if bound is not None:
            least = min(outputs)
            most = int(min(most, bound.tokens_within(room)))
            if most < least:
                raise OverBudget(over_budget(bound.cost(least), policy, spent))
            tokens_in, cost = bound.tokens_in, bound.cost(most)
        elif room < 0:
            raise OverBudget(over_budget(0.0, policy, spent))
        return msgspec.structs.replace(
            draft, reserved=name, tokens_in=tokens_in, tokens_out=most, cost=cost, ok=False
        )

    line = ledger.change(month_of(draft.timestamp), within)
    calls.append(line)
    return Reservation(ledger, line, calls, bound, line.tokens_out)


def spent_of(month: Month) -> Spent:
    """Return what a month's calls have cost, settled and reserved apart."""
    return Spent(month.settled, month.reserved, len(month.unfinished))
