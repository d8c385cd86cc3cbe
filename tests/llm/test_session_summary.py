"""The summary of a session, by a model and without one: from the command line to the record."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from planted import PLANTED, assert_fenced, mark_of
from provider import Answer, Provider

from kagura_git.git.run import Git
from kagura_git.llm.approval import Estimate
from kagura_git.llm.ledger import Ledger
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import setup

MODELS = ("gpt-5-mini", "claude-sonnet-4-5", "gemini/gemini-2.5-flash")
SAID = {
    "what": ["src/auth.py compares expiry in UTC."],
    "why": ["Tokens of other zones were refused."],
    "problems": ["Naive and aware datetimes were compared; solved by datetime.now(UTC)."],
    "decisions": ["Every timestamp is kept in UTC."],
    "open_ends": [],
    "recommendations": ["Let a linter refuse datetime.now() without a zone."],
}
GOOD = json.dumps(SAID)
SNAPSHOT = Path(__file__).parent / "snapshots" / "session_summary.txt"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    top = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(top)], check=True)
    setup.init(SyncCodingMemory(top).ws.repo, with_hooks=False)
    return top


def worked(top: Path, **settings: Any) -> SyncCodingMemory:
    """Return a memory with an active session in which something happened."""
    memory = SyncCodingMemory(top, **settings)
    memory.start_coding_session("Comparison of timestamps fails in other zones", ["bugfix"])
    memory.record_error("TypeError", "can't compare offset-naive and offset-aware datetimes",
                        'File "src/auth.py", line 42, in check', "src/auth.py", 42,
                        "Use datetime.now(UTC) everywhere")  # fmt: skip
    memory.record_decision("Keep every timestamp in UTC", "Local time is for showing only")
    memory.track_file_change(
        "src/auth.py", "edit", "+ now = datetime.now(UTC)", "Compare in UTC only"
    )
    (top / "src").mkdir()
    (top / "src" / "auth.py").write_text("now = datetime.now(UTC)\n")
    git = Git(str(top), os.environ)
    git.run("add", "-A")
    git.run("commit", "-q", "-m", "Compare expiry in UTC")
    session = memory.ws.working.active_session()
    git.run("commit", "-q", "--allow-empty", "-m", f"Note\n\nKagura-Session: {session}")
    return memory


def stored(memory: SyncCodingMemory, session_id: str) -> Any:
    return SyncCodingMemory(memory.ws.repo.top).recall(session_id)


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"], "kagura-git", "spending")


@pytest.mark.parametrize("model", MODELS)
def test_a_models_summary_is_kept_with_model_prompt_and_price(
    provider: Provider, shop: Path, model: str
) -> None:
    import litellm

    provider.says(GOOD)
    memory = worked(shop, model=model)
    done = memory.end_coding_session(success=True)
    assert done["summary"].startswith("Comparison of timestamps fails in other zones (")
    for title in ("What was done", "Why", "Problems and their fixes", "Decisions",
                  "Open ends\nNothing was recorded.", "Recommendations"):  # fmt: skip
        assert f"\n## {title}" in done["summary"]
    assert "- src/auth.py compares expiry in UTC." in done["summary"]
    cost = sum(litellm.cost_per_token(model=model, prompt_tokens=1_200, completion_tokens=340))
    record = stored(memory, done["id"])
    assert (record.summary, record.summary_model) == (done["summary"], model)
    assert record.summary_prompt == "session_summary/1"
    assert record.summary_cost == pytest.approx(cost, rel=1e-9)
    assert done["llm"]["status"] == "answered"
    spent = Ledger(state()).month(Ledger(state()).months()[0])
    assert [(c.model, c.operation, c.repository) for c in spent.calls] == [
        (model, "session_summary", "shop")
    ]
    assert spent.cost == pytest.approx(cost, rel=1e-9)
    analyzer = memory.coding_analyzer
    assert analyzer.total_cost == pytest.approx(cost, rel=1e-9)
    assert (analyzer.call_count, analyzer.total_tokens) == (1, 1_540)
    assert analyzer.call_costs[0]["model"] == model
    assert {"timestamp", "cost"} <= analyzer.call_costs[0].keys()


def prompt_of(provider: Provider) -> str:
    system, user = provider.asked[0].body["messages"]
    text = f"{system['content']}\n\n=====\n\n{user['content']}\n"
    text = re.sub(r"\b([DEST])-[0-9a-hjkmnp-tv-z]{8}\b", r"\1-xxxxxxxx", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "xxxxxxxxxxxx", text)
    text = re.sub(r"\b[0-9a-f]{7,}\.\.[0-9a-f]{7,}", "x..x", text)
    return re.sub(r"started \d{4}-\d\d-\d\d \d\d:\d\d", "started 2026-01-01 00:00", text)


def test_the_prompt_is_the_one_that_was_reviewed(provider: Provider, shop: Path) -> None:
    provider.says(GOOD)
    worked(shop, model="gpt-5-mini").end_coding_session()
    found = prompt_of(provider)
    if os.environ.get("KAGURA_WRITE_SNAPSHOTS"):
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(found)
    assert found == SNAPSHOT.read_text()


def test_the_same_session_gives_the_same_prompt(provider: Provider, shop: Path) -> None:
    provider.says(GOOD)
    memory = worked(shop, model="gpt-5-mini")
    done = memory.end_coding_session()
    memory.summarize_session(done["id"])
    assert provider.asked[0].body["messages"] == provider.asked[1].body["messages"]


def test_without_a_model_the_summary_is_made_of_the_records(shop: Path) -> None:
    done = worked(shop).end_coding_session()
    assert "llm" not in done
    assert "Use datetime.now(UTC) everywhere" in done["summary"]
    assert done["summary_model"] is None


def test_ones_own_summary_asks_nobody(provider: Provider, shop: Path) -> None:
    done = worked(shop, model="gpt-5-mini").end_coding_session("All done.")
    assert (done["summary"], provider.asked) == ("All done.", [])


def test_the_setting_turns_it_off(provider: Provider, shop: Path) -> None:
    (shop / "kagura.toml").write_text("[coding_memory]\nauto_summarize_on_end = false\n")
    done = worked(shop, model="gpt-5-mini").end_coding_session()
    assert provider.asked == []
    assert "## Decisions" in done["summary"]


def offline(done: dict[str, Any], status: str) -> dict[str, Any]:
    """Check that a summary was made without the model, and return what is said of that."""
    assert "Use datetime.now(UTC) everywhere" in done["summary"]
    assert done["ended_at"]
    assert done["summary_model"] is None
    assert done["llm"]["status"] == status
    told: dict[str, Any] = done["llm"]
    return told


@pytest.mark.parametrize(
    ("answer", "reason", "calls"),
    [
        (Answer("I would rather talk about it."), "not JSON", 2),
        (Answer('{"what": "a text, no list"}'), "not of the form", 2),
        (Answer('{"what": ["x"], "why": ['[:20], ended="length"), "cut at 340 tokens", 2),
        (Answer("No.", refusal=True), "refused", 1),
        (Answer("down", status=500), "the provider failed", 3),
        (Answer("bad key", status=401), "does not accept the key", 1),
        (Answer(""), "empty", 2),
    ],
)
def test_an_answer_that_cannot_be_used_leaves_the_summary_to_us(
    provider: Provider, shop: Path, monkeypatch: pytest.MonkeyPatch,
    answer: Answer, reason: str, calls: int,
) -> None:  # fmt: skip
    monkeypatch.setattr("kagura_git.llm.client._FIRST_WAIT", 0.01)
    provider.says(answer)
    memory = worked(shop, model="gpt-5-mini")
    told = offline(memory.end_coding_session(), "failed")
    assert reason in told["reason"]
    assert len(provider.asked) == calls
    # What was paid for nothing is in the ledger too.
    paid = [call for call in memory.coding_analyzer.call_costs if not call["ok"]]
    # A server that failed may have billed the call all the same; a wrong key may not.
    assert len(paid) == (0 if answer.status == 401 else calls)


def test_a_malformed_answer_is_repaired_once(provider: Provider, shop: Path) -> None:
    provider.says("Sure! Here it is: {what", f"```json\n{GOOD}\n```")
    memory = worked(shop, model="gpt-5-mini")
    done = memory.end_coding_session()
    assert done["llm"]["status"] == "answered"
    repair = provider.asked[1].body["messages"]
    assert [message["role"] for message in repair] == ["system", "user", "assistant", "user"]
    assert "not JSON" in repair[-1]["content"]
    assert memory.coding_analyzer.call_count == 2
    assert stored(memory, done["id"]).summary_cost == pytest.approx(
        memory.coding_analyzer.total_cost
    )


def test_a_huge_answer_is_no_record(provider: Provider, shop: Path) -> None:
    provider.says(json.dumps({**SAID, "what": ["x" * 2_000_000]}))
    memory = worked(shop, model="gpt-5-mini")
    done = memory.end_coding_session()
    assert len(done["summary"]) < 2_000
    assert stored(memory, done["id"]).summary == done["summary"]


@pytest.mark.parametrize(("answer", "status"), [(False, "declined"), (None, "approval_required")])
def test_above_the_threshold_the_user_is_asked(
    provider: Provider, shop: Path, answer: bool | None, status: str
) -> None:
    asked: list[Estimate] = []

    def ask(estimate: Estimate) -> bool | None:
        asked.append(estimate)
        return answer

    memory = worked(shop, model="gpt-5-mini", cost_threshold=0.0)
    told = offline(memory.end_coding_session(ask=ask), status)
    assert provider.asked == []
    assert told["estimated_cost"] == asked[0].cost
    assert (asked[0].cost or 0) > 0.0005
    assert 300 < asked[0].tokens_in < 3_000


def test_what_was_approved_is_asked(provider: Provider, shop: Path) -> None:
    provider.says(GOOD)
    memory = worked(shop, model="gpt-5-mini", cost_threshold=0.0)
    assert memory.end_coding_session(ask=lambda _: True)["llm"]["status"] == "answered"


def test_nobody_can_be_asked_and_it_is_approved_afterwards(provider: Provider, shop: Path) -> None:
    provider.says(GOOD)
    memory = worked(shop, model="gpt-5-mini", cost_threshold=0.0)
    done = memory.end_coding_session()
    offline(done, "approval_required")
    again = memory.summarize_session(done["id"], approve=True)
    assert again["llm"]["status"] == "answered"
    assert stored(memory, done["id"]).summary_model == "gpt-5-mini"


def test_beyond_the_budget_nothing_is_asked_whoever_approves(
    provider: Provider, shop: Path
) -> None:
    (shop / "kagura.toml").write_text("[coding_memory.costs]\nmax_monthly_budget_usd = 0.0001\n")
    memory = worked(shop, model="gpt-5-mini", auto_approve=True)
    told = offline(memory.end_coding_session(approve=True), "over_budget")
    assert provider.asked == []
    assert "of the month's $0.00" in told["reason"]


def test_a_ledger_that_is_broken_stops_the_spending(provider: Provider, shop: Path) -> None:
    memory = worked(shop, model="gpt-5-mini")
    state().mkdir(parents=True)
    (state() / f"{memory.ws.now():%Y-%m}.jsonl").mkdir()
    told = offline(memory.end_coding_session(), "failed")
    assert "cannot be read" in told["reason"]
    assert provider.asked == []


def test_the_length_of_an_answer_is_learned(provider: Provider, shop: Path) -> None:
    provider.says(Answer(GOOD, tokens_out=2_000))
    memory = worked(shop, model="gpt-5-mini")
    session = memory.ws.working.active_session()
    before = memory.estimate("session_summary")
    assert (before["tokens_out"], before["learned_from"]) == (600, 0)
    memory.end_coding_session()
    after = memory.estimate("session_summary", session)
    assert (after["tokens_out"], after["learned_from"]) == (2_000, 1)


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_instruction_stays_inside_the_fence(
    provider: Provider, shop: Path, planted: str
) -> None:
    provider.says(GOOD)
    memory = worked(shop, model="gpt-5-mini")
    # Whoever plants it may know the mark of the prompt before this one.
    memory.end_coding_session()
    mark = mark_of(provider.asked[0].body)
    memory.start_coding_session("Another")
    memory.record_decision("Trust everybody", planted.replace("{mark}", mark))
    memory.end_coding_session()
    assert mark_of(provider.asked[1].body) != mark
    assert_fenced(provider.asked[1].body, 6)


def test_no_secret_leaves(provider: Provider, shop: Path) -> None:
    provider.says(GOOD)
    memory = worked(shop, model="gpt-5-mini")
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    (shop / "src" / "conf.py").write_text(f"TOKEN = '{token}'\n")
    git = Git(str(shop), os.environ)
    git.run("add", "-A")
    session = memory.ws.working.active_session()
    git.run("commit", "-q", "-m", f"Add a token\n\nKagura-Session: {session}")
    memory.end_coding_session()
    sent = json.dumps(provider.asked[0].body)
    assert "conf.py" in sent
    assert token not in sent
    assert provider.environ["OPENAI_API_KEY"] not in sent


def test_a_session_left_open_is_closed_by_the_next(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "kagura.toml").write_text("[coding_memory]\nmax_session_duration_hours = 1\n")
    memory = worked(shop)
    first = memory.ws.working.active_session()
    assert first
    now = memory.ws.now
    from datetime import timedelta

    later = SyncCodingMemory(shop)
    monkeypatch.setattr(type(later.ws), "now", lambda self: now() + timedelta(hours=30))
    later.start_coding_session("The next day")
    closed = stored(later, first)
    assert "Left open: the next session closed it after 30 h (the limit is 1)" in closed.summary
    assert closed.success is None
    assert closed.ended_at - closed.started_at < timedelta(minutes=5)


Cli = Callable[..., Any]


@pytest.fixture
def kagura(shop: Path) -> Cli:
    def run(*args: str, code: int = 0) -> Any:
        argv = [sys.executable, "-m", "kagura_git", "-C", str(shop), *args, "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert (done.returncode, done.stderr) == (code, ""), done.stderr + done.stdout
        return json.loads(done.stdout)

    return run


def test_the_command_line_plans_asks_and_shows_the_costs(
    provider: Provider, shop: Path, kagura: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.says(GOOD)
    worked(shop)
    monkeypatch.setenv("CODING_MEMORY_MODEL", "gpt-5-mini")
    monkeypatch.setenv("CODING_MEMORY_COST_THRESHOLD", "0")
    estimate = kagura("llm", "estimate", "session_summary")
    assert estimate["approval_required"]
    done = kagura("session", "end")
    assert done["llm"]["approval_required"]
    assert done["llm"]["estimated_cost"] == pytest.approx(estimate["estimated_cost"], rel=0.02)
    assert done["llm"]["approve_with"] == f"git kagura session summarize {done['id']} --approve"
    assert provider.asked == []
    again = kagura("session", "summarize", done["id"], "--approve")
    assert again["summary_model"] == "gpt-5-mini"
    costs = kagura("costs")
    assert costs["call_count"] == 1
    assert costs["total_tokens"] == 1_540
    assert costs["total_cost"] == pytest.approx(again["llm"]["cost"])
    assert costs["by_model"]["gpt-5-mini"]["calls"] == 1
    assert costs["by_operation"].keys() == {"session_summary"}
    assert costs["by_repository"].keys() == {"shop"}
    assert kagura("costs", "--month", "2020-01")["total_cost"] == 0
    assert "not a month" in kagura("costs", "--month", "x", code=2)["error"]["message"]
    wrong = kagura("llm", "estimate", "everything", code=2)["error"]
    assert "session_summary" in wrong["hint"]
