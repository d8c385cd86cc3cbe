"""How many tokens a model sees: litellm's own counting, without importing litellm.

The rules are those of ``litellm.token_counter``: tiktoken's encoding for OpenAI's
models and whatever has no tokenizer on offer, Anthropic's published one for Claude
after version 3; three tokens around each message and three to prime the reply.
A test compares the two. Only pictures are counted by their size (OpenAI's
published rule for ``detail: high``), where litellm takes the least.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from kagura_git.llm import library
from kagura_git.model.tokens import count_tokens

Message = Mapping[str, Any]

_TOKENIZERS: Final = ("litellm_core_utils", "tokenizers")
# The encodings among them; any other would be fetched from the network.
_BROUGHT: Final = ("o200k_base", "cl100k_base")
_USUAL: Final = "cl100k_base"
_AROUND: Final = 3
_PRIMED: Final = 3
_PICTURE: Final = 85
_TILE: Final = 170


def text_tokens(model: str, text: str) -> int:
    """Return the tokens of a text for a model; estimated where litellm is not installed."""
    return _counter(_kind(model))(text)


def message_tokens(model: str, messages: Sequence[Message]) -> int:
    """Return the tokens of the messages of one call."""
    count = _counter(_kind(model))
    return _PRIMED + sum(_AROUND + _message(count, message) for message in messages)


def is_exact(model: str) -> bool:
    """Tell whether the tokens of a text are counted by the model's own tokenizer."""
    if library.folder() is None:
        return False
    from tiktoken.model import encoding_name_for_model

    try:
        return encoding_name_for_model(model.rpartition("/")[2]) in _BROUGHT
    except KeyError:
        return False


def picture_tokens(width: int, height: int) -> int:
    """Return the tokens of a picture: 85, and 170 for each tile of 512 pixels.

    Before, it is made to fit 2,048 by 2,048 and its shorter side 768 pixels.
    """
    shrink = min(1.0, 2_048 / max(width, height, 1))
    width, height = int(width * shrink), int(height * shrink)
    shrink = min(1.0, 768 / max(min(width, height), 1))
    width, height = int(width * shrink), int(height * shrink)
    return _PICTURE + _TILE * (-(-max(width, 1) // 512)) * (-(-max(height, 1) // 512))


def _message(count: Callable[[str], int], message: Message) -> int:
    total = count(str(message["role"]))
    content = message["content"]
    if isinstance(content, str):
        return total + count(content)
    for part in content:
        if part["type"] == "text":
            total += count(part["text"])
        else:
            total += picture_tokens(*part.get("size", (1_024, 1_024)))
    return total


def _kind(model: str) -> str:
    bare = model.rpartition("/")[2]
    if library.folder() is None:
        return ""
    if bare.startswith("claude") and "claude-3" not in bare:
        return "anthropic"
    return _encoding(bare)


def _encoding(model: str) -> str:
    os.environ.setdefault(
        "TIKTOKEN_CACHE_DIR", str(library.required().joinpath(*_TOKENIZERS))
    )  # offline: litellm brings them
    from tiktoken.model import encoding_name_for_model

    try:
        name = encoding_name_for_model(model)
    except KeyError:
        return _USUAL
    return name if name in _BROUGHT else _USUAL


@lru_cache(maxsize=8)
def _counter(kind: str) -> Callable[[str], int]:
    if not kind:
        return count_tokens
    if kind == "anthropic":
        from tokenizers import Tokenizer

        file = library.required().joinpath(*_TOKENIZERS, "anthropic_tokenizer.json")
        claude = Tokenizer.from_file(str(file))
        return lambda text: len(claude.encode(text).ids)
    import tiktoken

    encoding = tiktoken.get_encoding(kind)
    return lambda text: len(encoding.encode(text, disallowed_special=()))
