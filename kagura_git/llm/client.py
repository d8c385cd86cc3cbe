"""Asking a model: litellm, kept quiet, with a time limit, and tried again where that helps.

Every try is reserved before its request is sent, and released only if it provably was not
billed.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol, TypeVar

import msgspec

from kagura_git.config.environment import unchanged_environment
from kagura_git.errors import KaguraError
from kagura_git.llm import library
from kagura_git.model.normalize import without_hidden
from kagura_git.model.redact import redact

_TRIES: Final = 3
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 30.0
_SAID: Final = 300
# A `.env` file may be the repository's: it must name neither a server nor a key. The first
# variable is litellm's own switch, read at import; the second is python-dotenv's, from 1.2 on.
_NO_DOTENV: Final = {"LITELLM_MODE": "PRODUCTION", "PYTHON_DOTENV_DISABLED": "1"}
_KEPT: Final = frozenset({"TIKTOKEN_CACHE_DIR"})  # the encodings that litellm brings
# By the class of litellm's exception: what happened, and the mend. Order matters: subclasses first.
_FAILURES: Final = (
    ("AuthenticationError", "the provider does not accept the key", "Set the provider's key, "
     "such as OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY."),
    ("PermissionDeniedError", "the key may not use this model", "Choose another model, or ask "
     "who administers the key."),
    ("NotFoundError", "the provider has no such model", "Check CODING_MEMORY_MODEL, or "
     "[coding_memory.defaults] model in your own settings."),
    ("RateLimitError", "the provider answers too many requests, or the quota is used up",
     "Wait, or look at the provider's limits."),
    ("ContextWindowExceededError", "there is more text than the model can read",
     "Choose a model with a larger context."),
    ("ContentPolicyViolationError", "the provider refused the content", ""),
    ("BadRequestError", "the provider did not accept the request", "Check the model's name."),
    ("Timeout", "the provider did not answer in time", "[llm] timeout_seconds in your own "
     "settings allows more."),
    ("APIConnectionError", "the provider cannot be reached", "Check the network, and [llm] "
     "api_base if you have set it."),
    ("ServiceUnavailableError", "the provider is overloaded", "Try again later."),
    ("InternalServerError", "the provider failed", "Try again later."),
)  # fmt: skip
_AGAIN: Final = frozenset(
    {"RateLimitError", "APIConnectionError", "ServiceUnavailableError", "InternalServerError"}
)
# Refusals of a request that no provider bills: by the status that it answered, or by litellm
# before the request was sent. A 5xx says nothing of what was computed before.
_UNBILLED_STATUS: Final = frozenset({400, 401, 402, 403, 404, 405, 413, 422, 429})
_UNBILLED: Final = frozenset(
    {"AuthenticationError", "PermissionDeniedError", "NotFoundError", "RateLimitError",
     "BadRequestError", "ContextWindowExceededError"}
)  # fmt: skip
# Azure bills a prompt that is too long, and some providers one that their filter refuses.
_BILLED_BY_AZURE: Final = frozenset({"BadRequestError", "ContextWindowExceededError"})
_BILLED: Final = "ContentPolicyViolationError"
# Exceptions of the transport (httpx) under litellm's: no byte of the request was sent.
_NEVER_SENT: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "InvalidURL"}
)


class ModelFailed(KaguraError):
    """A model gave no answer; ``billed`` is False if the provider provably bills nothing."""

    billed = True


class Attempt(Protocol):
    """One try that is reserved in the ledger, and how many tokens its answer may have."""

    most_out: int

    def release(self) -> None:
        """Give back what was reserved."""
        ...


A = TypeVar("A", bound=Attempt)


class Reply(msgspec.Struct, frozen=True):
    """What a model answered; ``cost`` is in US dollars by litellm, None where it knows no price."""

    text: str
    tokens_in: int
    tokens_out: int
    cost: float | None
    cut: bool = False
    refused: bool = False


def ask(
    model: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    seconds: float,
    reserve: Callable[[bool], A],
    schema: Mapping[str, Any] | None = None,
    api_base: str = "",
) -> tuple[Reply, A]:
    """Return a model's reply, and the try that it came by.

    Args:
        seconds: how long one try may take.
        reserve: reserves one try, with an answer of limited length; called with False for
            a model whose provider takes no limit.
        schema: the form of the answer, where the model can be held to one.

    Raises:
        ModelFailed: no reply, after three tries where trying again may help.
        MissingExtra: litellm is not installed.
        KaguraError: the first try could not be reserved.
    """
    litellm = _litellm()
    request: dict[str, Any] = {
        "model": model, "messages": list(messages), "timeout": seconds, "num_retries": 0,
        "max_retries": 0, "drop_params": True,
    }  # fmt: skip
    if api_base:
        request["api_base"] = api_base
    if schema:
        form = {"name": "answer", "schema": dict(schema), "strict": True}
        request["response_format"] = {"type": "json_schema", "json_schema": form}
    limited = _takes_limit(litellm, model)
    failed: ModelFailed | None = None
    for left in reversed(range(_TRIES)):
        try:
            attempt = reserve(limited)
        except KaguraError as refused:
            raise failed or refused from None
        try:
            with quiet():
                found = litellm.completion(**request, max_tokens=attempt.most_out)
                return _reply(litellm, found, model), attempt
        except Exception as error:  # noqa: BLE001 - litellm's classes share no other base
            kind, failed = _failure(error, model)
            if not failed.billed:
                with contextlib.suppress(KaguraError):  # it stays reserved, which is safe
                    attempt.release()
            if not left or kind not in _AGAIN:
                raise failed from None
            time.sleep(_wait(error, _TRIES - 1 - left))
    raise AssertionError


def _takes_limit(litellm: Any, model: str) -> bool:
    """Tell whether the length of an answer can be limited; an unknown provider's can."""
    try:
        taken = litellm.get_supported_openai_params(model=model)
    except Exception:  # noqa: BLE001 - the call itself will say what is wrong
        return True
    return not taken or not {"max_tokens", "max_completion_tokens"}.isdisjoint(taken)


