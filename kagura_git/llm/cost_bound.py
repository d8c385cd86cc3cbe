"""Upper bound of what one call can cost, which is reserved before it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Any, Final

from kagura_git.llm import counting
from kagura_git.llm.prices import highest_rates

# Providers add tokens around messages and for the form of the answer.
_EXACT: Final = 1.05
_ADDED: Final = 100
# A model's own tokenizer may find more tokens in a text than the one that is counted with.
_FOREIGN: Final = 2.0
_ADDED_FOREIGN: Final = 700
# gpt-4o-mini bills 33.3 times the tokens of its larger sibling for a picture, by its price list.
_DEAR_PICTURES: Final = "gpt-4o-mini"
_DEAR: Final = 34
# OpenAI bills at most 1,536 patches times 2.46, Anthropic at most 4,784 tokens.
_PICTURE: Final = 5_000
_GEMINI_TILE: Final = 258


@dataclass(frozen=True, slots=True)
class CostBound:
    """Upper bound of a call's cost in US dollars, by the tokens that its answer may have."""

    tokens_in: int
    fixed: float
    per_token_out: float

    def cost(self, tokens_out: int) -> float:
        """Return the most that a call with at most so many output tokens can cost."""
        return self.fixed + tokens_out * self.per_token_out

    def tokens_within(self, room: float) -> float:
        """Return how many output tokens an amount of US dollars pays for; below 0 for none."""
        if self.fixed > room:
            return -1
        return (room - self.fixed) // self.per_token_out if self.per_token_out else inf


def bound_of(
    model: str, messages: Sequence[Mapping[str, Any]], schema_text: str = ""
) -> CostBound | None:
    """Return the upper bound of a call with these messages; None if no price is known.

    Args:
        schema_text: the form of the answer, where it is sent beside the messages.
    """
    texts = [{**message, "content": _text(message)} for message in messages]
    pictures = [part for message in messages for part in _pictures(message)]
    counted = counting.message_tokens(model, texts) + counting.text_tokens(model, schema_text)
    exact = counting.is_exact(model)
    tokens = ceil(counted * _EXACT) + _ADDED if exact else ceil(counted * _FOREIGN) + _ADDED_FOREIGN
    tokens += sum(_picture(model, *part.get("size", (2_048, 2_048))) for part in pictures)
    rates = highest_rates(model, tokens)
    if rates is None:
        return None
    fixed = tokens * rates.input + len(pictures) * rates.picture + rates.request
    return CostBound(tokens, fixed, rates.output)


def _text(message: Mapping[str, Any]) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")


def _pictures(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message["content"]
    return [] if isinstance(content, str) else [part for part in content if part["type"] != "text"]


def _picture(model: str, width: int, height: int) -> int:
    """Return the most tokens that a provider bills for a picture."""
    tiles = counting.picture_tokens(width, height)
    if _DEAR_PICTURES in model:
        return tiles * _DEAR
    # Gemini cuts it into squares of two thirds of its shorter side, 256 to 768 pixels.
    unit = max(256, min(768, int(min(width, height) / 1.5)))
    return max(tiles, _PICTURE, _GEMINI_TILE * ceil(width / unit) * ceil(height / unit))
