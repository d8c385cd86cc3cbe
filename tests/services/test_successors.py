"""Superseded decisions in search results: the decision in force comes first and is named."""

from __future__ import annotations

import pytest

from kagura_git.model.records import AnyRecord, Decision
from kagura_git.services.found import Filters, Hit
from kagura_git.services.successors import Find, last_of, placed
from tests.record_strategies import decision

A, B, C, X = "D-0000000a", "D-0000000b", "D-0000000c", "D-0000000x"


def replaced(record_id: str, by: str | None) -> Decision:
    return decision(id=record_id, decision=record_id, status="superseded", superseded_by=by)


def in_force(record_id: str) -> Decision:
    return decision(id=record_id, decision=record_id, status="accepted")


def stored(*records: Decision) -> Find:
    by_id: dict[str, tuple[str | None, AnyRecord]] = {
        record.id: (f".kagura/{record.id}.yaml", record) for record in records
    }
    return by_id.get


def hit(record: Decision, score: float = 0.5) -> Hit:
    return Hit(
        record.id, "decision", score, record.title, "", f".kagura/{record.id}.yaml", None,
        record.status, (), record,
    )  # fmt: skip


def ids(hits: tuple[Hit, ...]) -> list[str]:
    return [found.id for found in hits]


def test_the_end_of_a_chain_is_the_successor() -> None:
    records = replaced(A, B), replaced(B, C), in_force(C)

    found = last_of(records[0], stored(*records))

    assert found is not None
    assert (found[0].id, found[0].status, found[2]) == (C, "accepted", records[2])


@pytest.mark.parametrize(
    ("records", "last"),
    [
        ((replaced(A, B), replaced(B, A)), B),  # a loop
        ((replaced(A, A),), A),  # a loop of one
        ((replaced(A, B), replaced(B, C)), B),  # the end of the chain is missing
        ((replaced(A, B),), B),  # the successor is missing, and is named
    ],
)
def test_a_broken_chain_ends_at_the_last_decision_that_is_known(
    records: tuple[Decision, ...], last: str
) -> None:
    found = last_of(records[0], stored(*records))

    assert found is not None
    assert found[0].id == last


def test_a_decision_in_force_has_no_successor() -> None:
    assert last_of(in_force(A), stored()) is None
    assert last_of(replaced(A, None), stored()) is None


def test_the_successor_is_moved_before_what_it_replaces() -> None:
    old, other, new = replaced(A, C), in_force(X), in_force(C)

    hits = placed([hit(old, 0.9), hit(other), hit(new, 0.2)], stored(old, other, new), Filters(), 3)

    assert ids(hits) == [C, A, X]
    assert hits[0].score == 0.9
    assert hits[1].superseded_by is not None
    assert hits[1].superseded_by.id == C


def test_a_successor_that_was_not_found_is_taken_in_within_the_limit() -> None:
    old, other, new = replaced(A, C), in_force(X), in_force(C)

    hits = placed([hit(old), hit(other)], stored(old, other, new), Filters(), 2)

    assert ids(hits) == [C, A]


def test_two_replaced_decisions_share_one_successor() -> None:
    first, second, new = replaced(A, C), replaced(B, C), in_force(C)

    hits = placed([hit(first), hit(second)], stored(first, second, new), Filters(), 5)

    assert ids(hits) == [C, A, B]


def test_a_filter_keeps_the_successor_out_and_the_old_one_names_it() -> None:
    old, new = replaced(A, C), in_force(C)

    hits = placed([hit(old)], stored(old, new), Filters(tags=("auth",)), 5)

    assert ids(hits) == [A]
    assert hits[0].superseded_by is not None
    assert (hits[0].superseded_by.id, hits[0].superseded_by.title) == (C, C)
