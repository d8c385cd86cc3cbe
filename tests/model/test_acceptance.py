"""What an acceptance is signed over: all that was agreed on, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from kagura_git.model.acceptance import statement
from kagura_git.model.merge import merge
from kagura_git.model.records import Decision
from kagura_git.store import codec
from tests.record_strategies import any_text, decisions, extras, ids, moments, said_text

_texts = st.lists(any_text, max_size=3)
AGREED: dict[str, st.SearchStrategy[Any]] = {
    "id": ids("decision"),
    "decision": said_text,
    "rationale": said_text,
    "alternatives": _texts,
    "impact": st.none() | said_text,
    "related_files": _texts,
    "confidence": st.floats(0, 1),
    "reviewed_by": st.none() | said_text,
    "reviewed_at": st.none() | moments,
    "review_note": st.none() | said_text,
    "status": st.sampled_from(["accepted", "rejected", "proposed"]),
}
FREE: dict[str, st.SearchStrategy[Any]] = {
    "tags": _texts,
    "supersedes": st.lists(ids("decision"), max_size=2),
    "superseded_by": st.none() | ids("decision"),
    "signature": st.none() | said_text,
    "session": st.none() | ids("session"),
    "project_id": st.none() | said_text,
    "author": any_text,
    "created_at": moments,
    "extra": extras,
    "conflicts": st.dictionaries(any_text, st.lists(any_text, min_size=2, max_size=2), max_size=1),
}


def plain(value: Any) -> Any:
    return {*value} if isinstance(value, list) else value


@given(
    decisions, st.sampled_from(sorted(AGREED)).flatmap(lambda n: st.tuples(st.just(n), AGREED[n]))
)
def test_any_change_of_what_was_agreed_on_changes_the_statement(
    decision: Decision, edit: tuple[str, Any]
) -> None:
    name, value = edit
    decision = replace(decision, status="accepted")
    assume(plain(getattr(decision, name)) != plain(value))
    assert statement(replace(decision, **{name: value})) != statement(decision)


@given(decisions, st.fixed_dictionaries({}, optional=FREE))
def test_no_change_of_anything_else_does(decision: Decision, edits: dict[str, Any]) -> None:
    assert statement(replace(decision, **edits)) == statement(decision)


@given(decisions)
def test_a_file_gives_back_the_same_statement(decision: Decision) -> None:
    path = f".kagura/decisions/2026-01/{decision.id}-x.yaml"
    again = codec.loads(codec.dumps(decision), path)
    assert isinstance(again, Decision)
    assert statement(again) == statement(decision)


@given(decisions)
def test_superseding_unsays_nothing_and_order_does_not_count(decision: Decision) -> None:
    accepted = replace(decision, status="accepted")
    assert statement(replace(accepted, status="superseded")) == statement(accepted)
    turned = replace(
        accepted,
        alternatives=accepted.alternatives[::-1] * 2,
        related_files=accepted.related_files[::-1],
    )
    assert statement(turned) == statement(accepted)


@given(decisions)
def test_a_statement_is_a_few_plain_lines_whatever_the_texts_hold(decision: Decision) -> None:
    lines = statement(decision).split("\n")
    assert len(lines) == 8
    assert lines[0] == "kagura/acceptance/1"
    assert all(line.isascii() and line.isprintable() for line in lines)


@given(decisions, decisions, decisions)
def test_merged_in_either_direction_a_signature_stays_with_its_review(
    base: Decision, one: Decision, other: Decision
) -> None:
    one, other = replace(one, id=base.id), replace(other, id=base.id)
    ours, theirs = merge(base, one, other), merge(base, other, one)
    assert codec.dumps(ours) == codec.dumps(theirs)
    assert isinstance(ours, Decision)

    def review(decision: Decision) -> list[Any]:
        return [decision.reviewed_by, decision.reviewed_at, decision.review_note]

    if ours.signature is not None:
        held = [review(side) for side in (base, one, other) if side.signature == ours.signature]
        assert review(ours) in held
