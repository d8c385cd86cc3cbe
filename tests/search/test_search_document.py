from __future__ import annotations

from search_records import MOMENT, a_decision, an_error

from kagura_git.model.records import Change, Session
from kagura_git.search.document import document


def test_an_error_embeds_message_place_and_solution_but_no_library_frames() -> None:
    trace = (
        'Traceback (most recent call last):\n  File "/x/site-packages/lib/a.py", line 1, in go\n'
        '  File "src/cart.py", line 4, in add\nValueError: bad'
    )
    record = an_error(1, "bad", stack_trace=trace, solution="Check it.", file_path="src/cart.py")
    found = document(record, ".kagura/errors/e.yaml", "b1")
    text = "\n".join(found.passages)
    assert "ValueError: bad" in text
    assert "src/cart.py add" in text
    assert "Check it." in text
    assert "site-packages" not in text
    assert "site-packages" in found.words
    assert found.files == ("src/cart.py",)
    assert found.resolved is False
    assert found.status is None


def test_a_decision_embeds_what_and_why_then_alternatives_and_impact() -> None:
    record = a_decision(1, "Use YAML", "Reads well", alternatives=["JSON"], impact="Slower")
    found = document(record, "d", "b")
    assert found.passages == ("Use YAML Reads well", "Use YAML JSON Slower")
    assert found.status == "proposed"
    assert found.resolved is None


def test_a_session_and_a_change_have_a_passage_each() -> None:
    session = Session(
        id="S-00000000",
        description="Tidy up",
        summary="Done",
        started_at=MOMENT,
        author="Ada",
        created_at=MOMENT,
    )
    assert document(session, "s", "b").passages == ("Tidy up Done",)
    change = Change(
        id="C-00000000",
        path="src/a.py",
        action="edit",
        reason="faster",
        author="Ada",
        created_at=MOMENT,
    )
    found = document(change, "C-00000000", "b")
    assert found.passages == ("src/a.py faster",)
    assert found.files == ("src/a.py",)


def test_a_record_with_hardly_any_text_still_has_a_passage() -> None:
    assert document(a_decision(1, " ", " "), "d", "b").passages


def test_of_two_reviews_in_dispute_no_signature_is_searched() -> None:
    sides = [
        {"status": "accepted", "review_note": "fits well", "signature": "AAAAC3Nza"},
        {"status": "rejected", "review_note": "too slow"},
    ]
    found = document(a_decision(1, "Use YAML", "Reads well", conflicts={"status": sides}), "d", "b")
    assert "fits well" in found.words
    assert "too slow" in found.words
    assert "AAAAC3Nza" not in found.words
