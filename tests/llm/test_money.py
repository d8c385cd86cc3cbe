"""What a call costs, whether it may be made, and what was spent."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from math import fsum
from pathlib import Path

import pytest

from kagura_git.errors import KaguraError, UsageError
from kagura_git.llm import counting
from kagura_git.llm.approval import Estimate, Policy, Spent, decide
from kagura_git.llm.counting import message_tokens, picture_tokens, text_tokens
from kagura_git.llm.ledger import Call, Ledger
from kagura_git.llm.prices import price_of

MODELS = (
    "gpt-5-mini", "gpt-4o", "gpt-4", "claude-sonnet-4-5",
    "claude-3-haiku-20240307", "gemini/gemini-2.5-flash", "openai/our-own-model",
)  # fmt: skip
TEXT = (
    "We keep one file per record, so that parallel branches never collide.\n"
    "def add(cart: Cart, item: str) -> None:\n    cart.items[item] += 1  # KeyError: 'apple'\n"
    "接続が拒否されました。 <|endoftext|> \U0001f34e\n"
)


@pytest.mark.parametrize("model", MODELS)
def test_tokens_are_counted_as_litellm_counts_them(model: str) -> None:
    import litellm

    messages = [{"role": "system", "content": TEXT * 3}, {"role": "user", "content": TEXT}]
    assert text_tokens(model, TEXT) == litellm.token_counter(model=model, text=TEXT)
    assert message_tokens(model, messages) == litellm.token_counter(model=model, messages=messages)


def test_a_providers_name_before_the_models_changes_no_count() -> None:
    # litellm takes OpenAI's tokenizer for Claude when its provider is named.
    named = text_tokens("anthropic/claude-sonnet-4-5", TEXT)
    assert named == text_tokens("claude-sonnet-4-5", TEXT)


def test_a_picture_is_counted_by_its_size() -> None:
    # The examples of OpenAI's guide to images and vision.
    assert picture_tokens(1024, 1024) == 765
    assert picture_tokens(2048, 4096) == 1105
    assert picture_tokens(200, 100) == 255
    sized = [{"type": "image_url", "image_url": {"url": "x"}, "size": (1024, 1024)}]
    messages = [{"role": "user", "content": [{"type": "text", "text": "x"}, *sized]}]
    assert message_tokens("gpt-4o", messages) > 765


def test_without_litellm_a_text_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting.library, "folder", lambda: None)
    assert text_tokens("gpt-4o", "hello world") == 2


def test_a_price_is_the_one_of_litellms_map() -> None:
    import litellm

    for model in ("gpt-5-mini", "gpt-4o", "claude-sonnet-4-5", "gemini/gemini-2.5-flash"):
        found, known = price_of(model), litellm.model_cost[model]
        assert found is not None
        assert found.input_cost_per_token == known["input_cost_per_token"]
        assert found.output_cost_per_token == known["output_cost_per_token"]
    assert price_of("openai/gpt-4o") == price_of("gpt-4o")
    assert price_of("groq/gpt-4o") is None  # who else may sell it has another price
    assert price_of("our-own-model") is None
    assert price_of("sample_spec") is None


def estimated(cost: float | None) -> Estimate:
    return Estimate(
        operation="session_summary", purpose="x", model="gpt-5-mini", tokens_in=1, tokens_out=1,
        cost=cost,
    )  # fmt: skip


def never(_: Estimate) -> bool:
    raise AssertionError("asked")


@pytest.mark.parametrize(
    ("cost", "policy", "answer", "expected"),
    [
        (0.05, Policy(), never, (True, "")),
        (0.10, Policy(), never, (True, "")),
        (0.11, Policy(), True, (True, "")),
        (0.11, Policy(), False, (False, "declined")),
        (0.11, Policy(), None, (False, "approval_required")),
        (0.11, Policy(), "nobody", (False, "approval_required")),
        (None, Policy(), "nobody", (False, "approval_required")),
        (None, Policy(), True, (True, "")),
        (0.0, Policy(threshold=0.0), never, (True, "")),
        (0.01, Policy(threshold=0.0), "nobody", (False, "approval_required")),
        (9.0, Policy(auto_approve=True), never, (True, "")),
        (9.0, Policy(approved=True), never, (True, "")),
        (None, Policy(approved=True), never, (True, "")),
        (9.0, Policy(approved=True, monthly_budget=10.0), never, (False, "over_budget")),
        (0.01, Policy(auto_approve=True, monthly_budget=2.0), never, (False, "over_budget")),
        (0.0, Policy(monthly_budget=0.0), never, (False, "over_budget")),
    ],
)
def test_a_call_is_made_only_if_its_user_allows_it(
    cost: float | None, policy: Policy, answer: object, expected: tuple[bool, str]
) -> None:
    ask = None if answer == "nobody" else never if answer is never else lambda _: answer
    verdict = decide(estimated(cost), policy, Spent(2.0), ask)  # type: ignore[arg-type]
    assert (verdict.go, verdict.why) == expected


def test_from_a_share_of_the_budget_on_the_user_is_warned() -> None:
    policy = Policy(monthly_budget=10.0, warn_at=80.0)
    assert decide(estimated(0.05), policy, Spent(7.0), None).warning == ""
    assert (
        "$8.05 of the month's $10.00" in decide(estimated(0.05), policy, Spent(8.0), None).warning
    )


WHEN = datetime(2026, 11, 3, 12, tzinfo=UTC)


def call(cost: float | None = 0.25, when: datetime = WHEN) -> Call:
    return Call(
        timestamp=when, model="gpt-5-mini", operation="session_summary", repository="shop",
        tokens_in=100, tokens_out=20, cost=cost,
    )  # fmt: skip


def test_what_is_written_down_is_read_back_by_month(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "spending")
    assert ledger.month("2026-11").calls == ()
    ledger.append(call(0.25))
    ledger.append(call(None))
    ledger.append(call(0.5, datetime(2026, 12, 1, tzinfo=UTC)))
    assert ledger.month("2026-11").calls == (call(0.25), call(None))
    assert ledger.month("2026-11").cost == 0.25
    assert ledger.months() == ["2026-11", "2026-12"]
    assert oct((tmp_path / "spending" / "2026-11.jsonl").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("month", ["november", "2026-13", "../2026-11", "2026-11\n"])
def test_what_is_no_month_is_refused(tmp_path: Path, month: str) -> None:
    with pytest.raises(UsageError, match="is not a month"):
        Ledger(tmp_path).month(month)


def test_a_line_left_half_by_a_killed_process_harms_no_other(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(call(0.25))
    with (tmp_path / "2026-11.jsonl").open("ab") as file:
        file.write(b'{"timestamp": "2026-11-03T12')
    ledger.append(call(0.5))
    found = ledger.month("2026-11")
    assert (found.cost, found.damaged) == (0.75, (2,))


def test_a_ledger_that_cannot_be_read_stops_the_spending(tmp_path: Path) -> None:
    (tmp_path / "2026-11.jsonl").mkdir()
    with pytest.raises(KaguraError, match="cannot be read"):
        Ledger(tmp_path).month("2026-11")


def test_twenty_processes_write_every_line_whole(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from kagura_git.llm.ledger import Call, Ledger\n"
        "for number in range(25):\n"
        "    Ledger(Path(sys.argv[1])).append(Call(timestamp=datetime(2026, 11, 3, tzinfo=UTC),\n"
        "        model='m' * number, operation='o', repository=sys.argv[2], tokens_in=1,\n"
        "        tokens_out=1, cost=0.01 * number))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(n)]) for n in range(20)
    ]
    assert [process.wait(timeout=600) for process in running] == [0] * 20
    found = Ledger(tmp_path).month("2026-11")
    assert (len(found.calls), found.damaged) == (500, ())
    assert found.cost == pytest.approx(fsum(0.01 * n for n in range(25)) * 20, abs=1e-12)
