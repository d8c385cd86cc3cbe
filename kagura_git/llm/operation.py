"""Operations of a model: estimate, approve, reserve, ask, check, settle; or say why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from kagura_git.errors import KaguraError
from kagura_git.llm import answers, structured
from kagura_git.llm.approval import Estimate, decide
from kagura_git.llm.budget import Operation, Purse
from kagura_git.llm.exchange import exchange, explanation, refusal
from kagura_git.llm.fences import RULE, fenced
from kagura_git.llm.prompts import prompt

__all__ = [
    "Operation", "Outcome", "Picture", "Purse", "Sent", "answered_before", "messages_of", "run",
]  # fmt: skip

T = TypeVar("T")


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

    A ledger that cannot be read or written is such a reason.
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
        return Outcome("failed", reason=explanation(error), model=model)
    if not verdict.go:
        return Outcome(
            verdict.why, reason=refusal(verdict), estimate=estimate, model=model,
            prompt_version=version, warning=verdict.warning,
        )  # fmt: skip
    found = exchange(operation, purse, verdict, messages, estimate)
    if found.answer is not None and shelf is not None:
        answers.keep(shelf, found.answer)
    return Outcome(
        found.status, found.answer, found.reason, estimate, model, version, found.cost,
        " ".join(filter(None, (verdict.warning, found.warning))),
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
