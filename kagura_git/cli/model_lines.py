"""Lines about the language model that a command asked or did not ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kagura_git.cli.output import styled
from kagura_git.llm.amounts import dollars


def model_lines(data: dict[str, Any], approve: str) -> Iterator[str]:
    """Yield what became of the model; ``data["llm"]`` gets the command that approves.

    Args:
        approve: the command that does it at the price that was not approved.
    """
    told: dict[str, Any] | None = data.get("llm")
    if not told:
        return
    if told["status"] == "approval_required":
        told["approval_required"] = True
        told["approve_with"] = approve
    yield ""
    yield _line(told)
    if told["status"] == "approval_required":
        yield f"To approve it: {approve}"
    if told.get("warning") and told["status"] != "over_budget":
        yield styled("y", told["warning"])


def _line(told: Mapping[str, Any]) -> str:
    if told["status"] == "answered":
        return styled("d", f"by {told['model']} for {dollars(told['cost'])}")
    if told["status"] == "no_model":
        return styled("d", "no language model is configured: CODING_MEMORY_MODEL names one")
    price = f" ({dollars(told['estimated_cost'])})" if "estimated_cost" in told else ""
    return styled("y", f"without {told['model']}{price}: {told['reason']}")
