"""What the tools cost an assistant, counted with a real tokenizer."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from assistant import Assistant, text_of
from conftest import Connect
from git_repo import Sandbox

CORPUS = Path(__file__).resolve().parents[1] / "data" / "corpus" / ".kagura"
Count = Callable[[str], int]
# An answer is the same in both eras; what differs is its envelope.
pytestmark = pytest.mark.parametrize("connect", ["auto"], indirect=True)


@pytest.fixture(scope="module")
def count() -> Count:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no fetch at import
    litellm: Any = pytest.importorskip("litellm")
    return lambda text: int(litellm.token_counter(model="gpt-4o", text=text))


def cost(count: Count, ask: Assistant, tool: str, **arguments: Any) -> tuple[int, dict[str, Any]]:
    """Return what a call's answer costs, structure and text together, and the structure."""
    result = ask.raw(tool, arguments)
    assert not result.is_error, text_of(result)
    found = result.structured_content
    assert found is not None
    return count(json.dumps(found, ensure_ascii=False)) + count(text_of(result)), found


def test_the_tool_list_costs_at_most_1500_tokens(ask: Assistant, count: Count) -> None:
    listed = [
        {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
        for tool in ask.tools()
    ]
    assert count(json.dumps(listed)) <= 1500


@pytest.mark.parametrize(
    "words",
    [
        "the worker pool lost its connection while flushing the write-ahead log to replica seven",
        "日本語のエラーメッセージでデータベース接続が失われました。再試行してください",
        "0x7f3a9c at /usr/lib/x86_64-linux-gnu/libfoo.so.1.2.3+0xdeadbeef {{[[((!!))]]}} ~~ ->",
        "Datenbankverbindungsaufbaufehlerbehandlungsroutine überschreitet Zeitüberschreitungswert",
    ],
    ids=["prose", "Japanese", "symbols", "long words"],
)
def test_five_hits_cost_at_most_500_tokens(ask: Assistant, count: Count, words: str) -> None:
    for number in range(5):
        kind = ["Alpha", "Beta", "Gamma", "Delta", "Omega"][number]
        ask(
            "coding_record_error",
            error_type=f"{kind}Error",
            message=f"{words} {kind} " * 6,
            file_path=f"src/{'deeply/nested/' * 6}{kind.lower()}_module.py",
            line_number=12345,
            solution=f"Because {words}, do {kind}: {words}. " * 30,
        )
    tokens, found = cost(count, ask, "coding_search_errors", query=words)
    assert len(found["results"]) == 5
    assert tokens <= 500
    for hit in found["results"]:
        assert hit.keys() == {
            "id", "score", "title", "resolved", "solution", "file", "occurrences",
        }  # fmt: skip
        assert hit["title"].startswith(("Alpha", "Beta", "Gamma", "Delta", "Omega"))
        assert hit["solution"].startswith("Because")
        assert hit["file"].endswith("_module.py:12345")
    tokens, found = cost(count, ask, "coding_search", query=words, k=5)
    assert len(found["results"]) == 5
    assert tokens <= 500


def test_one_hit_has_room_for_the_whole_solution(ask: Assistant) -> None:
    solution = "Take the lock first. " * 25
    ask("coding_record_error", error_type="RaceError", message="lost update", solution=solution)
    (hit,) = ask("coding_search_errors", query="lost update")["results"]
    assert hit["solution"] == solution.strip()


def test_five_hits_of_real_records_cost_at_most_500_tokens(
    connect: Connect, kagura: Sandbox, count: Count
) -> None:
    shutil.copytree(CORPUS, kagura.top / ".kagura", dirs_exist_ok=True)
    ask = connect()
    seen = 0
    for query in (
        "database connection timeout", "TypeError comparing datetimes", "import fails",
        "race between threads", "null pointer", "authentication token expired", "memory leak",
    ):  # fmt: skip
        for tool in ("coding_search_errors", "coding_search"):
            tokens, found = cost(count, ask, tool, query=query, k=5)
            assert tokens <= 500, (tool, query)
            seen += len(found["results"]) == 5
        tokens, found = cost(count, ask, "coding_search", query=query)
        assert tokens <= 100 * max(5, len(found["results"]))
    assert seen > 5


@pytest.mark.parametrize("limit", [None, 2000, 600])
def test_the_context_keeps_to_its_tokens(
    connect: Connect, kagura: Sandbox, count: Count, limit: int | None
) -> None:
    shutil.copytree(CORPUS, kagura.top / ".kagura", dirs_exist_ok=True)
    kagura.commit("start")
    more: dict[str, Any] = {} if limit is None else {"max_tokens": limit}
    result = connect().raw("coding_get_project_context", more)
    assert not result.is_error, text_of(result)
    assert count(json.dumps(result.structured_content)) <= (limit or 2000)
