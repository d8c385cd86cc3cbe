"""Whether a call may be made: what it will cost, against what its user allows.

There is no silent yes: who cannot be asked gets the price and the way to approve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Why = Literal["", "over_budget", "declined", "approval_required"]
Ask = Callable[["Estimate"], bool | None]
"""Asks the user; None if that is not possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a call will cost; ``cost`` is in US dollars, None where no price is known.

    ``learned_from`` is the number of earlier calls that the length of the answer was
    learned from; 0 for a guess.
    """

    operation: str
    purpose: str
    model: str
    tokens_in: int
    tokens_out: int
    cost: float | None
    learned_from: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "operation": self.operation,
            "purpose": self.purpose,
            "model": self.model,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "estimated_cost": self.cost,
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to call, and if not, why not; ``warning`` is for the user either way."""

    go: bool
    why: Why = ""
    warning: str = ""


def decide(estimate: Estimate, policy: Policy, spent: float, ask: Ask | None) -> Verdict:
    """Return whether a call may be made.

    Args:
        spent: what calls have cost this month.
        ask: asks the user, where there is one to be asked.
    """
    expected = spent + (estimate.cost or 0.0)
    if expected > policy.monthly_budget:
        return Verdict(False, "over_budget", _budget(expected, policy))
    warning = ""
    if policy.monthly_budget and expected >= policy.monthly_budget * policy.warn_at / 100:
        warning = _budget(expected, policy)
    if policy.approved or policy.auto_approve:
        return Verdict(True, warning=warning)
    if estimate.cost is not None and estimate.cost <= policy.threshold:
        return Verdict(True, warning=warning)
    answer = ask(estimate) if ask else None
    if answer is None:
        return Verdict(False, "approval_required", warning)
    return Verdict(answer, "" if answer else "declined", warning)


def _budget(expected: float, policy: Policy) -> str:
    return (
        f"with this call ${expected:.2f} of the month's ${policy.monthly_budget:.2f} would be spent"
    )
