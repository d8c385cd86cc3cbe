"""Who pays for a model: an operation's limits, and the user's models, policy and ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any, Final, Generic, TypeVar

import msgspec

from kagura_git.llm import counting, structured
from kagura_git.llm.approval import Ask, Estimate, Policy, Spent
from kagura_git.llm.cost_bound import CostBound, bound_of
from kagura_git.llm.ledger import Call, Ledger, UnreadableLedger, month_of
from kagura_git.llm.prices import price_of
from kagura_git.llm.reservation import Reservation, reserve, spent_of
from kagura_git.llm.terminal import waiting

T = TypeVar("T")
# Enough past calls to learn an answer's length from; of more, the latest count.
_LEARNED_FROM: Final = 50
_REPAIR_TOKENS: Final = 60


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
        tokens_out = min(tokens_out, operation.most_out)
        price, bound = price_of(model), self.bound(operation, messages)
        cost = price.cost(tokens_in, tokens_out) if price else None
        # The repair reads the first answer, and what was wrong with it, besides.
        repair = price.cost(tokens_in + tokens_out + _REPAIR_TOKENS, tokens_out) if price else 0.0
        return Estimate(
            operation=operation.name, purpose=operation.purpose, model=model,
            tokens_in=tokens_in, tokens_out=tokens_out, learned_from=len(learned), cost=cost,
            cost_with_repair=None if cost is None else cost + repair,
            least_reserved=bound.cost(tokens_out) if bound else None,
        )  # fmt: skip

    def bound(
        self, operation: Operation[Any], messages: Sequence[Mapping[str, Any]]
    ) -> CostBound | None:
        """Return the upper bound of a call with these messages; None if no price is known."""
        form = msgspec.json.encode(structured.schema(operation.answer)).decode()
        return bound_of(self.model_for(operation), messages, form)

    def _answers(self, operation: str, model: str) -> list[int]:
        found: list[int] = []
        for month in reversed(self.ledger.months()):
            try:
                calls = reversed(self.ledger.month(month).calls)
            except UnreadableLedger:
                continue  # only the month that would be spent in has to be read
            found += [
                call.tokens_out
                for call in calls
                if (call.operation, call.model, call.ok) == (operation, model, True)
            ]
            if len(found) >= _LEARNED_FROM:
                break
        return found[:_LEARNED_FROM]

    def spent(self) -> Spent:
        """Return what calls have cost this month, in US dollars.

        Raises:
            UnreadableLedger: that is not known.
        """
        return spent_of(self.ledger.readable(month_of(self.now())))

    def reserve(
        self,
        operation: Operation[Any],
        messages: Sequence[Mapping[str, Any]],
        expected_out: int,
        limited: bool = True,
    ) -> Reservation:
        """Reserve one try of a call; see :func:`kagura_git.llm.reservation.reserve`.

        Args:
            expected_out: how many tokens the answer is expected to have.
            limited: False if the provider takes no limit: then the longest answer counts.
        """
        model = self.model_for(operation)
        least, most = expected_out, operation.most_out
        if not limited:
            price = price_of(model)
            least = most = max(most, (price.max_output_tokens or 0) if price else 0)
        draft = Call(
            timestamp=self.now(), model=model, operation=operation.name,
            repository=self.repository, tokens_in=0, tokens_out=0, cost=None,
        )  # fmt: skip
        bound = self.bound(operation, messages)
        return reserve(self.ledger, draft, bound, self.policy, (least, most), self.calls)
