"""``git kagura costs``: unfinished calls, damaged lines, and stating what they cost."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kagura_git.cli.app import run
from kagura_git.llm.ledger import Call
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup, spending

NOVEMBER = ("--month", "2026-11")
WHEN = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
    setup.init(SyncCodingMemory(top).ws.repo, with_hooks=False)
    monkeypatch.chdir(top)
    ledger = spending.ledger_of(os.environ)
    for cost, name in ((0.3, ""), (0.02, "4f0c2ab91e")):
        ledger.append(
            Call(
                timestamp=WHEN, model="gpt-5-mini", operation="session_summary", repository="shop",
                tokens_in=100, tokens_out=20, cost=cost, reserved=name, ok=not name,
            )
        )  # fmt: skip


class Kagura:
    """``git kagura costs`` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def text(self, *args: str, code: int = 0) -> str:
        assert run(["costs", *args]) == code
        return self.capsys.readouterr().out

    def costs(self, *args: str, code: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text(*NOVEMBER, *args, "--json", code=code))
        return found


@pytest.fixture
def kagura(capsys: pytest.CaptureFixture[str]) -> Kagura:
    return Kagura(capsys)


def test_unfinished_calls_count_and_are_listed(kagura: Kagura) -> None:
    found = kagura.costs()
    assert (found["call_count"], found["total_cost"]) == (2, pytest.approx(0.32))
    assert found["reserved"] == 0.02
    (call,) = found["unfinished"]
    assert (call["id"], call["unfinished"], call["cost"]) == ("4f0c2ab91e", True, 0.02)
    assert [call["unfinished"] for call in found["call_costs"]] == [False, True]
    text = kagura.text(*NOVEMBER)
    assert "4f0c2ab91e  2026-11-03T12:00:00.000Z    $0.0200  gpt-5-mini  session_summary" in text
    assert "git kagura costs --settle ID --cost DOLLARS" in text


def test_a_call_is_settled_by_the_bill(kagura: Kagura) -> None:
    # The month is that of the call.
    found = json.loads(kagura.text("--settle", "4f0c2ab91e", "--cost", "0.0125", "--json"))
    assert (found["settled"]["cost"], found["unfinished"]) == (0.0125, [])
    assert found["total_cost"] == pytest.approx(0.3125)


def test_a_call_that_was_not_billed_is_no_call(kagura: Kagura) -> None:
    assert kagura.costs("--settle", "4f0c2ab91e", "--cost", "0")["call_count"] == 1


def test_what_a_damaged_month_cost_is_stated(kagura: Kagura) -> None:
    file = spending.ledger_of(os.environ).file("2026-11")
    with file.open("ab") as out:
        out.write(b"garbage\n")
    assert kagura.costs()["damaged_lines"] == [3]
    assert "git kagura costs --settle 2026-11 --cost DOLLARS" in kagura.text(*NOVEMBER)
    found = kagura.costs("--settle", "2026-11", "--cost", "1.5")
    assert (found["damaged_lines"], found["total_cost"]) == ([], pytest.approx(1.82))
    assert Path(f"{file}.damaged-1").read_bytes() == b"garbage\n"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--settle", "4f0c2ab91e"), 2, "belong together"),
        (("--cost", "1"), 2, "belong together"),
        (("--settle", "4f0c2ab91e", "--cost", "-1"), 2, "not an amount"),
        (("--settle", "4f0c2ab91e", "--cost", "nan"), 2, "not an amount"),
        (("--settle", "0000000000", "--cost", "1"), 1, "no unfinished call has this id"),
        (("--settle", "2026-11", "--cost", "1"), 1, "every line"),
        (("--settle", "../2026-11", "--cost", "1"), 1, "no unfinished call has this id"),
    ],
)
def test_what_cannot_be_stated_is_refused_and_changes_nothing(
    kagura: Kagura, args: tuple[str, ...], code: int, said: str
) -> None:
    file = spending.ledger_of(os.environ).file("2026-11")
    before = file.read_bytes()
    assert said in kagura.costs(*args, code=code)["error"]["message"]
    assert file.read_bytes() == before
