"""What an assistant is told, and that it never costs more than was asked for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kagura_git import CodingMemory
from kagura_git.git.links import Links
from kagura_git.memory import SyncCodingMemory
from kagura_git.model.tokens import count_tokens
from kagura_git.services import context
from kagura_git.services.context_summary import first_paragraph
from tests.work import processor_seconds


def git(top: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=top, check=True, capture_output=True)


def commit(top: Path, files: dict[str, str], subject: str) -> None:
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(top, "add", "-A")
    git(top, "commit", "--quiet", "-m", subject)


def new_memory(top: Path) -> SyncCodingMemory:
    git(top.parent, "init", "--quiet", "-b", "main", str(top))
    (top / ".kagura").mkdir()
    return CodingMemory.sync(top)


@pytest.fixture
def memory(tmp_path: Path) -> SyncCodingMemory:
    made = new_memory(tmp_path / "shop")
    commit(
        tmp_path / "shop",
        {
            "README.md": "# Shop\n\n[![ci](x)](y)\n\nA [web shop](z) that sells pens and paper.\n",
            "pyproject.toml": '[project]\ndependencies = ["fastapi>=0.115"]\n',
            "src/auth.py": "a\n",
            "src/cart.py": "c\n",
        },
        "Start",
    )
    commit(tmp_path / "shop", {"src/cart.py": "d\n"}, "Change the cart")
    return made


def test_the_summary_says_what_the_project_is(memory: SyncCodingMemory) -> None:
    found = memory.get_project_context()
    assert found["project_id"] == "shop"
    assert "A web shop that sells pens and paper." in found["summary"]
    assert "2 commits on main" in found["summary"]
    assert {"Python", "fastapi"} <= {tech["name"] for tech in found["tech_stack"]}
    assert [change["subject"] for change in found["recent_changes"]] == ["Change the cart", "Start"]
    assert found["recent_changes"][0]["files"] == ["src/cart.py"]


def test_only_live_decisions_and_open_errors_are_told(memory: SyncCodingMemory) -> None:
    kept = memory.record_decision("Keep UTC", "Zones")
    gone = memory.record_decision("Use local time", "Simple")
    memory.record_decision("Never local time", "Wrong", supersedes=gone.id)
    open_ = memory.record_error("TypeError", "boom", file_path="src/auth.py")
    memory.record_error("ValueError", "done", solution="fixed")
    found = memory.get_project_context()
    assert gone.id not in {d["id"] for d in found["decisions"]}
    assert kept.id in {d["id"] for d in found["decisions"]}
    assert [e["id"] for e in found["open_errors"]] == [open_.id]


def test_changes_that_wait_for_a_commit_come_first(memory: SyncCodingMemory) -> None:
    memory.track_file_change("src/auth.py", "edit", "", "Because of zones")
    first = memory.get_project_context()["recent_changes"][0]
    assert (first["commit"], first["reasons"]) == (None, ["Because of zones"])


def test_the_focus_brings_what_is_near_to_the_front(memory: SyncCodingMemory) -> None:
    auth = memory.record_decision("Rotate keys", "Safer", related_files=["src/auth.py"])
    for number in range(5):
        memory.record_decision(f"Paint it {number}", "Nice", related_files=["src/cart.py"])
    broken = memory.record_error("E", "one", file_path="src/auth.py")
    memory.record_error("E", "two", file_path="src/cart.py")
    found = memory.get_project_context(focus="src/auth.py")
    assert found["decisions"][0]["id"] == auth.id
    assert found["open_errors"][0]["id"] == broken.id
    assert "src/auth.py" in found["recent_changes"][0]["files"]


def test_a_repository_without_a_commit_has_a_context(tmp_path: Path) -> None:
    found = new_memory(tmp_path / "empty").get_project_context()
    assert found["recent_changes"] == []
    assert found["summary"]


def test_a_broken_manifest_or_record_does_not_hide_the_rest(memory: SyncCodingMemory) -> None:
    commit(
        memory.ws.repo.top and Path(memory.ws.repo.top),
        {"package.json": "{", ".kagura/errors/2026-01/E-00000000-x.yaml": "a: 1\na: 2\n"},
        "Break",
    )
    kept = memory.record_decision("Keep UTC", "Zones")
    found = memory.get_project_context()
    assert [d["id"] for d in found["decisions"]] == [kept.id]
    assert "fastapi" in {tech["name"] for tech in found["tech_stack"]}


def ids(found: dict[str, Any], section: str) -> list[str]:
    return [item["id"] for item in found[section]]


def test_size_age_people_and_session_are_facts_of_the_summary(memory: SyncCodingMemory) -> None:
    session = memory.start_coding_session("Sell pens by the dozen")
    found = memory.get_project_context()["summary"]
    assert "Python 100 %" in found
    assert re.search(r"2 commits on main by 1 person since \d{4}-\d\d-\d\d\.", found)
    assert f"Active session {session.id}: Sell pens by the dozen." in found


@pytest.mark.parametrize(
    ("focus", "wanted"),
    [
        ("authentication tokens", 0), ("stateless", 0), ("auth", 0), ("認証", 1), ("認証の方法", 1),
    ],
)  # fmt: skip
def test_a_topic_is_found_by_words_alone(memory: SyncCodingMemory, focus: str, wanted: int) -> None:
    said = [
        memory.record_decision("Use JWT tokens for authentication", "Stateless"),
        memory.record_decision("認証にはJWTを使う", "水平スケール"),
    ]
    for number in range(4):
        memory.record_decision(f"Paint the fence {number}", "Nice")
    found = context.project_context(memory.ws, focus=focus).to_dict()
    assert ids(found, "decisions")[0] == said[wanted].id


def test_meaning_orders_where_words_do_not(memory: SyncCodingMemory) -> None:
    meant = memory.record_decision("Rotate keys", "Safer")
    for number in range(4):
        memory.record_decision(f"Paint the fence {number}", "Nice")
    found = context.project_context(memory.ws, focus="login", related=lambda _: {meant.id: 0.7})
    assert found.decisions[0]["id"] == meant.id


def test_a_folder_in_focus_or_above_it_counts(memory: SyncCodingMemory) -> None:
    above = memory.record_decision("Layers", "Order", related_files=["src/"])
    inside = memory.record_decision("Keys", "Safe", related_files=["src/auth.py"])
    other = memory.record_decision("Docs", "Read", related_files=["docs/a.md"])
    by_file = memory.get_project_context(focus="src/auth.py")
    by_folder = memory.get_project_context(focus="src")
    for found in (by_file, by_folder):
        assert set(ids(found, "decisions")[:2]) == {above.id, inside.id}
        assert ids(found, "decisions")[-1] == other.id


def test_a_record_is_near_through_the_commit_that_carried_it(memory: SyncCodingMemory) -> None:
    carried = memory.record_decision("Round half to even", "Banks do")
    for number in range(4):
        memory.record_decision(f"Paint the fence {number}", "Nice")
    sha = memory.ws.repo.commit("HEAD")
    links = Links(order=[sha], records={sha: {carried.id: "recorded"}})
    found = context.project_context(memory.ws, links, focus="src/cart.py")
    assert found.decisions[0]["id"] == carried.id


def test_the_focus_reaches_back_beyond_the_newest_commits(memory: SyncCodingMemory) -> None:
    top = Path(memory.ws.repo.top)
    for number in range(35):
        commit(top, {"docs.md": str(number)}, f"Docs {number}")
    plain = memory.get_project_context()
    assert plain["recent_changes"][0]["subject"] == "Docs 34"
    found = memory.get_project_context(focus="src/auth.py")["recent_changes"][0]
    assert found["subject"] == "Start"
    assert found["files"][0] == "src/auth.py"


def test_records_of_another_project_are_left_out_when_one_is_named(
    memory: SyncCodingMemory,
) -> None:
    memory.record_decision("Ours", "r")
    theirs = CodingMemory.sync(memory.ws.repo.top, project_id="other")
    kept = theirs.record_decision("Theirs", "r")
    assert ids(theirs.get_project_context(), "decisions") == [kept.id]
    assert len(memory.get_project_context()["decisions"]) == 2


def test_one_record_too_large_does_not_hide_the_others(memory: SyncCodingMemory) -> None:
    small = memory.record_decision("Keep UTC", "Zones")
    path = "/".join(["long"] * 900)
    memory.record_decision("Large", "r", related_files=[f"{path}/{n}" for n in range(5)])
    assert ids(memory.get_project_context(max_tokens=1500), "decisions") == [small.id]


def test_a_long_readme_leaves_room_for_records(memory: SyncCodingMemory) -> None:
    commit(Path(memory.ws.repo.top), {"README.md": "# X\n\n" + "認証" * 2000}, "Readme")
    kept = memory.record_decision("Keep UTC", "Zones")
    assert ids(memory.get_project_context(max_tokens=600), "decisions") == [kept.id]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# A\n\n[![b](c)](d) ![e](f)\n\nSells **pens** and [paper](x) to `all`.",
         "Sells pens and paper to all."),
        ("# A\n```sh\nnpm install something long enough\n```\n\nThis is what it is for.",
         "This is what it is for."),
        ("<!-- a comment\n\nof two paragraphs -->\n<p align=x>\n\nThis is what it is for.",
         "This is what it is for."),
        ("", ""),
    ],
)  # fmt: skip
def test_the_first_paragraph_is_prose(text: str, said: str) -> None:
    assert first_paragraph(text.encode()) == said


@pytest.mark.parametrize("piece", ["[![", "](", "![", "<", "<!--", "*", "[a](", "```", "`"])
def test_a_readme_made_to_be_slow_is_not(piece: str) -> None:
    start = time.process_time()
    first_paragraph((piece * 60_000).encode())
    first_paragraph(("[![" * 1300 + piece * 1300).encode())
    assert time.process_time() - start < 10


def test_what_hides_and_what_no_encoder_takes_is_not_told(memory: SyncCodingMemory) -> None:
    top = Path(memory.ws.repo.top)
    (top / os.fsdecode(b"caf\xe9.py")).write_text("x")
    commit(top, {}, "Add \u202egnp.exe\u200b a file")
    found = memory.get_project_context()
    text = json.dumps(found, ensure_ascii=False).encode().decode()
    assert "\u202e" not in text
    assert "\u200b" not in text
    assert "caf\ufffd.py" in found["recent_changes"][0]["files"]


@pytest.mark.parametrize("budget", [1, 30, 50])
def test_a_tiny_budget_still_has_every_field(memory: SyncCodingMemory, budget: int) -> None:
    memory.record_decision("Keep UTC", "Zones")
    found = memory.get_project_context(max_tokens=budget)
    assert found.keys() == {
        "project_id", "summary", "tech_stack", "recent_changes", "decisions", "open_errors",
        "sessions", "patterns", "older", "token_count",
    }  # fmt: skip
    sections = {name: value for name, value in found.items() if isinstance(value, list)}
    assert not any(sections.values())
    assert (found["project_id"], found["summary"]) == ("shop", "")


def test_more_room_is_used(memory: SyncCodingMemory) -> None:
    for number in range(60):
        memory.record_decision(f"Decide the matter of {number}", "For reasons of its own " * 5)
    for budget in (600, 2000, 4000):
        cost = memory.get_project_context(max_tokens=budget)["token_count"]
        assert budget * 0.8 < cost <= budget


def test_the_estimate_is_not_below_a_real_tokenizer(memory: SyncCodingMemory) -> None:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no fetch at import
    litellm: Any = pytest.importorskip("litellm")
    memory.record_decision("認証にはJWTを使う。サーバーに状態を持たない", "水平スケールのため" * 9)
    answer = json.dumps(memory.get_project_context(), ensure_ascii=False)
    source = Path(context.__file__).read_text(encoding="utf-8")
    for text in (answer, source):
        real = litellm.token_counter(model="gpt-4o", text=text)
        assert count_tokens(text) >= 0.95 * real


def test_ten_thousand_commits_and_files_cost_bounded_processor_time(tmp_path: Path) -> None:
    top = tmp_path / "big"
    memory = new_memory(top)
    stream = [b"blob\nmark :1\ndata 12\ndef a(): 1\n\n\n"]
    for number in range(10_000):
        stream.append(
            b"commit refs/heads/main\ncommitter A <a%d@b> %d +0000\ndata 3\nabc\n"
            b"M 100644 :1 src/%d/%d.py\nM 100644 :1 src/0/%d.py\n"
            % (number % 50, 1_600_000_000 + number, number // 99, number, number // 2)
        )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=top, input=b"".join(stream), check=True)
    git(top, "read-tree", "HEAD")
    context.project_context(memory.ws)  # what is imported is imported
    for focus in (None, "src/7/700.py", "a topic"):
        start = processor_seconds()
        found = context.project_context(memory.ws, focus=focus)
        # 0.5 on a quiet machine; a process or a look at the history for each file takes minutes.
        assert processor_seconds() - start < 10, focus
    assert "10000 commits on main by 50 people since 2020-09-13" in found.summary


@settings(max_examples=25)
@given(
    budget=st.integers(200, 6000),
    texts=st.lists(st.text(min_size=1, max_size=400), min_size=1, max_size=8),
)
def test_the_whole_answer_keeps_its_budget(
    tmp_path_factory: pytest.TempPathFactory, budget: int, texts: list[str]
) -> None:
    top = tmp_path_factory.mktemp("budget") / "repo"
    memory = new_memory(top)
    shown = [text for text in texts if text.isprintable()]
    memory.record_many(
        {"kind": "decision", "decision": f"D {t}", "rationale": f"r {t}"} for t in shown
    )
    memory.record_many({"kind": "error", "error_type": "E", "message": f"m {t}"} for t in shown)
    commit(top, {"README.md": "".join(shown), "src/a.py": "x = 1\n"}, f"Say {''.join(shown)}"[:500])
    found = memory.get_project_context(max_tokens=budget)
    assert count_tokens(json.dumps(found, ensure_ascii=False)) <= budget
    assert found["token_count"] <= budget


def grown(memory: SyncCodingMemory) -> None:
    for number in range(12):
        memory.start_coding_session(f"Task number {number}")
        memory.record_decision(
            f"Decision {number} about storage", f"Because of reason {number}. " * 60,
            alternatives=[f"the other way {number}"],
        )  # fmt: skip
        memory.end_coding_session(f"Summary {number}. " * 40)


def test_levels_tell_more_of_the_same(memory: SyncCodingMemory) -> None:
    grown(memory)
    brief, detailed, whole = (
        memory.get_project_context(level=level) for level in ("brief", "detailed", "comprehensive")
    )
    assert brief["token_count"] <= 1_000 < detailed["token_count"] <= 4_000
    assert detailed["token_count"] < whole["token_count"] <= 16_000
    longest = [max(len(d["rationale"]) for d in x["decisions"]) for x in (brief, detailed, whole)]
    assert longest[0] < longest[1] < longest[2]
    assert whole["decisions"][0]["alternatives"] == ["the other way 11"]


def test_the_newest_are_told_whole_and_older_ones_by_id_in_few_words(
    memory: SyncCodingMemory,
) -> None:
    grown(memory)
    found = memory.get_project_context(level="comprehensive")
    lengths = [len(item["summary"]) for item in found["sessions"]]
    assert found["sessions"][0]["description"] == "Task number 11"
    assert lengths[0] > 400
    assert lengths[-1] <= 241
    assert len(found["sessions"]) == 12
    assert all(item["id"].startswith("S-") for item in found["sessions"])


def test_the_budget_is_counted_with_the_models_own_tokenizer(
    memory: SyncCodingMemory,
) -> None:
    from kagura_git.llm.counting import text_tokens

    grown(memory)
    models = SyncCodingMemory(memory.ws.repo.top, model="gpt-4o")
    for budget in (300, 900, 2_500):
        found = models.get_project_context(max_tokens=budget)
        assert found["token_count"] <= budget
        real = text_tokens("gpt-4o", json.dumps(found, ensure_ascii=False))
        assert abs(real - found["token_count"]) <= 3
        assert real > 0.8 * budget


@pytest.mark.parametrize("budget", [300, 1000, 4000])
def test_what_has_no_room_is_told_by_the_group_with_its_ids(
    memory: SyncCodingMemory, budget: int
) -> None:
    made = [
        {"kind": "decision", "decision": f"Choose way number {n}", "rationale": "because " * 20,
         "tags": ["auth" if n % 3 else "storage"],
         "created_at": f"2026-01-{n % 28 + 1:02}T00:00:{n % 60:02}Z"}
        for n in range(80)
    ]  # fmt: skip
    ids = {str(saved) for saved in memory.record_many(made)}
    found = memory.get_project_context(max_tokens=budget)
    assert count_tokens(json.dumps(found, ensure_ascii=False)) <= budget
    assert found["token_count"] <= budget
    told = {item["id"] for item in found["decisions"]}
    older = [name for group in found["older"] for name in group["ids"]]
    assert len(set(older)) == len(older)
    assert not told & set(older)
    assert told | set(older) <= ids | told
    if budget > 300:
        group = found["older"][0]
        assert group["kind"] == "decision"
        assert "auth (" in group["summary"]
        assert group["from"] <= group["to"]
        assert group["count"] >= len(group["ids"])


def test_a_small_memory_has_nothing_older(memory: SyncCodingMemory) -> None:
    memory.record_decision("Use JWT", "Stateless")
    assert memory.get_project_context()["older"] == []
