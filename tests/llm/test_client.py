"""Asking a model: litellm for real, against a provider on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from provider import Answer, Provider

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


def asked(model: str, seconds: float = 20.0, **more: object) -> Reply:
    return ask(model, MESSAGES, seconds=seconds, most_out=500, **more)  # type: ignore[arg-type]


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


def test_not_a_word_of_the_library_is_printed(provider: Provider) -> None:
    program = (
        "from kagura_git.llm.client import ask\n"
        "for model in ('gpt-5-mini', 'openai/our-own-model'):\n"
        "    ask(model, [{'role': 'user', 'content': 'x'}], seconds=20, most_out=9)\n"
        "try:\n"
        "    ask('no-such-provider/x', [{'role': 'user', 'content': 'x'}], seconds=9, most_out=9)\n"
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
