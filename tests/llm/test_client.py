"""Asking a model: litellm for real, against a provider on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from threading import Event

import pytest
from provider import Answer, Provider

from kagura_git.errors import KaguraError
from kagura_git.llm import client
from kagura_git.llm.client import ModelFailed, Reply, ask

MODELS = ("gpt-5-mini", "claude-sonnet-4-5", "gemini/gemini-2.5-flash")
MESSAGES = [{"role": "system", "content": "Answer."}, {"role": "user", "content": "What is up?"}]
FORM = {
    "type": "object", "properties": {"up": {"type": "string"}}, "required": ["up"],
    "additionalProperties": False,
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


class Tries(list["Tries.Try"]):
    """Tries that are reserved nowhere; each says whether it was released."""

    @dataclass
    class Try:
        most_out: int = 500
        released: bool = False

        def release(self) -> None:
            self.released = True

    def reserve(self, limited: bool) -> Tries.Try:
        self.append(Tries.Try())
        return self[-1]

    @property
    def released(self) -> list[bool]:
        return [attempt.released for attempt in self]


def asked(model: str, seconds: float = 20.0, tries: Tries | None = None, **more: object) -> Reply:
    reserve = (Tries() if tries is None else tries).reserve
    return ask(model, MESSAGES, seconds=seconds, reserve=reserve, **more)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("model", MODELS)
def test_a_reply_comes_with_its_tokens_and_the_price_that_litellm_knows(
    provider: Provider, model: str
) -> None:
    import litellm

    provider.says('{"up": "all"}')
    reply = asked(model, schema=FORM)
    assert json.loads(reply.text) == {"up": "all"}
    assert (reply.tokens_in, reply.tokens_out) == (1_200, 340)
    cost_in, cost_out = litellm.cost_per_token(
        model=model, prompt_tokens=1_200, completion_tokens=340
    )
    assert reply.cost == pytest.approx(cost_in + cost_out, rel=1e-12)
    assert any("What is up?" in text for text in provider.asked[0].texts)


@pytest.mark.parametrize("model", MODELS)
def test_a_form_is_asked_of_the_provider_itself(provider: Provider, model: str) -> None:
    provider.says('{"up": "all"}')
    asked(model, schema=FORM)
    assert '"up"' in json.dumps(provider.asked[0].body)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again(
    provider: Provider, status: int, no_waiting: list[float]
) -> None:
    provider.says(Answer("busy", status=status), Answer("{}"))
    assert asked("gpt-5-mini").text == "{}"
    assert len(provider.asked) == 2
    assert len(no_waiting) >= 1


def test_a_provider_says_how_long_to_wait(provider: Provider, no_waiting: list[float]) -> None:
    provider.says(Answer("busy", status=429, headers={"retry-after": "7"}), Answer("{}"))
    asked("gpt-5-mini")
    assert 7.0 in no_waiting


def test_after_three_tries_it_is_given_up(provider: Provider) -> None:
    provider.says(Answer("busy", status=429))
    with pytest.raises(ModelFailed, match="too many requests"):
        asked("gpt-5-mini")
    assert len(provider.asked) == 3


def test_a_wrong_key_is_not_tried_again_and_stands_in_no_message(provider: Provider) -> None:
    key = provider.environ["OPENAI_API_KEY"]
    provider.says(Answer(f"Incorrect API key provided: {key}.", status=401))
    with pytest.raises(ModelFailed, match="does not accept the key") as caught:
        asked("gpt-5-mini")
    assert len(provider.asked) == 1
    assert key not in str(caught.value)
    assert "OPENAI_API_KEY" in caught.value.hint


def test_a_slow_provider_is_left(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name, value in provider.environ.items():
        monkeypatch.setenv(name, value)
    provider.says(Answer("{}", slow=600))
    with pytest.raises(ModelFailed, match="did not answer in time"):
        asked("gpt-5-mini", seconds=0.5)


def test_a_connection_that_breaks_in_the_answer_is_tried_again(provider: Provider) -> None:
    provider.says(Answer('{"up": "all"}', cut=True), Answer('{"up": "all"}'))
    assert asked("gpt-5-mini").text == '{"up": "all"}'


@pytest.mark.parametrize("model", MODELS)
def test_a_refusal_and_a_cut_answer_are_told(provider: Provider, model: str) -> None:
    provider.says(Answer("I cannot help with that.", refusal=True))
    assert asked(model).refused
    provider.says(Answer('{"up', ended="length"))
    assert asked(model).cut


def test_a_model_without_a_price_still_answers(provider: Provider) -> None:
    reply = asked("openai/our-own-model")
    assert reply.text == "{}"
    assert reply.cost is None


def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with pytest.raises(ModelFailed, match="cannot be reached"):
        asked("gpt-5-mini", api_base="http://127.0.0.1:9/v1")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
def test_a_request_that_the_provider_refuses_is_released(provider: Provider, status: int) -> None:
    provider.says(Answer("no", status=status))
    tries = Tries()
    with pytest.raises(ModelFailed):
        asked("gpt-5-mini", tries=tries)
    assert len(tries) == len(provider.asked)
    assert all(tries.released)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("answer", [Answer("", status=500), Answer("", status=503),
                                    Answer("{}", cut=True)], ids=["500", "503", "cut"])  # fmt: skip
def test_a_try_that_may_have_been_billed_stays_reserved(
    provider: Provider, model: str, answer: Answer
) -> None:
    provider.says(answer, Answer("{}"))
    tries = Tries()
    asked(model, tries=tries)
    assert tries.released == [False, False]
    assert len(provider.asked) == 2


@pytest.mark.parametrize("model", MODELS)
def test_a_try_that_timed_out_stays_reserved(provider: Provider, model: str) -> None:
    provider.think = lambda _: Event().wait(5) and Answer()
    tries = Tries()
    with pytest.raises(ModelFailed, match="did not answer in time"):
        asked(model, seconds=0.5, tries=tries)
    assert tries.released == [False]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "http://no-such-host.invalid", "nonsense"])
def test_a_request_that_was_never_sent_is_released(
    provider: Provider, model: str, base: str
) -> None:
    tries = Tries()
    with pytest.raises(ModelFailed):
        asked(model, tries=tries, api_base=base)
    assert tries
    assert all(tries.released)
    assert provider.asked == []


def test_without_room_for_another_try_the_first_failure_is_told(provider: Provider) -> None:
    provider.says(Answer("down", status=500))
    first = iter([Tries.Try()])

    def reserve(_: bool) -> Tries.Try:
        for attempt in first:
            return attempt
        raise KaguraError("no room")

    with pytest.raises(ModelFailed, match="the provider failed"):
        ask("gpt-5-mini", MESSAGES, seconds=20, reserve=reserve)
    assert len(provider.asked) == 1


def test_azure_bills_what_its_filter_refuses() -> None:
    error = type("BadRequestError", (Exception,), {})("no")
    assert client._failure(error, "azure/gpt-4o")[1].billed
    assert not client._failure(error, "gpt-4o")[1].billed


def test_a_provider_that_takes_no_limit_of_an_answer_is_known() -> None:
    litellm = client._litellm()
    assert client._takes_limit(litellm, "gpt-4o")
    assert client._takes_limit(litellm, "no-such-provider/x")
    assert not client._takes_limit(litellm, "v0/v0-1.5-md")


def test_not_a_word_of_the_library_is_printed(provider: Provider) -> None:
    program = (
        "from types import SimpleNamespace\n"
        "from kagura_git.llm.client import ask\n"
        "reserve = lambda _: SimpleNamespace(most_out=9, release=lambda: None)\n"
        "said = [{'role': 'user', 'content': 'x'}]\n"
        "for model in ('gpt-5-mini', 'openai/our-own-model'):\n"
        "    ask(model, said, seconds=20, reserve=reserve)\n"
        "try:\n"
        "    ask('no-such-provider/x', said, seconds=9, reserve=reserve)\n"
        "except Exception as error:\n"
        "    assert type(error).__name__ == 'ModelFailed', error\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_library_is_loaded_only_for_a_call() -> None:
    program = (
        "import sys\n"
        "from kagura_git.llm import client, counting, prices\n"
        "assert prices.price_of('gpt-5-mini').input_cost_per_token > 0\n"
        "assert counting.text_tokens('gpt-5-mini', 'hello') > 0\n"
        "assert 'litellm' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert client.ask
