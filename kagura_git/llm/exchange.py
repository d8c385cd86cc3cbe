"""Calls of one operation: the first, and one that repairs an answer of another form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import Any, Final, Generic, TypeVar

from kagura_git.errors import KaguraError
from kagura_git.llm import client, structured
from kagura_git.llm.amounts import dollars
from kagura_git.llm.approval import Estimate, Verdict, decide
from kagura_git.llm.budget import Operation, Purse
from kagura_git.llm.ledger import Call, UnreadableLedger
from kagura_git.llm.prices import price_of
from kagura_git.llm.reservation import OverBudget, Reservation

T = TypeVar("T")
_REPAIR: Final = (
    "Your answer could not be used: {problem}. Answer once more, with nothing but one JSON "
    "object of the form described."
)
_REASONS: Final = {
    "over_budget": "the month's budget would be passed",
    "declined": "it was not approved",
    "approval_required": "it needs approval, and nobody can be asked here",
}
Messages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """Answer of a model, or the reason why there is none, and what was paid for it."""

    status: str
    answer: T | None = None
    reason: str = ""
    cost: float | None = 0.0
    warning: str = ""
    reply: client.Reply | None = None


def exchange(
    operation: Operation[T], purse: Purse, verdict: Verdict, messages: Messages, estimate: Estimate
) -> Result[T]:
    """Return the answer to messages that may be sent; one of another form is repaired once.

    The repair is a call like any other: it is estimated and held against budget and
    threshold, and approved unless the first verdict allows what both come to.
    """
    first = _call(operation, purse, messages, estimate)
    if first.reply is None or first.answer is not None or first.reply.refused:
        return first
    repair = [
        *messages,
        {"role": "assistant", "content": first.reply.text},
        {"role": "user", "content": _REPAIR.format(problem=first.reason)},
    ]
    try:
        estimate = purse.estimate(operation, repair)
        verdict = decide(
            estimate, purse.policy, purse.spent(), purse.ask,
            paid=first.cost or 0.0, allowed=verdict.allowed,
        )  # fmt: skip
    except KaguraError as error:
        return replace(first, reason=f"{first.reason}; not asked again: {explanation(error)}")
    if not verdict.go:
        price = dollars(estimate.cost)
        reason = f"{first.reason}; to ask again costs {price}: {refusal(verdict)}"
        return replace(first, reason=reason)
    second = _call(operation, purse, repair, estimate)
    paid = (first.cost, second.cost)
    return replace(
        second,
        status="answered" if second.answer is not None else "failed",
        cost=None if None in paid else fsum(cost or 0.0 for cost in paid),
        warning=" ".join(filter(None, (first.warning, second.warning))),
    )


def _call(
    operation: Operation[T], purse: Purse, messages: Messages, estimate: Estimate
) -> Result[T]:
    """Make one call, each try reserved by itself, and settle the try that was answered."""
    model = purse.model_for(operation)
    price = price_of(model)
    form = structured.schema(operation.answer) if price and price.supports_response_schema else None
    tries: list[Reservation] = []

    def reserve(limited: bool) -> Reservation:
        tries.append(purse.reserve(operation, messages, estimate.tokens_out, limited))
        return tries[-1]

    try:
        with purse.waiting(model):
            reply, attempt = client.ask(
                model, [_sent(message) for message in messages], seconds=purse.seconds,
                reserve=reserve, schema=form, api_base=purse.api_base,
            )  # fmt: skip
    except OverBudget as error:
        return Result("over_budget", reason=f"{_REASONS['over_budget']}: {error}")
    except KaguraError as error:
        return Result("failed", reason=explanation(error), warning=_kept(tries, purse.calls))
    answer, reason = _read(reply, operation.answer)
    warning = _kept(tries[:-1], purse.calls)
    try:
        cost = attempt.settle(reply, answer is not None)
    except KaguraError as error:
        # The answer is paid for, so it is used; the upper bound stays in the ledger.
        cost = attempt.line.cost
        warning = f"{warning} The actual cost could not be written down: {error}".strip()
    status = "failed" if answer is None else "answered"
    return Result(status, answer, reason, cost, warning, reply)


def _kept(tries: Sequence[Reservation], calls: Sequence[Call]) -> str:
    """Return a warning of tries without an answer that may have been billed."""
    kept = [attempt.line for attempt in tries if attempt.line in calls]
    if not kept:
        return ""
    amount = dollars(fsum(line.cost or 0.0 for line in kept))
    many = f"{len(kept)} tries" if len(kept) > 1 else "A try"
    return (
        f"{many} without an answer may have been billed: {amount} of the budget stay reserved "
        "until the month ends; `git kagura costs` lists them."
    )


def refusal(verdict: Verdict) -> str:
    """Return the reason why a call was not made."""
    reason = _REASONS[verdict.why]
    return f"{reason}: {verdict.warning}" if verdict.why == "over_budget" else reason


def explanation(error: KaguraError) -> str:
    """Return an error with its mend, and the ledger's file where it is that, as one text."""
    place = f"{error.where}: " if isinstance(error, UnreadableLedger) else ""
    return f"{place}{error.message}. {error.hint}".strip()


def _sent(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as providers take it: the size of a picture is for the estimate."""
    content = message["content"]
    if not isinstance(content, str):
        content = [{k: v for k, v in part.items() if k != "size"} for part in content]
    return {"role": message["role"], "content": content}


def _read(reply: client.Reply, form: type[T]) -> tuple[T | None, str]:
    if reply.refused:
        said = " ".join(reply.text.split())[:200]
        return None, f"the model refused: {said or 'without a reason'}"
    try:
        return structured.read(reply.text, form), ""
    except structured.Unusable as error:
        return None, f"{error}, cut at {reply.tokens_out} tokens" if reply.cut else str(error)
