"""Finding a decision that was recorded twice."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import Any

import pytest

from kagura_git.model.ids import new_id
from kagura_git.model.records import Decision
from kagura_git.model.similar import twins
from tests.record_strategies import MOMENT, decision

ONE, TWO = "D-00000001", "D-00000002"
TITLE = "Keep vectors in one SQLite file for all worktrees of a repository"
WHY = "A folder of files costs an inode per vector, and one writer at a time is enough here."


def pair(**other: Any) -> list[Decision]:
    """Return a decision, and one a day younger that differs by these fields."""
    fields: dict[str, Any] = {"decision": TITLE, "rationale": WHY}
    later = MOMENT + timedelta(days=1)
    return [decision(id=ONE, **fields), decision(id=TWO, created_at=later, **{**fields, **other})]


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"decision": TITLE + "."},
        {"decision": TITLE.upper()},
        {"decision": "We keep " + TITLE.removeprefix("Keep ")},
        {"rationale": WHY + " Measured: 3 ms."},
    ],
)
def test_nearly_the_same_words_are_one_decision(other: dict[str, str]) -> None:
    ((older, newer, score),) = twins(pair(**other))
    assert (older, newer) == (ONE, TWO)
    assert 0.8 <= score <= 1


@pytest.mark.parametrize(
    "other",
    [
        {"decision": TITLE.replace("one", "no")},
        {"decision": TITLE.replace("one", "2")},
        {"decision": TITLE.replace("vectors", "records").replace("SQLite", "JSON")},
        {"decision": f"{TITLE}, and don't back it up"},
        {"rationale": "Because Ada asked for it."},
        {"status": "superseded"},
    ],
)
def test_another_decision_is_not_taken_for_the_same(other: dict[str, str]) -> None:
    assert twins(pair(**other)) == []


def test_the_order_they_come_in_does_not_matter() -> None:
    assert twins(pair()) == twins(pair()[::-1])


def test_of_three_the_first_one_is_named_twice() -> None:
    third = decision(
        id="D-00000003", decision=TITLE, rationale=WHY, created_at=MOMENT + timedelta(days=2)
    )
    assert [found[:2] for found in twins([third, *pair()])] == [
        (ONE, TWO), (ONE, "D-00000003"),
    ]  # fmt: skip


def test_a_script_without_blanks_is_compared_by_its_signs() -> None:
    title = "ベクトルは一つのファイルに保存する"
    assert twins(pair(decision=title)) == []
    texts = [title, title + "。", "ログは別のサーバーに送ることにした"]
    found = [
        decision(id=f"D-0000000{n}", decision=text, rationale="速いから")
        for n, text in enumerate(texts)
    ]
    assert [pair[:2] for pair in twins(found)] == [("D-00000000", "D-00000001")]


def test_asked_about_some_only_their_pairs_need_be_found() -> None:
    rng = random.Random(7)
    words = TITLE.split()

    def title(number: int) -> str:
        return " ".join([*rng.sample(words, len(words) - 1), f"w{number % 5}"])

    found = [
        decision(id=f"D-{n:08d}", decision=title(n), created_at=MOMENT + timedelta(hours=n % 40))
        for n in range(120)
    ]
    pairs = twins(found)
    about = {pairs[3][0], pairs[-1][1], found[17].id}
    wanted = [pair for pair in pairs if {*pair[:2]} & about]
    told = [pair for pair in twins(found, about) if {*pair[:2]} & about]
    assert told == wanted
    assert wanted


def many(count: int, title: Any) -> list[Decision]:
    dice = random.Random(3)
    words = [f"word{number}" for number in range(3000)]
    often = [1 / (number + 1) for number in range(3000)]
    return [
        decision(
            id=new_id("decision", dice.randbytes),
            decision=title or " ".join(dice.choices(words, often, k=dice.randint(4, 14))),
            rationale=" ".join(dice.choices(words, often, k=60)),
        )
        for _ in range(count)
    ]


def test_ten_thousand_decisions_take_seconds() -> None:
    found = many(10_000, None)
    begun = time.process_time()
    assert [one[:2] for one in twins([*found, *pair()])] == [(ONE, TWO)]
    assert time.process_time() - begun < 10


def test_thousands_of_the_same_title_take_seconds_too() -> None:
    found = many(3_000, TITLE)
    begun = time.process_time()
    twins(found)
    assert time.process_time() - begun < 20


def test_asked_of_a_few_the_answer_is_the_same() -> None:
    dice = random.Random(5)
    words = "use keep store sessions tokens files redis cookies disk".split()
    found = [
        decision(
            id=new_id("decision", dice.randbytes),
            decision=" ".join(sorted(words)[dice.randrange(4) :]) + " " + dice.choice(words),
            rationale=f"fast {dice.randrange(40)}",
        )
        for _ in range(400)
    ]
    every = twins(found)
    assert len(every) > 20
    few = {one.id for one in dice.sample(found, 20)}
    assert twins(found, of=few) == [pair for pair in every if few & set(pair[:2])]
