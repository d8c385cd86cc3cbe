"""``git kagura costs`` and ``llm``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from kagura_git.cli.output import Answer, App, command, styled
from kagura_git.errors import UsageError
from kagura_git.llm.amounts import dollars

_BAR: Final = 32
_WIDEST: Final = 40


@click.group()
def llm() -> None:
    """What a language model would cost."""


@command(llm)
@click.argument("operation")
@click.option("--for", "target", metavar="ID", help="What it is for, such as a session's id.")
def estimate(app: App, operation: str, target: str | None) -> Answer:
    """Tell what an operation would cost now, such as session_summary."""
    data = app.memory.estimate(operation, target)
    said = "would be asked about" if data["approval_required"] else "would go without asking"
    if data["over_budget"]:
        said = "would be refused: the month's budget would be passed"
    learned = data["learned_from"]
    repair = data["cost_with_repair"]
    more = "" if repair is None else f" ({dollars(repair)} if the answer has to be repaired)"
    how = f"like {learned} calls before" if learned else "a guess before the first call"
    return Answer(
        data,
        [
            f"{data['purpose']} by {styled('b', data['model'])}: "
            f"{styled('b', dollars(data['estimated_cost']))}{more}",
            f"  {data['tokens_in']:,} tokens in, about {data['tokens_out']:,} out ({how})",
            f"  it {said}; {dollars(data['spent_this_month'])} spent this month, "
            f"of {dollars(data['budget'])}",
        ],
    )


@command()
@click.option("--month", metavar="YYYY-MM", help="The month; default: this one.")
@click.option(
    "--settle", metavar="ID", help="State the cost of an unfinished call, or of a damaged month."
)
@click.option(
    "--cost", type=float, metavar="DOLLARS", help="What the provider billed; 0 if nothing."
)
def costs(app: App, month: str | None, settle: str | None, cost: float | None) -> Answer:
    """Show what language models have cost in a month: by day, model, operation, repository.

    A call reserves its upper bound before it is sent. One that was killed or timed out
    may have been billed: it stays reserved until the month ends, or until --settle ID
    --cost DOLLARS states the provider's bill. --settle YYYY-MM states what the lines
    that cannot be read have cost; they are moved to a file beside the ledger.
    """
    if (settle is None) != (cost is None):
        raise UsageError(
            "--settle and --cost belong together",
            hint="Such as: git kagura costs --settle 4f0c2ab91e --cost 0.02",
        )
    settled = None
    if settle is not None and cost is not None:
        from kagura_git.services import spending

        settled = spending.state_cost(app.memory.ws, os.environ, settle, cost)
        month = month or (settle if "-" in settle else settled["timestamp"][:7])
    data = app.memory.costs(month)
    if settled is not None:
        data["settled"] = settled
    return Answer(data, _lines(data))


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    budget = "" if data["budget"] is None else f" of {dollars(data['budget'])}"
    yield (
        f"{data['month']}: {styled('b', dollars(data['total_cost']))}{budget}, "
        f"{data['call_count']} calls, {data['total_tokens']:,} tokens"
    )
    yield from _unfinished(data["unfinished"])
    if data["by_day"]:
        most = max(data["by_day"].values())
        yield ""
        for day, cost in data["by_day"].items():
            bar = "█" * max(1, round(_BAR * cost / most)) if most else ""
            yield f"  {day[5:]}  {bar:<{_BAR}} {dollars(cost)}"
    for name in ("model", "operation", "repository"):
        groups = data[f"by_{name}"]
        if groups:
            yield ""
            yield styled("b", f"by {name}")
        for key, group in groups.items():
            calls = f"{group['calls']} calls, {group['tokens']:,} tokens"
            yield f"  {key[:_WIDEST]:<{_WIDEST}} {dollars(group['cost']):>9}  {calls}"
    if data["unknown_price"]:
        yield ""
        yield styled("y", f"{data['unknown_price']} calls of models whose price is not known")
    if data["damaged_lines"]:
        yield ""
        count = len(data["damaged_lines"])
        lines = "line" if count == 1 else "lines"
        yield styled("r", f"{count} {lines} of the ledger cannot be read")
        mend = f"git kagura costs --settle {data['month']} --cost DOLLARS"
        yield f"No model is asked until you state what they have cost: {mend}"


def _unfinished(calls: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not calls:
        return
    yield ""
    yield styled("b", "in flight or unfinished, counted at most")
    for call in calls:
        yield (
            f"  {call['id']}  {call['timestamp']}  {dollars(call['cost']):>9}  "
            f"{call['model'][:_WIDEST]}  {call['operation']}"
        )
    yield "  by the provider's bill: git kagura costs --settle ID --cost DOLLARS"
