"""Records, commits and files as one graph: what is near what."""

from __future__ import annotations

from datetime import UTC, datetime

from kagura_git import graph
from kagura_git.model.records import Decision, Error

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_nearness_halves_with_every_step() -> None:
    decision = Decision(
        id="D-00000001", decision="d", rationale="r", related_files=["a.py"], author="x",
        created_at=NOW,
    )  # fmt: skip
    error = Error(
        id="E-00000001", error_type="E", message="m", file_path="b.py", author="x", created_at=NOW
    )
    made = graph.build([decision, error], {"c0ffee": (["a.py", "b.py"], [])})
    assert graph.near(made, ["a.py"]) == {
        "a.py": 1.0, "D-00000001": 0.5, "c0ffee": 0.5, "b.py": 0.25, "E-00000001": 0.125,
    }  # fmt: skip
    assert graph.near(made, ["nowhere"]) == {}
