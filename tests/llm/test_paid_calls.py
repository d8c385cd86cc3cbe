"""An operation's calls are reserved, settled, and held against budget and threshold each."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from provider import Answer, Provider

from kagura_git.errors import KaguraError
from kagura_git.llm import client
from kagura_git.llm.approval import Estimate, Policy
from kagura_git.llm.cost_bound import bound_of
from kagura_git.llm.ledger import Ledger
from kagura_git.llm.operation import Operation, Outcome, Purse, messages_of, run
from kagura_git.llm.prices import highest_rates, price_of
from kagura_git.llm.reservation import Reservation

MODEL = "gpt-4o"
GOOD = json.dumps({"text": "x"})


class Said(msgspec.Struct, frozen=True):
    """An answer of one text."""

    text: str


# Its prompt is one of the package; form and sizes are the test's own.
OPERATION = Operation("session_summary", "Say something", Said, typical_out=600, most_out=4_000)
# What the provider of these tests bills for each call.
EACH = 1_200 * 2.5e-6 + 340 * 1e-5


@dataclass
class Asking:
    """A user who is asked, and answers always the same."""

    answer: bool | None
    asked: list[Estimate]

    def __call__(self, estimate: Estimate) -> bool | None:
        self.asked.append(estimate)
        return self.answer


@pytest.fixture
def purse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Purse:
    monkeypatch.setattr(client, "_FIRST_WAIT", 0.01)
    return Purse(Ledger(tmp_path / "spending"), "shop", Policy(auto_approve=True), model=MODEL,
                 seconds=20.0)  # fmt: skip


def asked(purse: Purse, **policy: float | bool) -> Outcome[Said]:
    return run(OPERATION, replace(purse, policy=Policy(**policy)), {"task": "x"})  # type: ignore[arg-type]


def estimate_of(purse: Purse) -> Estimate:
    return purse.estimate(OPERATION, messages_of(OPERATION, {"task": "x"}))


def this_month() -> str:
    return f"{datetime.now(UTC):%Y-%m}"


def test_a_call_is_in_the_ledger_before_it_is_answered(provider: Provider, purse: Purse) -> None:
    seen: list[int] = []

    def think(_: object) -> Answer:
        seen.append(len(purse.ledger.month(this_month()).unfinished))
        return Answer(GOOD)

    provider.think = think
    assert asked(purse).cost == pytest.approx(EACH)
    assert seen == [1]
    assert purse.ledger.month(this_month()).unfinished == ()
    assert [call.cost for call in purse.calls] == [pytest.approx(EACH)]


def test_the_reservation_is_no_less_than_the_longest_answer_costs(
    provider: Provider, purse: Purse
) -> None:
    provider.says(Answer("down", status=500))
    asked(purse)
    (first, *_) = purse.ledger.month(this_month()).unfinished
    body = provider.asked[0].body
    assert (body.get("max_tokens") or body["max_completion_tokens"]) == 4_000
    price = price_of(MODEL)
    assert price
    text = "".join(message["content"] for message in body["messages"])
    assert (first.cost or 0) >= price.cost(client._litellm().token_counter(text=text), 4_000)


def test_near_the_budget_the_answer_may_be_shorter(provider: Provider, purse: Purse) -> None:
    provider.says(GOOD)
    least = estimate_of(purse).least_reserved or 0.0
    assert asked(purse, monthly_budget=least + 100 * 1e-5).status == "answered"
    body = provider.asked[0].body
    assert 698 <= (body.get("max_tokens") or body["max_completion_tokens"]) <= 700


def test_a_failed_server_keeps_every_try_reserved_and_says_so(
    provider: Provider, purse: Purse
) -> None:
    provider.says(Answer("down", status=500))
    told = asked(purse).to_dict()
    assert told["status"] == "failed"
    assert told["warning"].startswith("3 tries without an answer may have been billed: $0.1")
    month = purse.ledger.month(this_month())
    assert len(month.unfinished) == len(provider.asked) == len(purse.calls) == 3


def test_tries_end_where_the_budget_has_no_room_for_another(
    provider: Provider, purse: Purse
) -> None:
    provider.says(Answer("down", status=500))
    least = estimate_of(purse).least_reserved or 0.0
    found = asked(purse, monthly_budget=1.5 * least)
    assert "the provider failed" in found.reason
    assert len(provider.asked) == 1


def test_a_refused_request_leaves_nothing_reserved(provider: Provider, purse: Purse) -> None:
    provider.says(Answer("bad key", status=401))
    assert asked(purse).to_dict().get("warning") is None
    month = purse.ledger.month(this_month())
    assert (month.calls, purse.calls) == ((), [])


def test_an_interrupted_call_stays_reserved(
    provider: Provider, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_reply", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        asked(purse)
    assert len(purse.ledger.month(this_month()).unfinished) == 1


def test_an_answer_is_used_though_its_cost_cannot_be_written(
    provider: Provider, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> float:
        raise KaguraError("the disk is full")

    provider.says(GOOD)
    monkeypatch.setattr(Reservation, "settle", full)
    found = asked(purse)
    assert found.answer == Said("x")
    assert "could not be written down: the disk is full" in found.warning
    assert len(purse.ledger.month(this_month()).unfinished) == 1


@pytest.mark.parametrize("kind", ["garbage", "no folder"])
def test_without_a_ledger_that_can_be_read_and_written_nothing_is_asked(
    provider: Provider, purse: Purse, kind: str
) -> None:
    file = purse.ledger.file(this_month())
    if kind == "garbage":
        file.parent.mkdir()
        file.write_bytes(b"garbage\n")
    else:
        file.parent.write_bytes(b"")
    found = asked(purse)
    assert (found.status, provider.asked) == ("failed", [])
    if kind == "garbage":
        assert found.reason.startswith(f"{file}:1: a line of the cost ledger cannot be read. ")
        assert f"git kagura costs --settle {this_month()} --cost DOLLARS" in found.reason


def test_a_damaged_month_before_stops_nothing(provider: Provider, purse: Purse) -> None:
    provider.says(GOOD)
    purse.ledger.folder.mkdir()
    purse.ledger.file("2020-01").write_bytes(b"garbage\n")
    purse.ledger.file("2020-02").mkdir()
    assert asked(purse).status == "answered"


def test_a_kept_answer_reserves_nothing(provider: Provider, purse: Purse, tmp_path: Path) -> None:
    provider.says(GOOD)
    kept = replace(OPERATION, kept=True)
    again = replace(purse, answers=tmp_path / "answers")
    assert run(kept, again, {"task": "x"}).status == "answered"
    before = purse.ledger.file(this_month()).read_bytes()
    found = run(kept, replace(again, policy=Policy(monthly_budget=0.0)), {"task": "x"})
    assert (found.status, found.cost) == ("answered", 0.0)
    assert purse.ledger.file(this_month()).read_bytes() == before


def test_a_repair_is_held_against_the_budget(provider: Provider, purse: Purse) -> None:
    provider.says("no JSON")
    least = estimate_of(purse).least_reserved or 0.0
    found = asked(purse, auto_approve=True, monthly_budget=least + EACH / 2)
    assert (found.status, len(provider.asked)) == ("failed", 1)
    assert "not JSON" in found.reason
    assert "to ask again costs $0.0" in found.reason
    assert "the month's budget would be passed: $0.0064 of the month's" in found.reason
    assert found.cost == pytest.approx(EACH)


def test_a_repair_is_held_against_the_threshold_together_with_the_first_call(
    provider: Provider, purse: Purse
) -> None:
    provider.says("no JSON")
    first = estimate_of(purse).cost or 0.0
    found = asked(purse, threshold=first * 1.1)
    assert (found.status, len(provider.asked)) == ("failed", 1)
    assert "it needs approval, and nobody can be asked here" in found.reason
    provider.says("no JSON", GOOD)
    assert asked(purse, threshold=1.0).status == "answered"


def test_who_has_seen_the_price_of_a_repair_is_not_asked_again(
    provider: Provider, purse: Purse
) -> None:
    user = Asking(True, [])
    provider.says("no JSON", GOOD)
    found = asked(replace(purse, ask=user), threshold=0.0)
    assert (found.status, len(user.asked)) == ("answered", 1)
    assert (user.asked[0].cost_with_repair or 0) > 2 * (user.asked[0].cost or 0)


@pytest.mark.parametrize("answer", [True, False])
def test_who_has_seen_less_is_asked_again(provider: Provider, purse: Purse, answer: bool) -> None:
    user = Asking(True, [])

    def think(_: object) -> Answer:
        user.answer = answer
        # A long answer, which the repair has to read.
        return Answer(GOOD if len(provider.asked) > 1 else "no JSON " * 4_000, tokens_out=4_000)

    provider.think = think
    found = asked(replace(purse, ask=user), threshold=0.0)
    assert len(user.asked) == 2
    assert len(provider.asked) == (2 if answer else 1)
    assert found.status == ("answered" if answer else "failed")


def test_an_approval_in_advance_covers_the_repair(provider: Provider, purse: Purse) -> None:
    provider.says("no JSON", GOOD)
    assert asked(purse, threshold=0.0, approved=True).cost == pytest.approx(2 * EACH)


def test_the_highest_price_is_reserved() -> None:
    found = highest_rates("gemini/gemini-2.5-pro", 1_000), highest_rates("gemini/gemini-2.5-pro",
                                                                         300_000)  # fmt: skip
    assert found[0]
    assert found[1]
    assert found[1].input > found[0].input
    assert found[1].output > found[0].output
    cached, plain = highest_rates("claude-sonnet-4-5", 1), price_of("claude-sonnet-4-5")
    assert cached
    assert plain
    assert cached.input > (plain.input_cost_per_token or 0)
    assert highest_rates("our-own-model", 1) is None


def test_a_picture_is_reserved_at_what_the_dearest_rule_bills() -> None:
    def tokens(model: str, size: tuple[int, int]) -> int:
        part = {"type": "image_url", "image_url": {"url": "x"}, "size": size}
        with_it = bound_of(model, [{"role": "user", "content": [part]}])
        without = bound_of(model, [{"role": "user", "content": ""}])
        assert with_it
        assert without
        return with_it.tokens_in - without.tokens_in

    # OpenAI's price list: 2,833 tokens, and 5,667 for each of four tiles.
    assert tokens("gpt-4o-mini", (1_024, 1_024)) >= 2_833 + 4 * 5_667
    assert tokens("gemini/gemini-2.5-flash", (6_000, 6_000)) >= 64 * 258
    assert tokens("claude-sonnet-4-5", (2_000, 2_000)) >= 4_784
