"""The cost ledger: reservations, settlements, and lines that cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from math import fsum
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.errors import Conflict, KaguraError, NotFound
from kagura_git.llm import stated_cost
from kagura_git.llm.approval import Policy
from kagura_git.llm.client import Reply
from kagura_git.llm.cost_bound import CostBound
from kagura_git.llm.ledger import Call, Ledger, UnreadableLedger
from kagura_git.llm.ledger_lines import is_cut, parse
from kagura_git.llm.reservation import OverBudget, Reservation, reserve

WHEN = datetime(2026, 11, 3, 12, tzinfo=UTC)
MONTH = "2026-11"
OLD = Path(__file__).parent / "old_ledger.jsonl"
BOUND = CostBound(tokens_in=100, fixed=0.25, per_token_out=0.01)
DRAFT = Call(
    timestamp=WHEN, model="gpt-5-mini", operation="session_summary", repository="shop",
    tokens_in=0, tokens_out=0, cost=None,
)  # fmt: skip


class OldCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call as versions before reservations read and write it."""

    timestamp: datetime
    model: str
    operation: str
    repository: str
    tokens_in: int
    tokens_out: int
    cost: float | None
    ok: bool = True


def reserved(
    ledger: Ledger, budget: float = 10.0, outputs: tuple[int, int] = (50, 75),
    bound: CostBound | None = BOUND,
) -> Reservation:  # fmt: skip
    return reserve(ledger, DRAFT, bound, Policy(monthly_budget=budget), outputs, [])


def reply(cost: float | None, tokens: int = 10) -> Reply:
    return Reply("{}", tokens, tokens, cost)


def file_of(folder: Path) -> Path:
    return folder / f"{MONTH}.jsonl"


