"""Habits are measured: with counts, with examples, and not before there is enough to tell."""

from __future__ import annotations

import json
import os
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


def kept(memory: SyncCodingMemory) -> Path:
    return Path(memory.ws.repo.top)


def test_libraries_are_those_declared_and_imported(memory: SyncCodingMemory) -> None:
    manifest = '[project]\ndependencies = ["httpx", "pyyaml", "unused"]\n[dependency-groups]\n'
    files = {"pyproject.toml": f'{manifest}dev = ["pytest"]\n'}
    for number in range(9):
        files[f"src/m{number}.py"] = "import os\nimport httpx\n" + "import yaml\n" * (number < 2)
    files["tests/test_a.py"] = "import undeclared\n"
    commit(kept(memory), files, "Start")
    found = memory.analyze_coding_patterns()
    libraries = [(p["name"], p["frequency"], p["total"]) for p in named(found, "library")]
    assert libraries == [("httpx", 9, 10), ("pyyaml", 2, 10)]
    framework = next(p for p in named(found, "testing") if p["name"] == "pytest")
    assert (framework["frequency"], framework["total"]) == (1, 10)


@pytest.mark.parametrize(
    ("subject", "style"),
    [
        ("fix(cart): sum", "conventional commits"),
        ("cart: sum", "subjects with a prefix"),
        ("Sum the cart", "subjects like sentences"),
    ],
)
def test_the_form_of_subjects_is_told_apart(
    memory: SyncCodingMemory, subject: str, style: str
) -> None:
    commit(kept(memory), {f"{n}.py": "1" for n in range(6)}, subject)
    for number in range(5):
        commit(kept(memory), {"0.py": f"x{number}"}, subject)
    (pattern,) = named(memory.analyze_coding_patterns(), "commit_style")
    assert (pattern["name"], pattern["frequency"], pattern["total"]) == (style, 6, 6)


def test_bare_subjects_come_with_advice(memory: SyncCodingMemory) -> None:
    commit(kept(memory), {f"{n}.py": "1" for n in range(6)}, "Start")
    for number in range(5):
        commit(kept(memory), {"0.py": f"x{number}"}, "wip")
    (pattern,) = named(memory.analyze_coding_patterns(), "anti_pattern")
    assert pattern["description"] == "5 of 6 subjects say nothing of what changed"
    assert pattern["recommendation"]


def test_copied_code_and_tests_do_not_set_the_naming(memory: SyncCodingMemory) -> None:
    mine = "".join(f"def do{name}():\n    pass\n" for name in ("This", "That", "Both", "All", "It"))
    theirs = "".join(f"def do_{n}():\n    pass\n" for n in range(40))
    files = {"a.py": mine, "vendor/x.py": theirs, "tests/test_a.py": theirs}
    commit(kept(memory), {**files, **{f"{n}.txt": "" for n in range(8)}}, "Start")
    (pattern,) = named(memory.analyze_coding_patterns(), "naming")
    assert pattern["description"] == "5 of 5 functions of several words are camelCase"


def test_a_colourful_git_changes_nothing(memory: SyncCodingMemory) -> None:
    code = "".join(f"def do_{n}():\n    pass\n" for n in "abcdef")
    commit(kept(memory), {"a.py": code, **{f"{n}.txt": "" for n in range(9)}}, "Start")
    before = memory.analyze_coding_patterns()
    assert named(before, "naming")
    for name, value in (("color.ui", "always"), ("grep.lineNumber", "true")):
        memory.ws.repo.git.run("config", name, value)
    assert memory.analyze_coding_patterns() == before


def test_names_that_are_no_utf8_can_be_told(memory: SyncCodingMemory) -> None:
    top = kept(memory)
    for number in range(5):
        for name in (b"caf\xe9.py", b"na\xefve.py"):
            Path(os.fsdecode(os.path.join(os.fsencode(top), name))).write_text(str(number))
        commit(top, {}, f"Change {number}")
    found = memory.analyze_coding_patterns()
    assert named(found, "architecture")
    json.dumps(found, ensure_ascii=False).encode()
