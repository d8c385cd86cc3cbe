"""What a model costs, from the price map that litellm brings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

import msgspec

from kagura_git.llm import library

_MAP: Final = "model_prices_and_context_window_backup.json"
# Prices per token that a plain call may be billed at; some hold above a number of input tokens.
_PER_TOKEN: Final = re.compile(
    r"(?:(?P<input>input_cost_per_token|cache_creation_input_token_cost|input_cost_per_image_token)"
    r"|output_cost_per_token|output_cost_per_reasoning_token)"
    r"(?:_above_(?P<above>\d+)k_tokens)?"
)


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


class Rates(NamedTuple):
    """Highest prices of a call: US dollars per token, per picture and per request."""

    input: float
    output: float
    picture: float = 0.0
    request: float = 0.0


def price_of(model: str) -> Price | None:
    """Return what a model costs; None if litellm's map does not know it.

    A name may carry its provider (``openai/gpt-4o``) where the map has it without.
    """
    return _priced(model)[1]


def highest_rates(model: str, tokens_in: int) -> Rates | None:
    """Return the highest prices of a call with so many input tokens; None if unknown.

    Writing to a cache, reasoning and long inputs have prices of their own, which may be
    higher; reading from a cache is never dearer than reading anew.
    """
    name, price = _priced(model)
    if price is None:
        return None
    fields = msgspec.json.decode(_prices()[name], type=dict[str, object])
    inputs, outputs = [price.input_cost_per_token or 0.0], [price.output_cost_per_token or 0.0]
    for match, value in _per_token(fields):
        if not match["above"] or tokens_in > int(match["above"]) * 1_000:
            (inputs if match["input"] else outputs).append(value)
    searches: list[object] = []
    searched = fields.get("search_context_cost_per_query")
    if price.litellm_provider == "perplexity" and isinstance(searched, dict):
        searches += searched.values()  # every request of this provider searches the web
    return Rates(
        max(inputs), max(outputs), _number(fields.get("input_cost_per_image")),
        _number(fields.get("input_cost_per_request")) + max(map(_number, searches), default=0.0),
    )  # fmt: skip


def _per_token(fields: dict[str, object]) -> Iterator[tuple[re.Match[str], float]]:
    for key, value in fields.items():
        match = _PER_TOKEN.fullmatch(key)
        if match:
            yield match, _number(value)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _priced(model: str) -> tuple[str, Price | None]:
    """Return the name of a model in the map, and its price if it has one."""
    found = _entry(model)
    provider, slash, bare = model.partition("/")
    if found is None and slash:
        model, found = bare, _entry(bare)
        if found is not None and found.litellm_provider != provider:
            return model, None  # another provider's model of that name has a price of its own
    if found is None or found.input_cost_per_token is None or found.output_cost_per_token is None:
        return model, None
    return model, found


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