def test_a_reservation_counts_until_it_is_settled(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    attempt = reserved(ledger)
    month = Ledger(tmp_path).month(MONTH)
    assert (month.cost, month.reserved, month.settled) == (1.0, 1.0, 0.0)
    assert [call.id for call in month.unfinished] == [attempt.line.id]
    attempt.settle(reply(0.4), ok=True)
    month = Ledger(tmp_path).month(MONTH)
    assert (month.cost, month.reserved, len(month.calls)) == (0.4, 0.0, 1)
    assert (month.calls[0].tokens_out, month.calls[0].ok) == (10, True)


def test_what_was_not_billed_is_released_and_no_call(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    reserved(ledger).release()
    assert ledger.month(MONTH).calls == ()


def test_an_actual_cost_above_the_upper_bound_counts(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    reserved(ledger).settle(reply(1.7), ok=True)
    assert ledger.month(MONTH).cost == 1.7


@pytest.mark.parametrize("answer", [reply(None), reply(0.0, tokens=0)], ids=["price", "usage"])
def test_a_reply_that_does_not_say_what_it_cost_costs_the_upper_bound(
    tmp_path: Path, answer: Reply
) -> None:
    ledger = Ledger(tmp_path)
    reserved(ledger).settle(answer, ok=True)
    assert (ledger.month(MONTH).cost, ledger.month(MONTH).reserved) == (1.0, 0.0)


def test_a_call_without_a_known_price_is_counted_as_a_call(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    reserved(ledger, bound=None)
    assert len(ledger.month(MONTH).unfinished) == 1
    reserved(ledger, bound=None).settle(reply(0.1), ok=True)
    assert ledger.month(MONTH).cost == 0.1
    with pytest.raises(OverBudget):
        reserved(ledger, budget=0.05, bound=None)


def test_an_answer_may_be_as_long_as_there_is_room_for(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert reserved(ledger, budget=1.9).most_out == 75
    attempt = reserved(ledger, budget=1.9, outputs=(60, 75))
    assert 64 <= attempt.most_out <= 65
    assert 1.9 - 0.01 < ledger.month(MONTH).cost <= 1.9


def test_without_room_for_the_expected_answer_it_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    reserved(ledger).settle(reply(0.5), ok=True)
    reserved(ledger)
    with pytest.raises(OverBudget) as caught:
        reserved(ledger, budget=2.0)
    assert caught.value.message == (
        "$0.50 of the month's $2.00 are spent and $1.00 reserved by 1 call in flight or "
        "unfinished, and this call may cost $0.75. `git kagura costs` lists the calls; "
        "[coding_memory.costs] max_monthly_budget_usd in your own settings allows more"
    )
    assert len(ledger.month(MONTH).calls) == 2


def test_a_call_belongs_to_the_month_in_which_it_was_reserved(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    last = msgspec.structs.replace(DRAFT, timestamp=datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    attempt = reserve(ledger, last, BOUND, Policy(), (50, 75), [])
    # Settled whenever it may be, also in the next month.
    attempt.settle(reply(0.4), ok=True)
    assert ledger.months() == [MONTH]
    assert ledger.month(MONTH).cost == 0.4


def test_lines_before_reservations_are_read(tmp_path: Path) -> None:
    data = OLD.read_bytes()
    file_of(tmp_path).write_bytes(data)
    ledger = Ledger(tmp_path)
    month = ledger.month(MONTH)
    assert (len(month.calls), month.cost, month.damaged) == (3, pytest.approx(0.00196), ())
    reserved(ledger)
    assert file_of(tmp_path).read_bytes().startswith(data)


def test_versions_before_reservations_count_a_call_at_least_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    reserved(ledger)
    reserved(ledger).settle(reply(0.4), ok=True)
    lines = file_of(tmp_path).read_bytes().splitlines()
    old = [msgspec.json.decode(line, type=OldCall) for line in lines]
    assert fsum(call.cost or 0.0 for call in old) >= ledger.month(MONTH).cost


def lines() -> tuple[bytes, bytes, bytes]:
    """Return a reservation, its settlement and a call of old, as lines without their ends."""
    reservation = msgspec.structs.replace(DRAFT, reserved="0123456789", cost=1.0, ok=False)
    return (
        msgspec.json.encode(reservation), msgspec.json.encode(reservation.as_settled(0.4)),
        msgspec.json.encode(msgspec.structs.replace(DRAFT, cost=0.3)),
    )  # fmt: skip


@pytest.mark.parametrize("which", [0, 1], ids=["reservation", "settlement"])
def test_a_line_cut_while_it_was_appended_is_harmless(tmp_path: Path, which: int) -> None:
    before = lines()[0] + b"\n" if which else b""
    line = lines()[which]
    for length in range(3, len(line) + 1):
        file_of(tmp_path).write_bytes(before + line[:length])
        ledger = Ledger(tmp_path)
        # A complete line that lacks only its end counts.
        expected = (0.4 if which else 1.0) if length == len(line) else float(which)
        assert ledger.readable(MONTH).cost == expected
        reserved(ledger)
        assert ledger.readable(MONTH).cost == expected + 1.0


@pytest.mark.parametrize(
    "damage",
    [
        lines()[2][:40],  # of old: written after its call was billed
        b"{",
        b"\x00" * 80,
        b"garbage\n",
        lines()[0][:40] + b"\n",  # ended by nobody who knew that it was cut
        lines()[0][:40] + b"\n" + lines()[0] + b"\n",
        lines()[0].replace(b'"cost":1.0', b'"cost":-1.0') + b"\n",
        lines()[0].replace(b'"cost":1.0', b'"cost":1e999') + b"\n",
        lines()[0].replace(b'"cost":1.0', b'"cost":NaN') + b"\n",
        lines()[0].replace(b"shop", b"sh\xffop") + b"\n",
        b"<<<<<<< HEAD\n",
        b"[" * 100_000 + b"\n",
    ],
)  # fmt: skip
def test_any_other_line_that_cannot_be_read_stops_the_spending(
    tmp_path: Path, damage: bytes
) -> None:
    good = lines()[2]
    file_of(tmp_path).write_bytes(good + b"\n" + damage)
    ledger = Ledger(tmp_path)
    with pytest.raises(UnreadableLedger) as caught:
        reserved(ledger)
    assert caught.value.where == f"{file_of(tmp_path)}:2"
    assert f"git kagura costs --settle {MONTH} --cost DOLLARS" in caught.value.hint
    assert file_of(tmp_path).read_bytes() == good + b"\n" + damage  # left as it was
    # A call that is in flight can still be settled.
    ledger.append(DRAFT)
    with pytest.raises(UnreadableLedger):
        reserved(ledger)


def test_a_damaged_month_is_mended_by_stating_what_it_cost(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    file.write_bytes(lines()[0] + b"\ngarbage\n" + lines()[2] + b"\n\xff\xfe")
    ledger = Ledger(tmp_path)
    stated_cost.state(ledger, MONTH, 2.5, WHEN)
    month = ledger.readable(MONTH)
    assert (month.cost, month.reserved, len(month.calls)) == (pytest.approx(3.8), 1.0, 3)
    assert Path(f"{file}.damaged-1").read_bytes() == b"garbage\n\xff\xfe\n"
    assert ledger.months() == [MONTH]
    with pytest.raises(Conflict, match="every line"):
        stated_cost.state(ledger, MONTH, 0.0, WHEN)


def in_place_of(file: Path, kind: str) -> None:
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        target = file.with_name("elsewhere")
        if kind == "link":
            target.write_bytes(b"")
        file.symlink_to(target)


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "dangling link"])
def test_what_is_no_file_stops_the_spending_until_its_cost_is_stated(
    tmp_path: Path, kind: str
) -> None:
    in_place_of(file_of(tmp_path), kind)
    ledger = Ledger(tmp_path)
    with pytest.raises(KaguraError, match="cannot be read"):
        reserved(ledger)
    stated_cost.state(ledger, MONTH, 2.5, WHEN)
    assert ledger.readable(MONTH).cost == 2.5
    assert os.path.lexists(f"{file_of(tmp_path)}.damaged-1")


def test_an_unfinished_call_is_settled_by_the_bill(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    billed, unbilled = reserved(ledger).line.id, reserved(ledger).line.id
    stated_cost.state(ledger, billed, 0.6, WHEN)
    stated_cost.state(ledger, unbilled, 0.0, WHEN)
    month = ledger.month(MONTH)
    assert (month.cost, month.unfinished, len(month.calls)) == (0.6, (), 1)
    with pytest.raises(Conflict, match="is settled"):
        stated_cost.state(ledger, billed, 0.0, WHEN)
    with pytest.raises(NotFound):
        stated_cost.state(ledger, "0000000000", 0.0, WHEN)


def test_what_the_calling_process_knows_is_right_over_what_was_stated(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    attempt = reserved(ledger)
    stated_cost.state(ledger, attempt.line.id, 0.1, WHEN)
    attempt.settle(reply(0.6), ok=True)
    assert [call.cost for call in ledger.month(MONTH).calls] == [0.6]


def test_a_settlement_without_its_reservation_counts() -> None:
    month = parse(lines()[1] + b"\n")
    assert (month.cost, month.damaged) == (0.4, ())


@given(st.binary(max_size=60))
def test_no_bytes_at_the_end_are_taken_for_a_cut_line_but_the_start_of_one(tail: bytes) -> None:
    starts = (b'{"reserved":', b'{"settles":')
    known = any(tail[:12].startswith(start[: len(tail)]) for start in starts) and len(tail) > 2
    assert not is_cut(tail) or known


def test_eight_processes_reserve_no_more_than_the_budget(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from test_ledger import Ledger, OverBudget, reply, reserved\n"
        "from kagura_git.llm import reservation\n"
        "spent_of = reservation.spent_of\n"
        "def slowly(month):\n"
        "    time.sleep(0.01)\n"  # between the look at the ledger and the reservation
        "    return spent_of(month)\n"
        "reservation.spent_of = slowly\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"  # all begin at once
        "for number in range(12):\n"
        "    try:\n"
        "        attempt = reserved(ledger, budget=20.0)\n"
        "    except OverBudget:\n"
        "        continue\n"
        "    if number % 3:\n"
        "        attempt.settle(reply(0.5), ok=True)\n"
    )
    argv = [sys.executable, "-c", program, str(tmp_path), str(Path(__file__).parent)]
    start, begin = os.pipe()
    running = [
        subprocess.Popen(argv, stdin=start, stdout=subprocess.PIPE, text=True) for _ in range(8)
    ]
    os.close(start)
    assert [process.stdout and process.stdout.readline() for process in running] == ["ready\n"] * 8
    os.close(begin)
    assert [process.wait(timeout=200) for process in running] == [0] * 8
    month = Ledger(tmp_path).readable(MONTH)
    # Room is left for less than one call, and never less than nothing.
    assert 20.0 - 0.75 < month.cost <= 20.0 + 1e-9
    assert month.unfinished
