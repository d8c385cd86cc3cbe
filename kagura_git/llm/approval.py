"""Whether a call may be made: what it will cost, against what its user allows.

There is no silent yes: who cannot be asked gets the price and the way to approve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, NamedTuple

from kagura_git.llm.amounts import dollars

Why = Literal["", "over_budget", "declined", "approval_required"]
Ask = Callable[["Estimate"], bool | None]
"""Asks the user; None if that is not possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a call will cost; ``cost`` is in US dollars, None where no price is known.

    ``learned_from`` is the number of earlier calls that the length of the answer was
    learned from; 0 for a guess. ``cost_with_repair`` is the cost of the operation if its
    answer cannot be used and has to be asked for once more. ``least_reserved`` is what the
    budget must have room for: the upper bound of a call with an answer of the expected length.
    """

    operation: str
    purpose: str
    model: str
    tokens_in: int
    tokens_out: int
    cost: float | None
    learned_from: int = 0
    cost_with_repair: float | None = None
    least_reserved: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "operation": self.operation,
            "purpose": self.purpose,
            "model": self.model,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "estimated_cost": self.cost,
            "cost_with_repair": self.cost_with_repair,
            "learned_from": self.learned_from,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the user allows. Amounts are in US dollars."""

    auto_approve: bool = False
    threshold: float = 0.10
    monthly_budget: float = 500.0
    warn_at: float = 80.0
    approved: bool = False
    """This one operation was approved beforehand."""


class Spent(NamedTuple):
    """US dollars that a month's calls have cost, and what is reserved for unfinished ones."""

    settled: float
    reserved: float = 0.0
    unfinished: int = 0

    @property
    def total(self) -> float:
        """Both together."""
        return self.settled + self.reserved


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to call, and if not, why not; ``warning`` is for the user either way.

    ``allowed`` is what the whole operation may cost without asking again, in US dollars.
    """

    go: bool
    why: Why = ""
    warning: str = ""
    allowed: float = 0.0


def decide(
    estimate: Estimate,
    policy: Policy,
    spent: Spent,
    ask: Ask | None,
    *,
    paid: float = 0.0,
    allowed: float = 0.0,
) -> Verdict:
    """Return whether a call may be made.

    The answer to a first call may need a repair, which is a call of its own: it is held
    against the budget like any other, and against the threshold together with the first.
    A user who approves the first call has seen what both cost, and is asked again only if
    it comes to more.

    Args:
        spent: what this month's calls have cost.
        ask: asks the user, where there is one to be asked.
        paid: what the operation's earlier calls have cost.
        allowed: what the operation may cost by an earlier verdict.
    """
    least = estimate.cost if estimate.least_reserved is None else estimate.least_reserved
    if spent.total + (least or 0.0) > policy.monthly_budget:
        return Verdict(False, "over_budget", over_budget(least or 0.0, policy, spent))
    expected = spent.total + (estimate.cost or 0.0)
    warning = ""
    if policy.monthly_budget and expected >= policy.monthly_budget * policy.warn_at / 100:
        warning = _budget(expected, policy)
    if policy.approved or policy.auto_approve:
        return Verdict(True, warning=warning, allowed=inf)
    limit = max(policy.threshold, allowed)
    if limit == inf or (estimate.cost is not None and paid + estimate.cost <= limit):
        return Verdict(True, warning=warning, allowed=limit)
    answer = ask(estimate) if ask else None
    if answer is None:
        return Verdict(False, "approval_required", warning)
    if not answer:
        return Verdict(False, "declined", warning)
    shown = estimate.cost_with_repair
    return Verdict(True, warning=warning, allowed=inf if shown is None else paid + shown)


def over_budget(least: float, policy: Policy, spent: Spent) -> str:
    """Return why the budget has no room for a call that may cost so many US dollars."""
    reserved = ""
    if spent.unfinished:
        calls = "call" if spent.unfinished == 1 else "calls"
        reserved = (
            f" and {dollars(spent.reserved)} reserved by {spent.unfinished} {calls} in flight or "
            "unfinished"
        )
    return (
        f"{dollars(spent.settled)} of the month's {dollars(policy.monthly_budget)} are "
        f"spent{reserved}, and this call may cost {dollars(least)}. `git kagura costs` lists "
        "the calls; [coding_memory.costs] max_monthly_budget_usd in your own settings allows more"
    )


def _budget(expected: float, policy: Policy) -> str:
    return (
        f"with this call ${expected:.2f} of the month's ${policy.monthly_budget:.2f} would be spent"
    )
