"""What doctor says of the language model that a user has named."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kagura_git.llm import library
from kagura_git.llm.ledger import Call
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import health, health_llm, setup, spending
from kagura_git.workspace import Workspace


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(folder)], check=True)
    setup.init(SyncCodingMemory(folder).ws.repo, with_hooks=False)
    return folder


def said(top: Path, **environ: str) -> list[tuple[str, str]]:
    everything = {**os.environ, **environ}
    memory = SyncCodingMemory(top, environ=everything)
    found = health.check(memory.ws, memory.recaller, everything)
    return [(item.severity, item.message) for item in found if item.check == "llm"]


def spend(cost: float, when: datetime | None = None, reserved: str = "") -> None:
    ledger = spending.ledger_of(os.environ)
    ledger.append(
        Call(
            timestamp=when or datetime.now(UTC), model="m", operation="o", repository="r",
            tokens_in=1, tokens_out=1, cost=cost, reserved=reserved,
        )
    )  # fmt: skip


def test_without_a_model_there_is_nothing_to_say(top: Path) -> None:
    assert said(top) == []


def test_a_model_with_a_price_is_fine(top: Path) -> None:
    assert said(top, CODING_MEMORY_MODEL="gpt-5-mini") == [("ok", "gpt-5-mini; $0.00 this month")]


def test_a_model_without_a_price_is_named(top: Path) -> None:
    (first, _) = said(top, CODING_MEMORY_MODEL="gpt5mini")
    assert first == (
        "warning", "no price is known for gpt5mini: it is asked only after approval"
    )  # fmt: skip


def test_a_missing_library_is_named(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "folder", lambda: None)
    ((severity, message),) = said(top, CODING_MEMORY_MODEL="gpt-5-mini")
    assert (severity, "litellm is not installed" in message) == ("warning", True)
    assert health_llm.models


def test_a_budget_that_is_nearly_spent_and_a_broken_ledger_are_told(top: Path) -> None:
    spend(450.0)
    model = {"CODING_MEMORY_MODEL": "gpt-5-mini"}
    assert said(top, **model) == [("warning", "$450.00 of the month's $500.00 are spent")]
    (file,) = spending.ledger_of(os.environ).folder.glob("*.jsonl")
    file.write_bytes(b"{broken\n" + file.read_bytes())
    assert said(top, **model) == [("error", f"{file}:1: a line of the cost ledger cannot be read")]
    file.unlink()
    file.mkdir()
    assert said(top, **model)[0][0] == "error"


def test_calls_that_are_unfinished_for_a_day_are_named_with_their_mend(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 15, 12, tzinfo=UTC)
    monkeypatch.setattr(Workspace, "now", lambda _: now)
    spend(0.5, now - timedelta(hours=30), "0000000001")
    spend(0.25, now - timedelta(hours=1), "0000000002")
    assert said(top, CODING_MEMORY_MODEL="gpt-5-mini") == [
        ("ok", "$0.50 of the budget stay reserved for 1 unfinished call: 0000000001"),
        ("ok", "gpt-5-mini; $0.75 this month"),
    ]
