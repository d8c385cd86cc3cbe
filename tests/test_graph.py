"""Records, commits and files as one graph: what is near what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from kagura_git import graph
from kagura_git.model.records import Decision, Error, Session

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COMMON: dict[str, Any] = {"author": "x", "created_at": NOW}


def decision(number: int, **fields: Any) -> Decision:
    return Decision(id=f"D-0000000{number}", decision="d", rationale="r", **COMMON, **fields)


def error(number: int, path: str, **fields: Any) -> Error:
    return Error(
        id=f"E-0000000{number}", error_type="E", message="m", file_path=path, **COMMON, **fields
    )


def test_nearness_halves_with_every_step() -> None:
    records = [decision(1, related_files=["a.py"]), error(1, "b.py")]
    made = graph.build(records, {}, {"c0ffee": ["a.py", "b.py"]})
    assert graph.near(made, ["a.py"]) == {
        "a.py": 1.0, "D-00000001": 0.5, "c0ffee": 0.5, "b.py": 0.25, "E-00000001": 0.125,
    }  # fmt: skip
    assert graph.near(made, ["nowhere"]) == {}


def test_every_kind_of_edge_is_drawn() -> None:
    session = Session(id="S-00000001", description="s", started_at=NOW, **COMMON)
    records = [
        session,
        decision(1, related_files=["src/"], supersedes=["D-00000002"], session="S-00000001"),
        error(1, "b.py"),
    ]
    made = graph.build(
        records,
        {"c1": ["E-00000001"]},
        {"c1": ["a.py", "b.py"], "c2": ["b.py", "a.py"], "c3": ["a.py", "z.py"]},
    )
    edges = {(start, end, data["relation"]) for start, end, data in made.edges(data=True)}
    assert {
        ("D-00000001", "src", "governs"), ("D-00000001", "D-00000002", "supersedes"),
        ("S-00000001", "D-00000001", "holds"), ("E-00000001", "b.py", "seen in"),
        ("c1", "E-00000001", "linked"), ("c1", "a.py", "changed"), ("a.py", "b.py", "together"),
    } <= edges  # fmt: skip
    assert ("a.py", "z.py", "together") not in edges


def test_what_everything_touches_brings_little_near() -> None:
    crowd = {f"c{number}": ["CHANGELOG.md", f"{number}.py"] for number in range(200)}
    made = graph.build([], {}, {**crowd, "quiet": ["0.py", "own.py"]})
    found = graph.near(made, ["0.py"])
    assert found["own.py"] == 0.25
    assert "1.py" not in found


def test_a_weaker_start_counts_for_less() -> None:
    made = graph.build([decision(1, related_files=["a.py"])], {}, {})
    assert graph.near(made, {"D-00000001": 0.5, "nowhere": 1.0}) == {
        "D-00000001": 0.5, "a.py": 0.25,
    }  # fmt: skip
