"""Habits are measured: with counts, with examples, and not before there is enough to tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kagura_git.memory import SyncCodingMemory
from tests.services.test_context import commit, new_memory


@pytest.fixture
def memory(tmp_path: Path) -> SyncCodingMemory:
    return new_memory(tmp_path / "shop")


def named(found: dict[str, Any], pattern_type: str) -> list[dict[str, Any]]:
    return [p for p in found["patterns"] if p["pattern_type"] == pattern_type]


def test_it_says_how_many_changes_are_missing(memory: SyncCodingMemory) -> None:
    top = Path(memory.ws.repo.top)
    assert memory.analyze_coding_patterns() == {
        "enough": False, "changes_seen": 0, "changes_needed": 10, "patterns": [],
    }  # fmt: skip
    commit(top, {"a.py": "1", "b.py": "1"}, "Start")
    memory.track_file_change("a.py", "edit", "", "why")
    found = memory.analyze_coding_patterns()
    assert (found["changes_seen"], found["changes_needed"]) == (3, 7)


def test_habits_carry_counts_and_examples(memory: SyncCodingMemory) -> None:
    top = Path(memory.ws.repo.top)
    names = ["read_it", "write_it", "sum_up", "look_at", "put_by", "getAll"]
    code = "".join(f"def {name}():\n    pass\n" for name in names)
    commit(top, {"src/a.py": code, "web/a.ts": "x"}, "feat: start")
    for number in range(6):
        files = {"src/b.py": str(number), "src/c.py": str(number)}
        if number % 2:
            files["tests/test_b.py"] = str(number)
        commit(top, files, f"fix: number {number}")
    memory.record_error("TypeError", "one", file_path="src/b.py")
    memory.record_error("TypeError", "two", file_path="src/b.py", solution="Use UTC")
    found = memory.analyze_coding_patterns()
    assert found["enough"]
    (language, _) = named(found, "language")
    assert (language["name"], language["frequency"], language["total"]) == ("Python", 4, 5)
    (naming,) = named(found, "naming")
    assert naming["description"] == "5 of 6 functions of several words are snake_case"
    (testing,) = named(found, "testing")
    assert testing["description"].startswith("3 of 7 commits")
    (style,) = named(found, "commit_style")
    assert (style["frequency"], style["total"]) == (7, 7)
    assert "src/b.py and src/c.py change together: 6 of 6 times" in [
        p["description"] for p in named(found, "architecture")
    ]
    (fragile,) = named(found, "error_prone_file")
    assert (fragile["name"], fragile["frequency"]) == ("src/b.py", 2)
    (recurring,) = named(found, "recurring_error")
    assert recurring["recommendation"] == "Use UTC"
    assert memory.analyze_coding_patterns() == found
