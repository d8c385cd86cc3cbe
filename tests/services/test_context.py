"""What an assistant is told, and that it never costs more than was asked for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kagura_git import CodingMemory
from kagura_git.memory import SyncCodingMemory
from kagura_git.model.tokens import count_tokens


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


@settings(max_examples=25)
@given(
    budget=st.integers(200, 6000),
    texts=st.lists(st.text(min_size=1, max_size=400), min_size=1, max_size=8),
)
def test_the_whole_answer_keeps_its_budget(
    tmp_path_factory: pytest.TempPathFactory, budget: int, texts: list[str]
) -> None:
    memory = new_memory(tmp_path_factory.mktemp("budget") / "repo")
    memory.record_many(
        {"kind": "decision", "decision": f"D {t}", "rationale": f"r {t}"}
        for t in texts
        if t.isprintable()
    )
    found = memory.get_project_context(max_tokens=budget)
    assert count_tokens(json.dumps(found, ensure_ascii=False)) <= budget + 2
    assert found["token_count"] <= budget
