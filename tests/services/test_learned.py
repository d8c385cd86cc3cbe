"""Learned patterns are records: kept once, renewed, merged, found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kagura_git.git import shims
from kagura_git.memory import SyncCodingMemory
from kagura_git.model.records import LearnedPattern
from kagura_git.services import learned, setup
from tests.services.test_context import commit, git, new_memory

ROOT = Path(__file__).resolve().parents[2]
STYLE = {
    "pattern_type": "naming", "name": "snake_case functions in Python",
    "description": "37 of 40 functions are snake_case", "frequency": 37, "total": 40,
    "confidence": 0.93, "severity": "info", "examples": ["read_it"], "recommendation": None,
    "source": "measured",
}  # fmt: skip
MODEL = {
    **STYLE, "pattern_type": "architecture", "name": "ports and adapters", "source": "model",
    "description": "Adapters import ports, never the other way", "recommendation": "Keep it so.",
}  # fmt: skip


@pytest.fixture
def memory(tmp_path: Path) -> SyncCodingMemory:
    found = new_memory(tmp_path / "shop")
    commit(Path(found.ws.repo.top), {"a.py": "1"}, "Start")
    return found


def only(memory: SyncCodingMemory) -> tuple[str, LearnedPattern]:
    (found,) = learned.listed(memory.ws)
    return found


def test_a_habit_is_kept_once_and_renewed_when_its_figures_move(memory: SyncCodingMemory) -> None:
    first = learned.learn(memory.ws, [STYLE])
    path, record = only(memory)
    assert first.new == [record.id]
    assert path.startswith(".kagura/patterns/")
    assert (record.frequency, record.total, record.examples) == (37, 40, ["read_it"])
    assert learned.learn(memory.ws, [STYLE]).unchanged == [record.id]
    assert only(memory) == (path, record)
    more = {**STYLE, "frequency": 41, "total": 44}
    assert learned.learn(memory.ws, [more]).changed == [record.id]
    now = only(memory)[1]
    assert (now.frequency, now.created_at) == (41, record.created_at)
    assert learned.learn(memory.ws, []).absent == [record.id]


def test_what_the_analysis_finds_is_saved_on_request(memory: SyncCodingMemory) -> None:
    top = Path(memory.ws.repo.top)
    for number in range(12):
        commit(top, {"src/b.py": f"def read_it_{number}(): ...\n"}, f"fix: number {number}")
    plain = memory.analyze_coding_patterns()
    assert "saved" not in plain
    assert learned.listed(memory.ws) == []
    found = memory.analyze_coding_patterns(save=True)
    assert len(found["saved"]["new"]) == len(found["patterns"]) > 1
    told = {(r.pattern_type, r.name) for _, r in learned.listed(memory.ws)}
    assert told == {(p["pattern_type"], p["name"]) for p in found["patterns"]}


def test_two_branches_that_learn_the_same_merge_without_a_dispute(
    memory: SyncCodingMemory,
) -> None:
    top = Path(memory.ws.repo.top)
    program = shims.Program(sys.executable, str(ROOT), "0")
    setup.init(memory.ws.repo, with_hooks=False, program=program)
    learned.learn(memory.ws, [STYLE])
    git(top, "commit", "-qam", "Learn")
    git(top, "switch", "-qc", "side")
    learned.learn(memory.ws, [{**STYLE, "frequency": 50, "total": 60, "confidence": 0.83}])
    git(top, "commit", "-qam", "Measure again")
    git(top, "switch", "-q", "-")
    learned.learn(memory.ws, [{**STYLE, "frequency": 38, "total": 41}])
    git(top, "commit", "-qam", "Measure here, later")
    git(top, "merge", "-q", "side")
    record = only(memory)[1]
    assert (record.frequency, record.total, record.confidence) == (38, 41, 0.93)
    assert not record.conflicts


def test_the_context_tells_what_a_model_saw_beside_what_is_measured_now(
    memory: SyncCodingMemory,
) -> None:
    learned.learn(memory.ws, [MODEL, STYLE])
    now = {**STYLE, "name": "camelCase functions in Python"}
    told = learned.joined([now], (record for _, record in learned.listed(memory.ws)))
    assert [item["name"] for item in told] == [now["name"], MODEL["name"]]
    told = memory.get_project_context()["patterns"]
    assert {item["name"] for item in told} >= {MODEL["name"], STYLE["name"]}


def test_it_is_found_shown_and_stored_like_any_record(memory: SyncCodingMemory) -> None:
    saved = learned.learn(memory.ws, [MODEL]).new[0]
    (hit,) = memory.search("adapters import ports", kinds=["pattern"])
    assert hit.id == saved
    record = memory.recall(saved)
    record.recommendation = "Keep it so, and say why."
    memory.store(saved, record)
    assert memory.recall(saved).recommendation == "Keep it so, and say why."


def test_a_secret_in_an_example_is_not_kept(memory: SyncCodingMemory) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    learned.learn(memory.ws, [{**STYLE, "examples": [f"push('{token}')"]}])
    path, _ = only(memory)
    assert token not in (Path(memory.ws.repo.top) / path).read_text()


def test_the_command_says_what_it_saved(memory: SyncCodingMemory) -> None:
    top = Path(memory.ws.repo.top)
    for number in range(12):
        commit(top, {"src/b.py": f"def read_it_{number}(): ...\n"}, f"fix: number {number}")
    command = [sys.executable, "-m", "kagura_git", "-C", str(top), "patterns", "--save", "--json"]
    for wanted in ("new", "unchanged"):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        data = json.loads(done.stdout)
        assert len(data["saved"][wanted]) == len(data["patterns"])
