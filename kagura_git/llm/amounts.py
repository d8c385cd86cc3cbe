"""Amounts of money as text."""

from __future__ import annotations


def dollars(cost: float | None) -> str:
    """Return an amount with as many places as it needs to say something."""
    if cost is None:
        return "unknown: no price is known for this model"
    return f"${cost:.2f}" if cost >= 0.1 or cost == 0 else f"${cost:.4f}"
