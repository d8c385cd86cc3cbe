"""Habits that go deep, and what a model adds to them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from planted import PLANTED, assert_fenced
from provider import Answer, Provider

from kagura_git.git.run import Git
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup

SAID = {
    "pattern_type": "error_handling", "name": "guard clauses first",
    "description": "Functions check what is missing first.", "examples": ["shop/api/a0.py"],
    "confidence": 3.0, "severity": "low", "recommendation": "Return early.",
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository of 40 changes, with what one should not do in it."""
    top = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
    setup.init(SyncCodingMemory(top).ws.repo, with_hooks=False)
    for number in range(10):
        for folder, body in (
            ("api", "from shop.store import items\n\n\ndef read_one(x):\n    return items[x]\n"),
            ("store", "def keep_one(x):\n    try:\n        x()\n    except:\n        raise\n"),
        ):
            path = top / "shop" / folder / f"a{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body + f"# number {number}\n")
    (top / "shop" / "store" / "a0.py").write_text(
        "import pdb\nx = 1  # TODO make this better\ny = 2  # TODO(ada) fine\nz = 3  # TODO #12\n"
        "try:\n    pass\nexcept ValueError: pass\nk = 4  # noqa\n"
    )
    (top / "web.ts").write_text("const a: any = 1;\nconsole.log(a);\ndebugger;\n")
    git = Git(str(top), os.environ)
    git.run("add", "-A")
    git.run("commit", "-q", "-m", "Begin")
    for number in range(10):
        (top / "shop" / "api" / f"a{number}.py").write_text(
            f"from shop.store import items\n\n\ndef read_one(x):\n    return items[x] + {number}\n"
        )
    git.run("commit", "-q", "-a", "-m", "Add")
    return top


def found_in(data: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in data["patterns"] if item["pattern_type"] == kind}


def test_what_costs_later_is_counted_with_its_places(shop: Path) -> None:
    found = found_in(SyncCodingMemory(shop).analyze_coding_patterns(), "anti_pattern")
    bare = found["bare except"]
    assert (bare["frequency"], bare["severity"]) == (9, "high")
    assert bare["examples"][0].startswith("shop/store/a")
    assert bare["examples"][0].endswith(".py:4")
    assert "Name the exceptions" in bare["recommendation"]
    assert found["to do without an owner or a ticket"]["frequency"] == 1
    assert found["exception swallowed"]["examples"] == ["shop/store/a0.py:7"]
    assert found["debugger left in"]["frequency"] == 2
    assert found["any type"]["examples"] == ["web.ts:1"]
    assert {"console output left in", "warning silenced without a rule"} <= found.keys()


def test_the_direction_of_imports_is_the_architecture(shop: Path) -> None:
    found = found_in(SyncCodingMemory(shop).analyze_coding_patterns(), "architecture")
    way = found["shop/api imports shop/store"]
    assert way["description"] == "10 imports of shop/store in shop/api, none the other way"
    (shop / "shop" / "store" / "a5.py").write_text("from shop.api import a0\n")
    way = found_in(SyncCodingMemory(shop).analyze_coding_patterns(), "architecture")[
        "shop/api imports shop/store"
    ]
    assert "1 the other way" in way["description"]
    assert way["recommendation"] == "shop/store/a5.py goes against that."


def test_a_model_only_adds_and_is_paid_once(provider: Provider, shop: Path) -> None:
    provider.says(json.dumps({"patterns": [SAID]}))
    plain = SyncCodingMemory(shop).analyze_coding_patterns()
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    data = memory.analyze_coding_patterns()
    assert data["patterns"][: len(plain["patterns"])] == plain["patterns"]
    (more,) = data["patterns"][len(plain["patterns"]) :]
    assert (more["name"], more["source"], more["confidence"]) == (
        "guard clauses first", "model", 1.0
    )  # fmt: skip
    assert {item["source"] for item in plain["patterns"]} == {"measured"}
    sent = provider.asked[0].body["messages"][1]["content"]
    assert "source files changed lately are Python" in sent
    assert "+++ b/shop/api/a0.py" in sent
    again = memory.analyze_coding_patterns()
    assert again["patterns"] == data["patterns"]
    assert again["llm"]["cost"] == 0.0
    assert len(provider.asked) == 1
    # The context is asked for at every start: it never costs.
    memory.get_project_context()
    assert len(provider.asked) == 1


def test_a_team_may_turn_it_off(provider: Provider, shop: Path) -> None:
    (shop / "kagura.toml").write_text("[coding_memory]\nenable_pattern_learning = false\n")
    data = SyncCodingMemory(shop, model="gpt-5-mini").analyze_coding_patterns()
    assert "llm" not in data
    assert provider.asked == []


def test_below_thirty_changes_nothing_is_asked(provider: Provider, tmp_path: Path) -> None:
    top = tmp_path / "small"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
    for number in range(12):
        (top / f"a{number}.py").write_text("def keep_it(): ...\n")
    git = Git(str(top), os.environ)
    git.run("add", "-A")
    git.run("commit", "-q", "-m", "Begin")
    data = SyncCodingMemory(top, model="gpt-5-mini").analyze_coding_patterns()
    assert data["enough"]
    assert found_in(data, "anti_pattern") == {}
    assert provider.asked == []


def test_what_rests_on_nothing_that_was_sent_is_left_out(provider: Provider, shop: Path) -> None:
    made_up = {**SAID, "name": "made up", "examples": ["shop/nowhere.py"]}
    half = {**SAID, "examples": ["shop/nowhere.py", "return items[x]"]}
    provider.says(json.dumps({"patterns": [made_up, half]}))
    data = SyncCodingMemory(shop, model="gpt-5-mini").analyze_coding_patterns(approve=True)
    (found,) = (item for item in data["patterns"] if item["source"] == "model")
    assert (found["name"], found["examples"]) == ("guard clauses first", ["return items[x]"])


@pytest.mark.parametrize(
    ("answer", "ask", "status"),
    [
        (Answer("no JSON"), True, "failed"),
        (Answer(json.dumps({"patterns": [SAID]})), False, "declined"),
        (Answer(json.dumps({"patterns": [SAID]})), None, "approval_required"),
    ],
)
def test_without_an_answer_what_was_measured_stands_alone(
    provider: Provider, shop: Path, answer: Answer, ask: bool | None, status: str
) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini", cost_threshold=0.0)
    provider.says(answer)
    data = memory.analyze_coding_patterns(ask=lambda _: ask)
    assert {item["source"] for item in data["patterns"]} == {"measured"}
    assert data["llm"]["status"] == status
    assert data["llm"]["reason"]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_instruction_stays_inside_the_fence(
    provider: Provider, shop: Path, planted: str
) -> None:
    (shop / "planted.py").write_text(f'"""{planted}"""\n')
    git = Git(str(shop), os.environ)
    git.run("add", "planted.py")
    git.run("commit", "-q", "-m", "Planted")
    provider.says(json.dumps({"patterns": []}))
    SyncCodingMemory(shop, model="gpt-5-mini").analyze_coding_patterns(approve=True)
    assert_fenced(provider.asked[0].body, 3)
