"""Older records in the words of a model, paid for once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from planted import PLANTED, assert_fenced
from provider import Answer, Provider

from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup

SAID = json.dumps({"summary": "Sessions and tokens were settled; keep to UTC."})


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A memory of sixty decisions."""
    top = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
    memory = SyncCodingMemory(top)
    setup.init(memory.ws.repo, with_hooks=False)
    decide(memory, range(60))
    return top


def decide(memory: SyncCodingMemory, numbers: range, why: str = "because") -> None:
    memory.record_many(
        {"kind": "decision", "decision": f"Choose way number {n}", "rationale": why,
         "created_at": f"2026-01-01T{n // 60:02}:{n % 60:02}:00Z"}
        for n in numbers
    )  # fmt: skip


def test_a_whole_group_is_summed_up_once(provider: Provider, shop: Path) -> None:
    provider.says(SAID)
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    found = memory.get_project_context(max_tokens=1500)
    summed = [g for g in found["older"] if g["summary"].startswith("Sessions and tokens")]
    assert summed
    assert summed[0]["ids"]
    calls = len(provider.asked)
    assert calls == memory.coding_analyzer.call_count
    assert memory.coding_analyzer.call_costs[0]["operation"] == "context_digest"
    # Newer records leave the older groups as they are: nothing is asked again.
    decide(memory, range(60, 63))
    memory.get_project_context(max_tokens=1500)
    assert len(provider.asked) == calls


@pytest.mark.parametrize("answer", [Answer("no JSON"), Answer("{}", status=400)])
def test_without_an_answer_it_counts(provider: Provider, shop: Path, answer: Answer) -> None:
    provider.says(answer)
    found = SyncCodingMemory(shop, model="gpt-5-mini").get_project_context(max_tokens=1500)
    assert found["older"][0]["summary"].startswith("such as ")
    assert found["llm"]["status"] == "failed"
    assert found["token_count"] <= 1500


def test_above_the_threshold_it_counts_and_says_the_price(provider: Provider, shop: Path) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini", cost_threshold=0.0)
    found = memory.get_project_context(max_tokens=1500)
    assert found["llm"]["status"] == "approval_required"
    assert found["llm"]["estimated_cost"] > 0
    estimate = memory.estimate("context_digest")
    assert estimate["estimated_cost"] == pytest.approx(found["llm"]["estimated_cost"], rel=0.05)
    assert provider.asked == []


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_instruction_stays_inside_the_fence(
    provider: Provider, shop: Path, planted: str
) -> None:
    provider.says(SAID)
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    decide(memory, range(0, 60), why=planted)
    memory.get_project_context(max_tokens=1500)
    for asked in provider.asked:
        assert_fenced(asked.body, 1)
    assert provider.asked
