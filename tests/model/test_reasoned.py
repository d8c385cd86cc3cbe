"""What a rationale lacks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kagura_git.model.reasoned import lacking
from kagura_git.model.records import Decision


def lacks(rationale: str, decision: str = "Use Redis for caching") -> str:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return lacking(
        Decision(
            id="D-00000001", decision=decision, rationale=rationale, author="a", created_at=moment
        )
    )


@pytest.mark.parametrize(
    ("rationale", "expected"),
    [
        ("  ", "no rationale"),
        ("-", "no rationale"),
        ("TODO", "a placeholder for a rationale"),
        ("n/a", "a placeholder for a rationale"),
        ("use redis for caching", "a rationale that repeats the decision"),
        ("Because we use Redis for the cache.", "a rationale that adds no word to the decision"),
        ("It is better", "a rationale that adds no word to the decision"),
        ("speed", "a rationale of one word"),
        ("速い", "a rationale of few signs"),
    ],
)
def test_a_rationale_without_a_reason_is_told(rationale: str, expected: str) -> None:
    assert lacks(rationale) == expected


@pytest.mark.parametrize(
    "rationale",
    ["one file", "more speed", "p99 fell from 80 ms to 9 ms", "応答が速いから", "быстро и просто",
     "TODO lists are read from it at every page", "Redis is run by the team already"],
)  # fmt: skip
def test_a_short_reason_is_one(rationale: str) -> None:
    assert lacks(rationale) == ""
