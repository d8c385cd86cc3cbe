"""One use of a model: estimated, allowed, asked, checked, written down; or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from kagura_git.errors import KaguraError
from kagura_git.llm import answers, client, counting, structured
from kagura_git.llm.approval import Ask, Estimate, Policy, decide
from kagura_git.llm.fences import RULE, fenced
from kagura_git.llm.ledger import Call, Ledger
from kagura_git.llm.prices import price_of
from kagura_git.llm.prompts import prompt
from kagura_git.llm.terminal import waiting

T = TypeVar("T")
# Enough past calls to learn an answer's length from; of more, the latest count.
_LEARNED_FROM: Final = 50
_REPAIR: Final = (
    "Your answer could not be used: {problem}. Answer once more, with nothing but one JSON "
    "object of the form described."
)


@dataclass(frozen=True)
class Operation(Generic[T]):
    """Something a model is used for.

    Args:
        name: its prompt's file, and its name in the ledger.
        purpose: what it does, for the person who approves it.
        answer: the form of the answer.
        typical_out, most_out: tokens of an answer, until calls have taught better, and at most.
        kept: the same question need not be paid for twice: its answer is kept.
    """

    name: str
    purpose: str
    answer: type[T]
    typical_out: int
    most_out: int
    vision: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of an operation: an answer, or ``reason`` why there is none.

    ``status`` is ``answered``, ``no_model``, ``declined``, ``approval_required``,
    ``over_budget`` or ``failed``. ``cost`` is what was paid, in US dollars, also for
    an answer that could not be used; None where no price is known.
    """

    status: str
    answer: T | None = None
    reason: str = ""
    estimate: Estimate | None = None
    model: str = ""
    prompt_version: str = ""
    cost: float | None = 0.0
    warning: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return all but the answer as JSON-ready values."""
        out: dict[str, Any] = {"status": self.status, "model": self.model or None}
        if self.reason:
            out["reason"] = self.reason
        if self.status == "answered":
            out |= {"cost": self.cost, "prompt_version": self.prompt_version}
        elif self.estimate is not None:
            out |= self.estimate.to_dict()
        if self.warning:
            out["warning"] = self.warning
        return out


@dataclass
class Purse:
    """Who pays, and what for: a user's models, limits and ledger, for one repository.

    Args:
        ask: asks the user to approve a call, where there is somebody to be asked.
        answers: the folder of answers that were paid for.
        waiting: what surrounds a call, with the model's name: a sign of life.
        calls: what this object's calls have cost.
    """

    ledger: Ledger
    repository: str
    policy: Policy
    model: str = ""
    vision_model: str = ""
    seconds: float = 120.0
    api_base: str = ""
    ask: Ask | None = None
    answers: Path | None = None
    waiting: Callable[[str], AbstractContextManager[None]] = waiting
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    calls: list[Call] = field(default_factory=list)

    def model_for(self, operation: Operation[Any]) -> str:
        """Return the model of an operation; empty if the user has named none."""
        return self.vision_model if operation.vision else self.model

    def estimate(
        self, operation: Operation[Any], messages: Sequence[Mapping[str, Any]]
    ) -> Estimate:
        """Return what a call with these very messages will cost."""
        model = self.model_for(operation)
        tokens_in = counting.message_tokens(model, messages)
        learned = self._answers(operation.name, model)
        tokens_out = operation.typical_out
        if len(learned) >= 2:
            # Rather a little more than it comes to than less.
            tokens_out = round(quantiles(learned, n=10, method="inclusive")[7])
        elif learned:
            tokens_out = learned[0]
        price = price_of(model)
        return Estimate(
            operation=operation.name, purpose=operation.purpose, model=model,
            tokens_in=tokens_in, tokens_out=tokens_out, learned_from=len(learned),
            cost=price.cost(tokens_in, tokens_out) if price else None,
        )  # fmt: skip

    def _answers(self, operation: str, model: str) -> list[int]:
        found: list[int] = []
        for month in reversed(self.ledger.months()):
            calls = reversed(self.ledger.month(month).calls)
            found += [
                call.tokens_out
                for call in calls
                if (call.operation, call.model, call.ok) == (operation, model, True)
            ]
            if len(found) >= _LEARNED_FROM:
                break
        return found[:_LEARNED_FROM]

    def spent(self) -> float:
        """Return what calls have cost this month, in US dollars."""
        return self.ledger.month(self.now().astimezone(UTC).strftime("%Y-%m")).cost

    def paid(self, operation: Operation[Any], reply: client.Reply, ok: bool) -> None:
        """Write a call down."""
        call = Call(
            timestamp=self.now(), model=self.model_for(operation), operation=operation.name,
            repository=self.repository, tokens_in=reply.tokens_in, tokens_out=reply.tokens_out,
            cost=reply.cost, ok=ok,
        )  # fmt: skip
        self.ledger.append(call)
        self.calls.append(call)


Picture = tuple[str, tuple[int, int]]
"""A picture as a ``data:`` address, and its width and height."""


class Sent(NamedTuple):
    """What an operation would send."""

    operation: Operation[Any]
    blocks: Mapping[str, str]
    pictures: Sequence[Picture] = ()


def messages_of(
    operation: Operation[Any], blocks: Mapping[str, str], pictures: Sequence[Picture] = ()
) -> list[dict[str, Any]]:
    """Return the messages of a call: what to do, and the data to do it with."""
    mark, data = fenced(blocks)
    form = msgspec.json.encode(structured.schema(operation.answer)).decode()
    rules = "\n\n".join(
        [
            prompt(operation.name).text,
            f"# Data\n{RULE.format(mark=mark)}",
            f"# Answer\nOne JSON object of this JSON Schema, and nothing else:\n{form}",
        ]
    )
    content: Any = data
    if pictures:
        content = [{"type": "text", "text": data}]
        content += [
            {"type": "image_url", "image_url": {"url": url, "detail": "high"}, "size": size}
            for url, size in pictures
        ]
    return [{"role": "system", "content": rules}, {"role": "user", "content": content}]


def run(
    operation: Operation[T],
    purse: Purse,
    blocks: Mapping[str, str],
    pictures: Sequence[Picture] = (),
) -> Outcome[T]:
    """Return what a model makes of the data, or why it was not asked or its answer not used.

    Raises:
        KaguraError: the ledger cannot be read or written; then no model is asked again.
    """
    model = purse.model_for(operation)
    if not model:
        return Outcome("no_model", reason="no language model is configured")
    messages = messages_of(operation, blocks, pictures)
    version = prompt(operation.name).version
    shelf = _shelf(operation, purse, messages)
    if shelf is not None and (kept := answers.kept(shelf, operation.answer)) is not None:
        return Outcome("answered", kept, model=model, prompt_version=version)
    try:
        estimate = purse.estimate(operation, messages)
        verdict = decide(estimate, purse.policy, purse.spent(), purse.ask)
    except KaguraError as error:
        return Outcome("failed", reason=error.message, model=model)
    if not verdict.go:
        reason = _REASONS[verdict.why]
        if verdict.why == "over_budget":
            reason = f"{reason}: {verdict.warning}"
        return Outcome(
            verdict.why, reason=reason, estimate=estimate, model=model,
            prompt_version=version, warning=verdict.warning,
        )  # fmt: skip
    found = _asked(operation, purse, messages)
    answer, reason, cost = found
    if answer is not None and shelf is not None:
        answers.keep(shelf, answer)
    return Outcome(
        "answered" if answer is not None else "failed", answer, reason, estimate, model, version,
        cost, verdict.warning,
    )  # fmt: skip


def answered_before(
    operation: Operation[Any], purse: Purse, messages: Sequence[Mapping[str, Any]]
) -> bool:
    """Tell whether this very question was answered already: it costs nothing then."""
    shelf = _shelf(operation, purse, messages)
    return shelf is not None and answers.kept(shelf, operation.answer) is not None


def _shelf(
    operation: Operation[Any], purse: Purse, messages: Sequence[Mapping[str, Any]]
) -> Path | None:
    """Return where the answer to this very question is kept; None if it is not."""
    if not operation.kept or purse.answers is None:
        return None
    return answers.place(purse.answers, purse.model_for(operation), messages)


_REASONS: Final = {
    "over_budget": "the month's budget would be passed",
    "declined": "it was not approved",
    "approval_required": "it needs approval, and nobody can be asked here",
}


def _asked(
    operation: Operation[T], purse: Purse, messages: list[dict[str, Any]]
) -> tuple[T | None, str, float | None]:
    """Return the answer, or why there is none, and what was paid; one repair is tried."""
    model = purse.model_for(operation)
    price = price_of(model)
    form = structured.schema(operation.answer) if price and price.supports_response_schema else None
    conversation = [_sent(message) for message in messages]
    paid: float | None = 0.0
    problem = ""
    for _ in range(2):
        try:
            with purse.waiting(model):
                reply = client.ask(
                    model, conversation, seconds=purse.seconds, most_out=operation.most_out,
                    schema=form, api_base=purse.api_base,
                )  # fmt: skip
        except KaguraError as error:
            return None, f"{error.message}. {error.hint}".strip(), paid
        paid = None if paid is None or reply.cost is None else paid + reply.cost
        answer, problem = _read(reply, operation.answer)
        purse.paid(operation, reply, answer is not None)
        if answer is not None or reply.refused:
            break
        conversation = [
            *conversation,
            {"role": "assistant", "content": reply.text},
            {"role": "user", "content": _REPAIR.format(problem=problem)},
        ]
    return answer, problem, paid


def _sent(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as providers take it: the size of a picture is for the estimate."""
    content = message["content"]
    if not isinstance(content, str):
        content = [{k: v for k, v in part.items() if k != "size"} for part in content]
    return {"role": message["role"], "content": content}


def _read(reply: client.Reply, form: type[T]) -> tuple[T | None, str]:
    if reply.refused:
        return (
            None,
            f"the model refused: {' '.join(reply.text.split())[:200] or 'without a reason'}",
        )
    try:
        return structured.read(reply.text, form), ""
    except structured.Unusable as error:
        return None, f"{error}, cut at {reply.tokens_out} tokens" if reply.cut else str(error)
