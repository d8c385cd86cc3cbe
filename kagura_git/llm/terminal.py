"""Asking the person at a terminal whether a call may be made."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from kagura_git.llm.amounts import dollars
from kagura_git.llm.approval import Ask, Estimate


def on_terminal() -> Ask | None:
    """Return what asks on this terminal; None where nobody sits at one."""
    try:
        there = sys.stdin.isatty() and sys.stderr.isatty()
    except (AttributeError, ValueError):  # no stream, or a closed one
        return None
    return ask if there else None


@contextlib.contextmanager
def waiting(model: str) -> Iterator[None]:
    """Show on a terminal that a model is being waited for; nothing elsewhere."""
    if on_terminal() is None:
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"waiting for {model}"):
        yield


def ask(estimate: Estimate) -> bool:
    """Show what a call would cost and return whether it is approved; silence is no."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    console = Console(stderr=True)
    learned = estimate.learned_from
    after = f"like {learned} calls before" if learned else "a guess before the first call"
    text = Text.assemble(
        f"{estimate.purpose}\n\n",
        ("Estimated cost: ", "bold"), f"{dollars(estimate.cost)}{_repair(estimate)}\n",
        f"Input: {estimate.tokens_in:,} tokens, answer: about {estimate.tokens_out:,} ({after})\n",
        f"Model: {estimate.model}",
    )  # fmt: skip
    console.print(Panel(text, title="Approval required", expand=False))
    try:
        return console.input("Approve? [y/N] ", markup=False).strip().lower() in {"y", "yes"}
    except (EOFError, KeyboardInterrupt):
        console.print()
        return False


def _repair(estimate: Estimate) -> str:
    """Return the cost of the operation if its answer has to be repaired, for the question."""
    if estimate.cost_with_repair is None:
        return ""
    return f" ({dollars(estimate.cost_with_repair)} if the answer has to be repaired)"
