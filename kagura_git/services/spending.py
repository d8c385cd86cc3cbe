"""Who pays for a model, within which limits, and what was spent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from math import fsum, inf
from pathlib import Path
from typing import Any, Final

from kagura_git.errors import MissingExtra, UsageError
from kagura_git.llm.approval import Ask, Policy
from kagura_git.llm.ledger import Call, Ledger, state_folder
from kagura_git.llm.operation import Purse
from kagura_git.llm.prices import price_of
from kagura_git.model.mapping import iso
from kagura_git.workspace import Workspace

FOLDER: Final = "spending"


def ledger_of(environ: Mapping[str, str]) -> Ledger:
    """Return the ledger of this user on this machine."""
    return Ledger(state_folder(environ) / FOLDER)


def purse_of(
    ws: Workspace,
    environ: Mapping[str, str],
    *,
    model: str | None,
    vision_model: str | None,
    auto_approve: bool | None,
    threshold: float | None,
    ask: Ask | None,
) -> Purse:
    """Return the purse for a repository; what is None is taken from the settings.

    Where a settings file cannot be used no model is: it may have said to be stricter.
    """
    said = ws.settings
    text_model = said.llm_model if model is None else model
    picture_model = said.vision_model if vision_model is None else vision_model
    if not picture_model and text_model and _sees(text_model):
        picture_model = text_model
    if said.problem is not None or not said.enabled:
        text_model = picture_model = ""
    return Purse(
        ledger=ledger_of(environ),
        repository=ws.project_id,
        policy=Policy(
            auto_approve=said.auto_approve if auto_approve is None else auto_approve,
            threshold=said.cost_threshold if threshold is None else threshold,
            monthly_budget=said.monthly_budget,
            warn_at=said.warn_at,
        ),
        model=text_model,
        vision_model=picture_model,
        seconds=said.llm_seconds,
        api_base=said.api_base,
        ask=ask,
        answers=Path(ws.repo.shared, "answers"),
        now=ws.now,
    )


def _sees(model: str) -> bool:
    try:
        price = price_of(model)
    except MissingExtra:
        return False
    return price is not None and price.supports_vision


class CodingAnalyzer:
    """What the models asked by one memory have cost, call by call.

    Args:
        calls: gives the calls so far.
    """

    def __init__(self, calls: Callable[[], Sequence[Call]]) -> None:
        self._calls = calls

    @property
    def total_cost(self) -> float:
        """US dollars; unfinished calls at their upper bound, those without a price nothing."""
        return fsum(call.cost or 0.0 for call in self._calls())

    @property
    def total_tokens(self) -> int:
        """Tokens read and written."""
        return sum(call.tokens_in + call.tokens_out for call in self._calls())

    @property
    def call_count(self) -> int:
        """How many calls were made."""
        return len(self._calls())

    @property
    def call_costs(self) -> list[dict[str, Any]]:
        """Each call with its time, model, operation, tokens and cost, oldest first."""
        return [call_facts(call) for call in self._calls()]


def call_facts(call: Call) -> dict[str, Any]:
    """Return a call as JSON-ready values."""
    return {
        "timestamp": iso(call.timestamp.astimezone(UTC)),
        "model": call.model,
        "operation": call.operation,
        "repository": call.repository,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "cost": call.cost,
        "ok": call.ok,
        "id": call.id or None,
        "unfinished": call.unfinished,
    }


def costs(ledger: Ledger, month: str, budget: float) -> dict[str, Any]:
    """Return what was spent in a month, in all and by model, operation and repository.

    Unfinished calls count at their upper bound, which is ``reserved`` for them.

    Raises:
        UsageError: not a month such as 2026-11.
    """
    found = ledger.month(month)
    calls = found.calls
    return {
        "month": month,
        "total_cost": found.cost,
        "total_tokens": sum(call.tokens_in + call.tokens_out for call in calls),
        "call_count": len(calls),
        "reserved": found.reserved,
        "unfinished": [call_facts(call) for call in found.unfinished],
        "unknown_price": sum(1 for call in calls if call.cost is None),
        "budget": budget if budget < float("inf") else None,
        "by_model": _by(calls, "model"),
        "by_operation": _by(calls, "operation"),
        "by_repository": _by(calls, "repository"),
        "by_day": _by_day(calls),
        "call_costs": [call_facts(call) for call in calls],
        "damaged_lines": list(found.damaged),
    }


def state_cost(ws: Workspace, environ: Mapping[str, str], what: str, cost: float) -> dict[str, Any]:
    """Write down what the user states that an unfinished call, or a damaged month, has cost.

    Raises:
        UsageError: not an amount.
        NotFound: no call has that id.
        Conflict: there is nothing to state.
    """
    from kagura_git.llm import stated_cost

    if not 0 <= cost < inf:
        raise UsageError("not an amount of US dollars", hint="0 or more.", where="cost")
    return call_facts(stated_cost.state(ledger_of(environ), what, cost, ws.now()))


def _by(calls: Sequence[Call], name: str) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        groups[getattr(call, name)].append(call)
    sums = {key: _sum(group) for key, group in groups.items()}
    return dict(sorted(sums.items(), key=lambda item: (-item[1]["cost"], item[0])))


def _sum(calls: Sequence[Call]) -> dict[str, Any]:
    return {
        "cost": fsum(call.cost or 0.0 for call in calls),
        "tokens": sum(call.tokens_in + call.tokens_out for call in calls),
        "calls": len(calls),
    }


def _by_day(calls: Sequence[Call]) -> dict[str, float]:
    days: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        days[f"{call.timestamp.astimezone(UTC):%Y-%m-%d}"].append(call.cost or 0.0)
    return {day: fsum(values) for day, values in sorted(days.items())}
