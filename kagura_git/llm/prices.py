"""What a model costs, from the price map that litellm brings."""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from kagura_git.llm import library

_MAP: Final = "model_prices_and_context_window_backup.json"


class Price(msgspec.Struct, frozen=True):
    """What litellm's map says of a model; prices are US dollars per token."""

    litellm_provider: str = ""
    mode: str = ""
    input_cost_per_token: float | None = None
    output_cost_per_token: float | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    supports_vision: bool = False
    supports_response_schema: bool = False

    def cost(self, tokens_in: float, tokens_out: float) -> float:
        """Return the price of a call in US dollars."""
        return tokens_in * (self.input_cost_per_token or 0.0) + tokens_out * (
            self.output_cost_per_token or 0.0
        )


def price_of(model: str) -> Price | None:
    """Return what a model costs; None if litellm's map does not know it.

    A name may carry its provider (``openai/gpt-4o``) where the map has it without.
    """
    found = _entry(model)
    provider, slash, bare = model.partition("/")
    if found is None and slash:
        found = _entry(bare)
        if found is not None and found.litellm_provider != provider:
            return None  # another provider's model of that name has a price of its own
    if found is None or found.input_cost_per_token is None or found.output_cost_per_token is None:
        return None
    return found


def _entry(model: str) -> Price | None:
    text = _prices().get(model)
    if text is None:
        return None
    try:
        # One by one: fields of other models are of other types.
        return msgspec.json.decode(text, type=Price, strict=False)
    except msgspec.ValidationError:
        return None


@cache
def _prices() -> dict[str, msgspec.Raw]:
    text = (library.required() / _MAP).read_bytes()
    found = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    found.pop("sample_spec", None)
    return found
