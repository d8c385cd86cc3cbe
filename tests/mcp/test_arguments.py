"""What a model really sends: taken for what it means, or refused with the mend."""

from __future__ import annotations

from typing import Any

import pytest
from assistant import Assistant
from git_repo import Sandbox
from test_tools import stored

# Arguments are read behind the protocol: where nothing is refused, one era is enough.
one_era = pytest.mark.parametrize("connect", ["auto"], indirect=True)


@pytest.mark.parametrize(
    "tags", [["a", "b"], '["a", "b"]', ["a", "b", "a"]], ids=["list", "JSON", "repeated"]
)
@one_era
def test_a_list_is_taken_in_every_form(ask: Assistant, tags: object) -> None:
    assert ask("coding_start_session", description="d", tags=tags)["tags"] == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [("auth", ["auth"]), ("", []), (None, []), ("[not json", ["[not json"]), ([404], ["404"])],
)
@one_era
def test_a_bare_text_is_a_list_of_one(ask: Assistant, given: object, meant: list[str]) -> None:
    assert ask("coding_start_session", description="d", tags=given)["tags"] == meant


@pytest.mark.parametrize("line", [42, "42", 42.0, " 42 "])
@one_era
def test_a_number_may_be_a_text(ask: Assistant, kagura: Sandbox, line: object) -> None:
    done = ask("coding_record_error", error_type="E", message="m", line_number=line)
    assert stored(kagura, done["id"]).line_number == 42


@pytest.mark.parametrize(
    ("given", "meant"),
    [(True, True), ("true", True), ("False", False), (False, False), (None, None), ("", None)],
)
@one_era
def test_a_truth_may_be_a_text(ask: Assistant, given: object, meant: bool | None) -> None:
    ask("coding_start_session", description="d")
    assert ask("coding_end_session", success=given)["success"] is meant


@pytest.mark.parametrize("given", ["42,57", [42, 57], "[42, 57]", "42-57", ["42", "57"]])
@one_era
def test_a_line_range_is_taken_in_every_form(
    ask: Assistant, kagura: Sandbox, given: object
) -> None:
    done = ask(
        "coding_track_file_change", file_path="a.py", action="edit", reason="r", line_range=given
    )
    assert kagura.working.pending()[done["id"]]["line_range"] == [42, 57]


@pytest.mark.parametrize("given", [0.9, "0.9"])
@one_era
def test_a_confidence_may_be_a_text(ask: Assistant, kagura: Sandbox, given: object) -> None:
    done = ask("coding_record_decision", decision="d", rationale="r", confidence=given)
    assert stored(kagura, done["id"]).confidence == 0.9


@one_era
def test_what_is_optional_may_be_left_out_or_null(ask: Assistant, kagura: Sandbox) -> None:
    names = ("stack_trace", "file_path", "line_number", "solution", "screenshot", "tags")
    done = ask("coding_record_error", error_type="E", message="m", **dict.fromkeys(names))
    record = stored(kagura, done["id"])
    assert (record.file_path, record.line_number, record.resolved) == (None, None, False)
    decision = ask("coding_record_decision", decision="d", rationale="r")
    assert stored(kagura, decision["id"]).confidence == 0.8


@pytest.mark.parametrize("message", ['{"error": "denied"}', '["a"]', "null", "12", "true", '"q"'])
@one_era
def test_a_message_that_looks_like_json_is_kept_as_it_is(
    ask: Assistant, kagura: Sandbox, message: str
) -> None:
    done = ask("coding_record_error", error_type="E", message=message, stack_trace=message)
    record = stored(kagura, done["id"])
    trace = "" if message == "null" else message  # optional: the word for nothing
    assert (record.message, record.stack_trace) == (message, trace)


@pytest.mark.parametrize(
    ("given", "kept"),
    [({"error": "denied"}, '{"error": "denied"}'), (["one", "two"], "one\ntwo"), (404, "404")],
)
@one_era
def test_a_message_that_a_host_parsed_becomes_text_again(
    ask: Assistant, kagura: Sandbox, given: object, kept: str
) -> None:
    done = ask("coding_record_error", error_type="E", message=given)
    assert stored(kagura, done["id"]).message == kept


