"""What was added and had better not be is counted where it still stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kagura_git.memory import SyncCodingMemory
from tests.services.test_context import commit, new_memory
from tests.services.test_patterns import named

BAD = """\
def load(path):
    try:
        return read(path)
    except:
        return None


def save(path):
    try:
        write(path)
    except ValueError as error:
        print(error)
    except BaseException:
        undo(path)
        raise
    # TODO: a limit
    # TODO(ann): another
    # old = read(path)
    # It is written beside, then moved.
    return path
"""


@pytest.fixture
def memory(tmp_path: Path) -> SyncCodingMemory:
    return new_memory(tmp_path / "shop")


def history(memory: SyncCodingMemory, changes: int) -> Path:
    top = Path(memory.ws.repo.top)
    commit(top, {f"notes/{number}.txt": "x" for number in range(changes)}, "Notes")
    return top


def counted(found: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {p["name"]: (p["frequency"], p["total"]) for p in named(found, "anti_pattern")}


def test_each_is_counted_among_its_like_and_shown_where_it_stands(
    memory: SyncCodingMemory,
) -> None:
    top = history(memory, 30)
    commit(top, {"src/store.py": BAD}, "Store")
    found = memory.analyze_coding_patterns()
    counts = counted(found)
    assert counts["commented-out code"] == (1, 4)
    assert counts["prints in library code"][0] == 1
    (printed,) = (p for p in found["patterns"] if p["name"] == "prints in library code")
    assert printed["examples"] == ["src/store.py:12: print(error)"]
    assert (printed["severity"], printed["source"]) == ("medium", "measured")
    assert printed["recommendation"]


def test_what_was_taken_out_again_does_not_count(memory: SyncCodingMemory) -> None:
    top = history(memory, 30)
    commit(top, {"src/store.py": BAD}, "Store")
    commit(top, {"src/store.py": BAD.replace("print(", "log.info(")}, "Log it")
    assert "prints in library code" not in counted(memory.analyze_coding_patterns())


def test_programs_and_tests_may_print(memory: SyncCodingMemory) -> None:
    top = history(memory, 30)
    told = "def f():\n    print('here')\n"
    commit(top, {"src/cli/show.py": told, "tests/test_a.py": told, "src/a.py": "x = 1\n"}, "Show")
    assert "prints in library code" not in counted(memory.analyze_coding_patterns())


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/a.py", "def long_one(a,\n    b\n):\n" + "    a += 1\n" * 90),
        ("src/a.ts", "export function longOne() {\n" + "  a += 1;\n" * 90 + "}\n"),
        ("a.go", "func (s *S) LongOne() {\n" + "\ta += 1\n" * 90 + "}\n"),
    ],
)
def test_a_very_long_function_is_told_with_its_lines(
    memory: SyncCodingMemory, path: str, line: str
) -> None:
    top = history(memory, 30)
    commit(top, {path: line}, "Long")
    (long,) = named(memory.analyze_coding_patterns(), "anti_pattern")
    lines = len(line.splitlines())
    assert (long["frequency"], long["total"]) == (1, 1)
    assert long["examples"][0].startswith(f"{path}:1: ")
    assert long["examples"][0].endswith(f", {lines} lines")


def test_a_line_like_a_header_is_a_line(memory: SyncCodingMemory) -> None:
    top = history(memory, 30)
    text = "++ b/src/evil.py\n@@ -1 +1 @@\ndiff --git a/x b/x\nprint(1)\n"
    commit(top, {"src/a.py": text}, "Odd")
    (found,) = named(memory.analyze_coding_patterns(), "anti_pattern")
    assert found["examples"] == ["src/a.py:4: print(1)"]


def test_below_thirty_changes_no_diff_is_read(memory: SyncCodingMemory) -> None:
    top = history(memory, 20)
    commit(top, {"src/store.py": BAD}, "Store")
    found = memory.analyze_coding_patterns()
    assert found["enough"]
    assert counted(found) == {}


def test_folders_have_an_order_and_what_goes_against_it_is_shown(
    memory: SyncCodingMemory,
) -> None:
    top = history(memory, 30)
    files = {f"shop/{name}/__init__.py": "" for name in ("web", "service", "store")}
    for number in range(6):
        files[f"shop/web/v{number}.py"] = "from shop.service.sell import sell\n"
        files[f"shop/service/s{number}.py"] = "from ..store import rows\n"
    files |= {"shop/service/sell.py": "x = 1\n", "shop/store/rows.py": "import os\n"}
    files["shop/store/late.py"] = "from shop.service import sell\n"
    commit(top, files, "Layers")
    found = memory.analyze_coding_patterns()
    (order,) = (p for p in named(found, "architecture") if p["name"].startswith("layers"))
    assert "shop/web > shop/service > shop/store" in order["description"]
    assert (order["frequency"], order["total"]) == (12, 13)
    assert order["examples"] == ["against it: shop/store/late.py imports shop/service (1 times)"]
    assert counted(found)["folders that import each other"] == (1, 2)
