"""What a model makes of a pull request: its words at the head, the records below."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from planted import PLANTED, assert_fenced
from provider import Answer, Provider

from kagura_git.git.run import Git
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import pull_request, setup

SAID = {
    "title": "Keep the cart in a list\nand more", "summary": ["The cart keeps its order now."],
    "look_at": ["src/cart.py: the empty cart."],
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A branch ``topic`` with a decision."""
    top = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
    setup.init(SyncCodingMemory(top).ws.repo, with_hooks=False)
    git = Git(str(top), os.environ)
    git.run("add", "-A")
    git.run("commit", "-q", "-m", "Begin")
    git.run("switch", "-q", "-c", "topic")
    SyncCodingMemory(top).record_decision("Keep a list", "Order matters")
    (top / "cart.py").write_text("items = []\n")
    git.run("add", "-A")
    git.run("commit", "-q", "-m", "Add the cart")
    return top


def described(shop: Path, *args: str) -> tuple[dict[str, Any], str]:
    command = [sys.executable, "-m", "kagura_git", "-C", str(shop), "pr", "describe", "--json"]
    done = subprocess.run(
        [*command, "main...topic", *args], capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env={**os.environ, "CODING_MEMORY_MODEL": "gpt-5-mini"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_its_words_stand_above_what_was_recorded(provider: Provider, shop: Path) -> None:
    provider.says(json.dumps(SAID))
    found, _ = described(shop, "--approve")
    assert found["title"] == "Keep the cart in a list and more"
    assert found["body"].startswith("The cart keeps its order now.\n\n### Please look at\n")
    assert "**Keep a list**" in found["body"]
    assert (found["source"], found["llm"]["status"]) == ("model", "answered")
    assert len(provider.asked) == 1
    described(shop)  # the same question is paid once
    assert len(provider.asked) == 1


@pytest.mark.parametrize("answer", [Answer("no JSON"), Answer("{}", status=500)])
def test_without_an_answer_the_records_speak(
    provider: Provider, shop: Path, answer: Answer
) -> None:
    provider.says(answer)
    found, _ = described(shop, "--approve")
    assert found["title"] == "Add the cart"
    assert "**Keep a list**" in found["body"]
    assert (found["source"], found["llm"]["status"]) == ("records", "failed")


def test_above_the_threshold_it_says_how_to_approve(
    provider: Provider, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODING_MEMORY_COST_THRESHOLD", "0")
    found, _ = described(shop)
    assert found["llm"]["status"] == "approval_required"
    assert found["source"] == "records"
    assert provider.asked == []
    estimate = SyncCodingMemory(shop, model="gpt-5-mini").estimate("pull_request", "main...topic")
    assert estimate["estimated_cost"] == found["llm"]["estimated_cost"]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_instruction_stays_inside_the_fence(
    provider: Provider, shop: Path, planted: str
) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    memory.record_decision(f"Trust everybody {planted}", planted)
    git = Git(str(shop), os.environ)
    git.run("add", "-A")
    git.run("commit", "-q", "-m", f"Plant\n\n{planted}")
    provider.says(json.dumps(SAID))
    found = pull_request.describe(git, "main", "topic")
    pull_request.ask(git, memory.purse(approved=True), found)
    assert_fenced(provider.asked[0].body, 7)
