"""Whatever happens to the processes that spend, the ledger holds the budget and loses no call."""

from __future__ import annotations

import tempfile
from math import fsum
from pathlib import Path

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from test_ledger import BOUND, DRAFT, MONTH, WHEN, file_of, reply

from kagura_git.llm import stated_cost
from kagura_git.llm.approval import Policy
from kagura_git.llm.ledger import Ledger
from kagura_git.llm.ledger_lines import Call
from kagura_git.llm.reservation import OverBudget, Reservation, reserve

BUDGET = 6.0


class Spending(RuleBasedStateMachine):
    """Processes that reserve, settle, release and die, and a provider that bills."""

    open = Bundle("open")
    dead = Bundle("dead")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.counted: dict[str, float] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    @property
    def ledger(self) -> Ledger:
        """A ledger that remembers nothing: every process has its own."""
        return Ledger(self.path)

    @rule(target=open, least=st.integers(1, 80), most=st.integers(1, 200))
    def send(self, least: int, most: int) -> object:
        before = fsum(self.counted.values())
        try:
            attempt = reserve(self.ledger, DRAFT, BOUND, Policy(monthly_budget=BUDGET),
                              (least, most), [])  # fmt: skip
        except OverBudget:
            assert before + BOUND.cost(min(least, most)) > BUDGET - 1e-9
            return None
        assert min(least, most) <= attempt.most_out <= most
        self.counted[attempt.line.id] = BOUND.cost(attempt.most_out)
        return attempt

    @rule(attempt=consumes(open), part=st.floats(0, 1), ok=st.booleans())
    def answer(self, attempt: Reservation | None, part: float, ok: bool) -> None:
        if attempt:
            cost = (attempt.line.cost or 0.0) * part
            attempt.settle(reply(cost), ok)
            self.counted[attempt.line.id] = cost

    @rule(attempt=consumes(open))
    def refuse(self, attempt: Reservation | None) -> None:
        if attempt:
            attempt.release()
            del self.counted[attempt.line.id]

    @rule(target=dead, attempt=consumes(open))
    def die(self, attempt: Reservation | None) -> object:
        return attempt

    @rule(target=dead, attempt=consumes(open), length=st.integers(1, 120))
    def die_while_settling(self, attempt: Reservation | None, length: int) -> object:
        if attempt:
            self._append_cut(attempt.line.as_settled(0.1), length)
        return attempt

    @rule(length=st.integers(1, 120))
    def die_while_reserving(self, length: int) -> None:
        self._append_cut(msgspec.structs.replace(DRAFT, reserved="0123456789", cost=1.0), length)

    @rule(attempt=consumes(dead), part=st.floats(0, 1))
    def state(self, attempt: Reservation | None, part: float) -> None:
        if attempt:
            cost = (attempt.line.cost or 0.0) * part
            stated_cost.state(self.ledger, attempt.line.id, cost, WHEN)
            self.counted[attempt.line.id] = cost

    def _append_cut(self, call: Call, length: int) -> None:
        """Leave what a process leaves that is killed while it appends: it may be all but the end.

        Under three bytes are of no known line, and stop the spending.
        """
        file = file_of(self.path)
        if file.exists() and not file.read_bytes().endswith(b"\n"):
            return  # the next append would have ended it first
        line = msgspec.json.encode(call)
        with file.open("ab") as out:
            out.write(line[: max(3, min(length, len(line) - 1))])

    @invariant()
    def the_ledger_is_what_was_spent_and_reserved(self) -> None:
        month = self.ledger.readable(MONTH)
        total = fsum(self.counted.values())
        assert abs(month.cost - total) < 1e-9
        assert month.cost <= BUDGET + 1e-9
        assert {call.id for call in month.calls if call.cost} == {
            name for name, cost in self.counted.items() if cost
        }


TestSpending = Spending.TestCase