def _reply(litellm: Any, found: Any, model: str) -> Reply:
    choice = found.choices[0]
    message = choice.message
    more = getattr(message, "provider_specific_fields", None) or {}
    refusal = getattr(message, "refusal", None) or more.get("refusal")
    usage = found.usage
    cost: float | None
    try:
        cost = float(litellm.completion_cost(completion_response=found, model=model))
    except Exception:  # noqa: BLE001 - whatever it is, the price is not known
        cost = None  # a model whose price nobody knows
    return Reply(
        text=message.content or refusal or "",
        tokens_in=int(usage.prompt_tokens or 0),
        tokens_out=int(usage.completion_tokens or 0),
        cost=cost,
        cut=choice.finish_reason == "length",
        refused=bool(refusal) or choice.finish_reason in ("content_filter", "refusal"),
    )


@cache
def _litellm() -> Any:
    library.required()
    # Its price map is fetched from the network at import unless told otherwise.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_LOG", "ERROR")
    with quiet(), unchanged_environment(keep=_KEPT, **_NO_DOTENV):
        import litellm

        litellm.suppress_debug_info = True
        litellm.telemetry = False
        litellm.turn_off_message_logging = True
    return litellm


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what a library prints away from stdout, where data goes, and from stderr."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _wait(error: Exception, tried: int) -> float:
    """Return how long to wait before the next try: as the provider says, or longer each time."""
    response = getattr(error, "response", None)
    headers = getattr(error, "litellm_response_headers", None)
    headers = headers or getattr(response, "headers", None) or {}
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return min(_LONGEST_WAIT, max(0.0, float(headers["retry-after"])))
    return min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**tried) * random.uniform(0.75, 1.25)


def _failure(error: Exception, model: str) -> tuple[str, ModelFailed]:
    names = {kind.__name__ for kind in type(error).__mro__}
    unknown = ("", "the model's library failed", "")
    said = _without_secrets(str(getattr(error, "message", None) or error))
    if "InternalServerError" in names and said.endswith("Connection error."):
        names = {"APIConnectionError"}  # what becomes of it on the way through the library
    kind, happened, mend = next((line for line in _FAILURES if line[0] in names), unknown)
    detail = f"{happened} ({said})" if said else happened
    failed = ModelFailed(detail, hint=mend, where=model)
    failed.billed = not _unbilled(error, kind, model)
    return kind, failed


def _unbilled(error: BaseException, kind: str, model: str) -> bool:
    """Tell whether a failure proves that the provider bills nothing."""
    status = 0
    for cause in _causes(error):
        if type(cause).__module__ == "httpx" and type(cause).__name__ in _NEVER_SENT:
            return True
        if type(cause).__name__ == "HTTPStatusError":  # the answer itself, under litellm's view
            status = getattr(getattr(cause, "response", None), "status_code", 0)
    if kind == _BILLED or (model.startswith("azure") and kind in _BILLED_BY_AZURE):
        return False
    return status in _UNBILLED_STATUS if status else kind in _UNBILLED


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it was raised from, outermost first."""
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__


def _without_secrets(text: str) -> str:
    """Return what a provider said in one line, without any key of the environment in it."""
    text = without_hidden(text)
    for name, value in os.environ.items():
        if len(value) >= 8 and any(word in name for word in ("KEY", "TOKEN", "SECRET")):
            text = text.replace(value, "[redacted]")
    line = " ".join(redact(text)[0].split())
    return line if len(line) <= _SAID else f"{line[:_SAID]}..."
