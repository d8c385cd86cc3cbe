"""What ``doctor`` looks at where the user has named a language model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import fsum
from typing import Final

from kagura_git.errors import KaguraError
from kagura_git.llm import library
from kagura_git.llm.amounts import dollars
from kagura_git.llm.ledger import Ledger, Month, month_of
from kagura_git.llm.prices import price_of
from kagura_git.services.finding import Finding
from kagura_git.services.spending import ledger_of
from kagura_git.workspace import Workspace

_LONG: Final = timedelta(days=1)
_SHOWN: Final = 5


def models(ws: Workspace, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Say whether each named model can be asked and priced, and what it may still cost."""
    said = ws.settings
    named = {name for name in (said.llm_model, said.vision_model) if name}
    if not named:
        return
    if library.folder() is None:
        yield Finding(
            "llm", "warning", "a language model is named, but litellm is not installed",
            'Install it: pip install "kagura-git[llm]"',
        )  # fmt: skip
        return
    for name in sorted(named):
        if price_of(name) is None:
            yield Finding(
                "llm", "warning", f"no price is known for {name}: it is asked only after approval",
                "Check its name, such as gpt-5-mini or gemini/gemini-2.5-flash.",
            )  # fmt: skip
    yield from _spending(ws, ledger_of(environ), named)


def _spending(ws: Workspace, ledger: Ledger, named: set[str]) -> Iterator[Finding]:
    """Say what was spent this month, and what keeps the rest from being spent."""
    said = ws.settings
    try:
        month = ledger.readable(month_of(ws.now()))
    except KaguraError as error:
        yield Finding("llm", "error", f"{error.where}: {error.message}", error.hint)
        return
    yield from _unfinished(ws, month)
    if month.cost >= said.monthly_budget * said.warn_at / 100:
        yield Finding(
            "llm", "warning",
            f"${month.cost:.2f} of the month's ${said.monthly_budget:.2f} are spent",
            "`git kagura costs` shows on what.",
        )  # fmt: skip
    else:
        yield Finding("llm", "ok", f"{', '.join(sorted(named))}; ${month.cost:.2f} this month")


def _unfinished(ws: Workspace, month: Month) -> Iterator[Finding]:
    """Name the calls of which it is not known for a day whether they were billed."""
    old = [call for call in month.unfinished if ws.now() - call.timestamp > _LONG]
    if old:
        calls = "call" if len(old) == 1 else "calls"
        names = ", ".join(call.id for call in old[:_SHOWN])
        more = f" and {len(old) - _SHOWN} more" if len(old) > _SHOWN else ""
        amount = dollars(fsum(call.cost or 0.0 for call in old))
        yield Finding(
            "llm", "ok",
            f"{amount} of the budget stay reserved for {len(old)} unfinished {calls}: "
            f"{names}{more}",
            "By the provider's bill: `git kagura costs --settle ID --cost DOLLARS`.",
        )  # fmt: skip
