"""``git kagura costs`` and ``llm``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from kagura_git.cli.output import Answer, App, command, styled
from kagura_git.llm.terminal import dollars

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
    how = f"like {learned} calls before" if learned else "a guess before the first call"
    return Answer(
        data,
        [
            f"{data['purpose']} by {styled('b', data['model'])}: "
            f"{styled('b', dollars(data['estimated_cost']))}",
            f"  {data['tokens_in']:,} tokens in, about {data['tokens_out']:,} out ({how})",
            f"  it {said}; {dollars(data['spent_this_month'])} spent this month, "
            f"of {dollars(data['budget'])}",
        ],
    )


@command()
@click.option("--month", metavar="YYYY-MM", help="The month; default: this one.")
def costs(app: App, month: str | None) -> Answer:
    """Show what language models have cost in a month: by day, model, operation, repository."""
    data = app.memory.costs(month)
    return Answer(data, _lines(data))


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    budget = "" if data["budget"] is None else f" of {dollars(data['budget'])}"
    yield (
        f"{data['month']}: {styled('b', dollars(data['total_cost']))}{budget}, "
        f"{data['call_count']} calls, {data['total_tokens']:,} tokens"
    )
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
        yield styled("y", f"{len(data['damaged_lines'])} lines of the ledger cannot be read")
