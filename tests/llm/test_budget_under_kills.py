"""The month's budget holds for 40 processes at once, however many of them are killed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections import defaultdict
from datetime import UTC, datetime
from math import fsum
from pathlib import Path
from random import Random

import pytest
from provider import Answer, Asked, Provider
from spenders import CALLS, MODEL, PROCESSES

from kagura_git.llm import stated_cost
from kagura_git.llm.counting import message_tokens
from kagura_git.llm.ledger import Ledger, Month
from kagura_git.llm.prices import price_of

GOOD = json.dumps(
    {"what": ["x"], "why": [], "problems": [], "decisions": [], "open_ends": [],
     "recommendations": []}
)  # fmt: skip
KINDS = ("busy", "down", "other form", "cut", *["good"] * 8)
SPENDERS = Path(__file__).parent / "spenders.py"


class Bills:
    """A provider that bills a request when it has received it, before it answers.

    An answer may be as long as the request allows, of another form, cut, or an error of
    the server; all of these are billed, only "too many requests" is not.
    """

    def __init__(self, seed: int, trouble: bool) -> None:
        self.rng, self.trouble, self.lock = Random(seed), trouble, threading.Lock()
        self.kinds: set[str] = set()
        self.billed: dict[str, list[float]] = defaultdict(list)

    def think(self, asked: Asked) -> Answer:
        tag = re.search(r"call-\d+-\d+", json.dumps(asked.body))
        price = price_of(MODEL)
        assert tag
        assert price
        limit = asked.body.get("max_tokens") or asked.body["max_completion_tokens"]
        tokens_in = message_tokens(MODEL, asked.body["messages"]) + 60
        with self.lock:
            kind = self.rng.choice(KINDS) if self.trouble else "good"
            self.kinds.add(kind)
            tokens_out = limit if self.rng.random() < 0.3 else self.rng.randint(1, limit)
            if kind == "busy":
                return Answer("busy", status=429)
            self.billed[tag[0]].append(price.cost(tokens_in, tokens_out))
        if kind == "down":
            return Answer("down", status=500)
        text = "no JSON" if kind == "other form" else GOOD
        return Answer(text, cut=kind == "cut", slow=0.05,
                      tokens_in=tokens_in, tokens_out=tokens_out)  # fmt: skip

    @property
    def total(self) -> float:
        return fsum(cost for costs in self.billed.values() for cost in costs)


def spent(
    provider: Provider, folder: Path, bills: Bills, budget: float, kills: bool
) -> tuple[Month, list[int]]:
    provider.think = bills.think
    argv = [sys.executable, str(SPENDERS), str(folder), str(budget), "7", str(kills)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=280, cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    (month,) = Ledger(folder).months()
    return Ledger(folder).month(month), json.loads(done.stdout)


@pytest.mark.slow
def test_forty_processes_spend_no_more_than_the_budget_and_the_ledger_is_the_bill(
    provider: Provider, tmp_path: Path
) -> None:
    bills = Bills(3, trouble=False)
    month, ended = spent(provider, tmp_path, bills, 0.9, kills=False)
    assert ended == [0] * PROCESSES
    assert (month.damaged, month.unfinished) == ((), ())
    assert len(month.calls) == len(provider.asked)
    assert month.cost == pytest.approx(bills.total, rel=1e-12)
    assert 0.45 < bills.total <= 0.9 + 1e-9
    assert len(provider.asked) < PROCESSES * CALLS  # the rest was refused


@pytest.mark.slow
def test_killed_processes_leave_every_billed_call_in_the_ledger(
    provider: Provider, tmp_path: Path
) -> None:
    bills = Bills(5, trouble=True)
    month, ended = spent(provider, tmp_path, bills, 2.5, kills=True)
    assert set(ended) == {0, -9}
    assert ended.count(-9) > PROCESSES / 4
    assert month.damaged == ()
    assert bills.total <= month.cost <= 2.5 + 1e-9
    assert month.unfinished
    assert set(bills.kinds) == {"busy", "down", "other form", "cut", "good"}
    total = bills.total
    # What the provider billed beside the settled calls is covered by reservations, call by call.
    for call in month.calls:
        if not call.unfinished:
            left = bills.billed[call.repository]
            nearest = min(left, key=lambda cost: abs(cost - (call.cost or 0)))
            assert call.cost == pytest.approx(nearest, rel=1e-9)
            left.remove(nearest)
    ledger, now = Ledger(tmp_path), datetime.now(UTC)
    for call in sorted(month.unfinished, key=lambda call: call.cost or 0):
        left = bills.billed[call.repository]
        bill = min(left, default=0.0)
        if left:
            left.remove(bill)
        assert bill <= (call.cost or 0)
        stated_cost.state(ledger, call.id, bill, now)
    assert not any(bills.billed.values())
    after = ledger.month(ledger.months()[0])
    assert after.unfinished == ()
    assert after.cost == pytest.approx(total, rel=1e-9)
