"""What doctor says of the language model that a user has named."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kagura_git.llm import library
from kagura_git.llm.ledger import Call
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import health, health_llm, setup, spending


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


def spend(cost: float) -> None:
    ledger = spending.ledger_of(os.environ)
    ledger.append(
        Call(
            timestamp=datetime.now(UTC), model="m", operation="o", repository="r", tokens_in=1,
            tokens_out=1, cost=cost,
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
    assert "1 lines of this month's ledger cannot be read" in said(top, **model)[0][1]
    file.unlink()
    file.mkdir()
    assert said(top, **model)[0][0] == "error"
