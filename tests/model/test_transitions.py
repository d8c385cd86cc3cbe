"""How records may change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagura_git.errors import Conflict
from kagura_git.model.records import Decision, Occurrence
from kagura_git.model.transitions import end, resolve, resume, review, seen_again, supersede
from tests.record_strategies import MOMENT, decision, error, session

LATER = MOMENT + timedelta(hours=1)


def test_seeing_an_error_again_counts_and_remembers_when() -> None:
    first = error(seen=[Occurrence(at=MOMENT)], last_seen=MOMENT)
    second = seen_again(first, LATER, "S-7k3f9q2m")
    assert second.occurrences == 2
    assert second.last_seen == LATER
    assert second.seen[-1] == Occurrence(at=LATER, session="S-7k3f9q2m")
    assert first.occurrences == len(first.seen) == 1


def test_a_count_never_falls() -> None:
    by_hand = error(occurrences=7)
    assert seen_again(by_hand, LATER, None).occurrences == 8
    merged = error(occurrences=1, seen=[Occurrence(at=MOMENT)] * 4)
    assert seen_again(merged, LATER, None).occurrences == 5


def test_an_occurrence_that_arrives_late_does_not_turn_back_the_clock() -> None:
    again = seen_again(error(last_seen=LATER), MOMENT, None)
    assert again.last_seen == LATER
    assert seen_again(error(), MOMENT - timedelta(days=1), None).last_seen == MOMENT


def test_a_solved_error_stays_solved_when_it_is_seen_again() -> None:
    solved = resolve(error(), "restart", LATER, "abc")
    assert (solved.resolved, solved.solution, solved.resolved_at) == (True, "restart", LATER)
    again = seen_again(solved, LATER, None)
    assert again.resolved
    assert again.solution == "restart"


def test_a_second_solution_replaces_the_first_and_keeps_the_commit_if_it_names_none() -> None:
    solved = resolve(error(), "restart", MOMENT, "abc")
    better = resolve(solved, "fix the leak", LATER)
    assert (better.solution, better.resolved_at, better.resolved_commit) == (
        "fix the leak", LATER, "abc",
    )  # fmt: skip
    assert resolve(solved, "x", LATER, "def").resolved_commit == "def"


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_a_review_signs_its_verdict(verdict: str) -> None:
    done = review(decision(review_note="old"), verdict, "Kim", LATER)  # type: ignore[arg-type]
    assert (done.status, done.reviewed_by, done.reviewed_at) == (verdict, "Kim", LATER)
    assert done.review_note == "old"
    assert review(done, "rejected", "Ada", LATER, "why").review_note == "why"


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_a_new_review_is_not_signed_by_the_old_ones_signature(verdict: str) -> None:
    signed = decision(status="accepted", reviewed_by="Ada", signature="-----BEGIN")
    assert review(signed, verdict, "Ada", MOMENT).signature is None  # type: ignore[arg-type]
    old, _ = supersede(signed, decision(id="D-00000009"))
    assert old.signature == "-----BEGIN"


def test_a_superseded_decision_is_not_reviewed() -> None:
    old, _ = supersede(decision(), decision(id="D-00000000"))
    with pytest.raises(Conflict, match="D-00000000") as caught:
        review(old, "accepted", "Kim", LATER)
    assert caught.value.where == old.id


def test_superseding_links_both_ways_once() -> None:
    old, new = supersede(decision(), decision(id="D-00000000"))
    assert (old.status, old.superseded_by, new.supersedes) == (
        "superseded", "D-00000000", ["D-7k3f9q2m"],
    )  # fmt: skip
    assert new.status == "proposed"
    assert supersede(old, new) == (old, new)


def test_a_decision_cannot_supersede_itself() -> None:
    with pytest.raises(Conflict, match="itself"):
        supersede(decision(), decision())


def test_a_decision_cannot_supersede_its_successor() -> None:
    old, new = supersede(decision(), decision(id="D-00000000"))
    with pytest.raises(Conflict, match="already supersedes"):
        supersede(new, old)


def test_a_superseded_decision_is_no_successor() -> None:
    middle, _ = supersede(decision(id="D-11111111"), decision(id="D-22222222"))
    with pytest.raises(Conflict, match="D-22222222"):
        supersede(decision(), middle)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=20))
def test_no_sequence_of_supersessions_closes_a_circle(pairs: list[tuple[int, int]]) -> None:
    known: dict[str, Decision] = {f"D-0000000{n}": decision(id=f"D-0000000{n}") for n in range(5)}
    for first, second in pairs:
        try:
            old, new = supersede(known[f"D-0000000{first}"], known[f"D-0000000{second}"])
        except Conflict:
            continue
        known |= {old.id: old, new.id: new}
    for start in known.values():
        seen, at = {start.id}, start
        while at.superseded_by:
            at = known[at.superseded_by]
            assert at.id not in seen
            seen.add(at.id)


def test_a_session_ends_once_and_not_before_it_started() -> None:
    done = end(session(), LATER, "did it", True)
    assert (done.ended_at, done.summary, done.success) == (LATER, "did it", True)
    with pytest.raises(Conflict) as caught:
        end(done, LATER, None, None)
    assert caught.value.where == done.id
    assert end(session(), MOMENT - timedelta(days=1), None, None).ended_at == MOMENT


def test_a_resumed_session_is_open_and_keeps_its_summary() -> None:
    again = resume(end(session(), LATER, "half", False))
    assert (again.ended_at, again.success, again.summary) == (None, None, "half")
    assert end(again, LATER, "all", True).success is True