@pytest.mark.parametrize(
    ("tool", "wrong", "right"),
    [
        ("coding_track_file_change", "reson", "'reason'"),
        ("coding_record_error", "trace", "'stack_trace'"),
        ("coding_record_error", "traceback", "'stack_trace'"),
        ("coding_search_errors", "limit", "'k'"),
        ("coding_search_errors", "Query", "'query'"),
        ("coding_start_session", "userid", "'user_id'"),
        ("coding_record_decision", "related_file", "'related_files'"),
    ],
)
def test_an_unknown_argument_is_refused_with_the_nearest_name(
    ask: Assistant, tool: str, wrong: str, right: str
) -> None:
    said = ask.refused(tool, **{wrong: "x"})
    assert f"no argument '{wrong}', did you mean {right}?" in said
    assert f"{tool}(" in said


def test_an_unknown_argument_like_no_other_gets_the_list(ask: Assistant) -> None:
    said = ask.refused("coding_resolve_error", error_id="E-1", solution="s", zzz=1)
    assert "no argument 'zzz'." in said
    assert "coding_resolve_error(error_id, solution)" in said


def test_a_refused_call_stores_nothing(ask: Assistant, kagura: Sandbox) -> None:
    ask.refused("coding_record_error", error_type="E", message="m", tgas=["a"])
    assert not list((kagura.top / ".kagura").rglob("*.yaml"))


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("coding_record_error", {}, ["error_type is missing", "message is missing"]),
        ("coding_record_error", {"error_type": " ", "message": "m"}, ["error_type is empty"]),
        (
            "coding_record_error",
            {"error_type": "E", "message": "m", "line_number": "forty"},
            ["line_number is 'forty', not a whole number"],
        ),
        (
            "coding_record_error",
            {"error_type": "E", "message": "m", "tags": {"a": 1}},
            ["tags must be a list of texts", '["auth", "jwt"]'],
        ),
        (
            "coding_record_decision",
            {"decision": "d", "rationale": "r", "confidence": "90%"},
            ["confidence is '90%', not a number from 0 to 1"],
        ),
        (
            "coding_record_decision",
            {"decision": "d", "rationale": "r", "confidence": 7},
            ["confidence is 7, not a number from 0 to 1"],
        ),
        ("coding_end_session", {"success": "perhaps"}, ["success is 'perhaps', not true or false"]),
        (
            "coding_track_file_change",
            {"file_path": "a", "action": "edit", "reason": "r", "line_range": "9,4"},
            ["line_range is '9,4'", "42,57"],
        ),
        (
            "coding_track_file_change",
            {"file_path": "a", "action": "twist", "reason": "r"},
            ["unknown action 'twist'", "create, edit, delete"],
        ),
        (
            "coding_track_file_change",
            {"file_path": "../../x", "action": "edit", "reason": "r"},
            ["outside the repository"],
        ),
        ("coding_search_errors", {"query": ""}, ["query is empty"]),
        ("coding_search_errors", {"query": "q", "k": 0}, ["at least 1"]),
        ("coding_search_errors", {"query": "q", "k": True}, ["k is True, not a whole number"]),
        ("coding_search", {"query": "q", "kinds": ["bug"]}, ["unknown kind 'bug'", "decision"]),
        ("coding_resolve_error", {"error_id": "7", "solution": "s"}, ["looks like E-"]),
        ("coding_resolve_error", {"error_id": "E-00000000", "solution": "s"}, ["E-00000000"]),
    ],
)
def test_a_bad_value_is_refused_with_the_mend(
    ask: Assistant, tool: str, arguments: dict[str, Any], words: list[str]
) -> None:
    said = ask.refused(tool, **arguments)
    assert all(word in said for word in words), said
    assert "pydantic" not in said
    assert "Error executing" not in said


@one_era
def test_kinds_may_be_plural(ask: Assistant) -> None:
    ask("coding_record_decision", decision="Use JWT", rationale="Stateless")
    assert len(ask("coding_search", query="JWT", kinds="Decisions")["results"]) == 1


@one_era
def test_more_than_fifty_hits_are_never_sent(ask: Assistant) -> None:
    assert ask("coding_search", query="anything", k=10_000)["results"] == []
