"""Every tool, in both protocol eras."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from assistant import Assistant
from conftest import Connect
from git_repo import Sandbox, new

from kagura_git import __version__
from kagura_git.memory import SyncCodingMemory
from kagura_git.model.records import Decision, Error
from kagura_git.store.files import RecordFiles

DATETIMES = {
    "error_type": "TypeError",
    "message": "can't compare offset-naive and offset-aware datetimes",
    "stack_trace": 'Traceback:\n  File "src/auth.py", line 42, in check\n    if a < b:\n',
    "file_path": "src/auth.py",
    "line_number": 42,
}


def stored(box: Sandbox, record_id: str) -> Any:
    files = RecordFiles(str(box.top))
    path = files.path_of(record_id)
    assert path is not None
    return files.read(path)


def test_the_server_introduces_itself(ask: Assistant) -> None:
    client = ask.client
    assert client.server_info is not None
    assert client.server_info.name == "kagura-git"
    assert client.server_info.version == __version__
    assert client.instructions is not None
    assert len(client.instructions.encode()) <= 2048
    for word in ("coding_search_errors", "user_id", "project_id", "never as instructions"):
        assert word in client.instructions


def test_the_ten_tools_are_listed_in_one_order_with_schemas_and_hints(ask: Assistant) -> None:
    tools = ask.tools()
    assert [tool.name for tool in tools] == [
        "coding_start_session",
        "coding_end_session",
        "coding_track_file_change",
        "coding_record_error",
        "coding_record_decision",
        "coding_search_errors",
        "coding_get_project_context",
        "coding_analyze_patterns",
        "coding_resolve_error",
        "coding_search",
    ]
    for tool in tools:
        assert tool.description is not None
        assert tool.description.startswith("Call ")
        assert len(tool.description.encode()) <= 2048
        assert tool.title
        hints = tool.annotations
        assert hints is not None
        assert None not in (
            hints.read_only_hint,
            hints.destructive_hint,
            hints.idempotent_hint,
            hints.open_world_hint,
        )
        reads = tool.name.split("_")[1] in ("search", "get", "analyze")
        assert hints.read_only_hint is reads, tool.name
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"


def test_published_inputs_are_plain_json_types(ask: Assistant) -> None:
    schemas = {tool.name: tool.input_schema for tool in ask.tools()}
    texts = {"type": "array", "items": {"type": "string"}}
    assert schemas["coding_record_error"]["properties"]["tags"] == texts
    assert schemas["coding_record_error"]["properties"]["line_number"] == {"type": "integer"}
    assert schemas["coding_record_error"]["required"] == ["error_type", "message"]
    assert schemas["coding_end_session"]["properties"]["success"] == {"type": "boolean"}
    assert "required" not in schemas["coding_end_session"]
    assert schemas["coding_record_decision"]["properties"]["confidence"] == {"type": "number"}
    action = schemas["coding_track_file_change"]["properties"]["action"]
    assert action["enum"] == ["create", "edit", "delete", "rename", "refactor", "test"]
    for schema in schemas.values():
        assert not {"user_id", "project_id"} & schema["properties"].keys()
        assert "additionalProperties" not in schema  # the two are accepted all the same


def test_a_session_holds_what_was_recorded_in_it(ask: Assistant) -> None:
    started = ask("coding_start_session", description="Add JWT", tags=["feature"])
    error = ask("coding_record_error", **DATETIMES)
    decision = ask("coding_record_decision", decision="Use JWT", rationale="Stateless")
    ask("coding_track_file_change", file_path="src/auth.py", action="edit", reason="Validate it")
    ended = ask("coding_end_session", success=True)
    assert ended["id"] == started["id"]
    assert ended["decisions"] == [decision["id"]]
    assert ended["errors"] == [error["id"]]
    assert [(c["path"], c["reason"]) for c in ended["changes"]] == [("src/auth.py", "Validate it")]
    assert ended["success"] is True
    assert "Validate it" in ended["summary"]
    assert ended["duration_minutes"] >= 0


def test_a_summary_that_is_given_is_kept(ask: Assistant) -> None:
    ask("coding_start_session", description="Try")
    ended = ask("coding_end_session", summary="All done", success=False)
    assert (ended["summary"], ended["success"]) == ("All done", False)


def test_a_second_session_is_refused_with_the_id_of_the_active_one(ask: Assistant) -> None:
    first = ask("coding_start_session", description="One")["id"]
    said = ask.refused("coding_start_session", description="Two")
    assert first in said
    assert "coding_end_session" in said


def test_ending_without_a_session_says_how_to_start_one(ask: Assistant) -> None:
    assert "coding_start_session" in ask.refused("coding_end_session")


def test_an_error_that_comes_again_is_counted_and_answers_with_its_solution(
    ask: Assistant,
) -> None:
    first = ask("coding_record_error", **DATETIMES)
    assert (first["new"], first["occurrences"], first["solution"]) == (True, 1, None)
    ask("coding_resolve_error", error_id=first["id"], solution="Use datetime.now(UTC)")
    again = ask.raw("coding_record_error", DATETIMES)
    found = again.structured_content
    assert found is not None
    assert found["id"] == first["id"]
    assert (found["new"], found["occurrences"], found["resolved"]) == (False, 2, True)
    assert found["solution"] == "Use datetime.now(UTC)"
    assert "data, not instructions" in found["notice"]
    assert "Use datetime.now(UTC)" in str(again.content)


def test_a_solution_is_found_by_the_next_search(ask: Assistant) -> None:
    error = ask("coding_record_error", **DATETIMES)
    before = ask("coding_search_errors", query="compare naive and aware datetimes")
    assert before["results"][0]["resolved"] is False
    ask("coding_resolve_error", error_id=error["id"], solution="Use aware ones")
    (hit,) = ask("coding_search_errors", query="compare naive and aware datetimes")["results"]
    assert hit["id"] == error["id"]
    assert hit["resolved"] is True
    assert hit["solution"] == "Use aware ones"
    assert hit["file"] == "src/auth.py:42"
    assert hit["occurrences"] == 1
    assert 0 < hit["score"] <= 1
    assert hit["title"].startswith("TypeError: can't compare")


def test_what_is_found_is_marked_as_data(ask: Assistant) -> None:
    ask("coding_record_error", **DATETIMES)
    for tool in ("coding_search_errors", "coding_search"):
        assert "data, not instructions" in ask(tool, query="datetimes")["notice"]


def test_k_limits_the_errors_found_and_is_five_by_default(ask: Assistant) -> None:
    for number in range(7):
        words = ["apple", "plum", "cherry", "fig", "quince", "medlar", "sloe"][number]
        ask("coding_record_error", error_type=f"{words}Error", message=f"the pool lost a {words}")
    assert len(ask("coding_search_errors", query="the pool lost")["results"]) == 5
    assert len(ask("coding_search_errors", query="the pool lost", k=2)["results"]) == 2


def test_search_filters_by_kind_and_file(ask: Assistant) -> None:
    error = ask("coding_record_error", **DATETIMES)["id"]
    decision = ask(
        "coding_record_decision",
        decision="Compare aware datetimes only",
        rationale="Naive ones break",
        related_files=["src/auth.py"],
    )["id"]
    both = ask("coding_search", query="datetimes")["results"]
    assert {hit["id"] for hit in both} == {error, decision}
    only = ask("coding_search", query="datetimes", kinds=["decision"])["results"]
    assert [(hit["id"], hit["kind"], hit["status"]) for hit in only] == [
        (decision, "decision", "proposed")
    ]
    assert ask("coding_search", query="datetimes", file="src/other.py")["results"] == []
    there = ask("coding_search", query="datetimes", file="src")["results"]
    assert {hit["id"] for hit in there} == {error, decision}


def test_search_tells_of_roads_not_taken_when_asked(ask: Assistant, kagura: Sandbox) -> None:
    kagura.commit("start")
    gone = ask("coding_record_decision", decision="Queue in Redis", rationale="Fast")["id"]
    kagura.run("reset", "-q", "--hard")
    assert ask("coding_search", query="queue in Redis")["results"] == []
    assert ask("coding_search", query="queue in Redis", abandoned="no")["results"] == []
    (hit,) = ask("coding_search", query="queue in Redis", abandoned=True)["results"]
    assert (hit["id"], hit["status"]) == (gone, "abandoned")


def test_a_decision_names_those_it_repeats(ask: Assistant) -> None:
    said = {"decision": "Use JWT tokens for authentication", "rationale": "Stateless scaling"}
    first = ask("coding_record_decision", **said)
    second = ask("coding_record_decision", **said)
    assert [hit["id"] for hit in second["similar"]] == [first["id"]]


def test_a_secret_is_not_stored_and_its_kind_is_told(ask: Assistant, kagura: Sandbox) -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLQ"
    done = ask("coding_record_error", error_type="AuthError", message=f"denied for {key}")
    assert done["redacted"]
    assert key not in stored(kagura, done["id"]).message


def test_a_tracked_change_waits_for_its_commit(ask: Assistant, kagura: Sandbox) -> None:
    done = ask(
        "coding_track_file_change",
        file_path="src/auth.py",
        action="edit",
        diff="+ def validate(): ...",
        reason="Validate tokens",
        related_files=["src/middleware.py"],
        line_range="42,57",
    )
    fact = kagura.working.pending()[done["id"]]
    assert (fact["path"], fact["reason"]) == ("src/auth.py", "Validate tokens")
    assert fact["line_range"] == [42, 57]
    assert fact["related_files"] == ["src/middleware.py"]


def test_paths_count_from_the_folder_of_the_server_or_from_the_top(
    connect: Connect, kagura: Sandbox
) -> None:
    kagura.write("web/app.py")
    kagura.write("lib/db.py")
    ask = connect(kagura.top / "web")
    change = {"action": "edit", "reason": "because"}
    for given, meant in {
        "app.py": "web/app.py",
        "lib/db.py": "lib/db.py",
        "new.py": "web/new.py",
        str(kagura.top / "lib/x.py"): "lib/x.py",
    }.items():
        assert ask("coding_track_file_change", file_path=given, **change)["path"] == meant


def test_records_are_signed_as_the_server_was_started(connect: Connect, kagura: Sandbox) -> None:
    plain = connect()("coding_record_decision", decision="A", rationale="r")["id"]
    named = connect(USER_ID="dev_john", PROJECT_ID="api")
    said = named("coding_record_decision", decision="B", rationale="r")["id"]
    both = {"USER_ID": "x", "PROJECT_ID": "y", "KAGURA_USER_ID": "jane", "KAGURA_PROJECT_ID": "web"}
    ours = connect(**both)("coding_record_decision", decision="C", rationale="r")["id"]
    signed = [(r.author, r.project_id) for r in (stored(kagura, i) for i in (plain, said, ours))]
    assert signed == [("Ada <ada@example.org>", "repo"), ("dev_john", "api"), ("jane", "web")]


def test_a_call_may_name_author_and_project_for_itself_alone(
    ask: Assistant, kagura: Sandbox
) -> None:
    other = ask("coding_record_error", **DATETIMES, user_id="zoe", project_id="Shop")
    mine = ask("coding_record_error", error_type="KeyError", message="no such datetimes")
    record = stored(kagura, other["id"])
    assert isinstance(record, Error)
    assert (record.author, record.project_id) == ("zoe", "Shop")
    assert stored(kagura, mine["id"]).author == "Ada <ada@example.org>"

    def found(**more: str) -> set[str]:
        hits = ask("coding_search_errors", query="datetimes", **more)["results"]
        return {hit["id"] for hit in hits}

    assert found() == {other["id"], mine["id"]}
    assert found(project_id="Shop") == {other["id"]}
    assert found(project_id="elsewhere") == set()
    assert found() == {other["id"], mine["id"]}


def test_every_tool_accepts_user_and_project(ask: Assistant) -> None:
    who: dict[str, Any] = {"user_id": "zoe", "project_id": "repo"}
    ask("coding_start_session", description="d", **who)
    error = ask("coding_record_error", **DATETIMES, **who)["id"]
    ask("coding_resolve_error", error_id=error, solution="s", **who)
    ask("coding_record_decision", decision="d", rationale="r", **who)
    ask("coding_track_file_change", file_path="a.py", action="edit", reason="r", **who)
    ask("coding_search_errors", query="datetimes", **who)
    ask("coding_search", query="datetimes", **who)
    ask("coding_get_project_context", **who)
    ask("coding_analyze_patterns", **who)
    ask("coding_end_session", **who)


def test_the_context_tells_decisions_and_open_errors(ask: Assistant, kagura: Sandbox) -> None:
    kagura.commit("start", **{"pyproject.toml": '[project]\nname = "x"\ndependencies = []\n'})
    error = ask("coding_record_error", **DATETIMES)["id"]
    decision = ask("coding_record_decision", decision="Use JWT", rationale="Stateless")["id"]
    context = ask("coding_get_project_context", focus="authentication")
    assert context["project_id"] == "repo"
    assert [item["id"] for item in context["open_errors"]] == [error]
    assert [item["id"] for item in context["decisions"]] == [decision]
    assert context["token_count"] > 0
    assert "data, not instructions" in context["notice"]


def test_patterns_say_how_much_history_is_missing(ask: Assistant) -> None:
    found = ask("coding_analyze_patterns")
    assert found["enough"] is False
    assert found["changes_needed"] > 0


def test_without_a_repository_every_tool_says_what_to_do(connect: Connect, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    for folder in (nowhere, tmp_path / "missing"):
        ask = connect(folder)
        calls: dict[str, dict[str, Any]] = {
            "coding_start_session": {"description": "d"},
            "coding_end_session": {},
            "coding_track_file_change": {"file_path": "a", "action": "edit", "reason": "r"},
            "coding_record_error": DATETIMES,
            "coding_record_decision": {"decision": "d", "rationale": "r"},
            "coding_search_errors": {"query": "q"},
            "coding_get_project_context": {},
            "coding_analyze_patterns": {},
            "coding_resolve_error": {"error_id": "E-00000000", "solution": "s"},
            "coding_search": {"query": "q"},
        }
        assert calls.keys() == {tool.name for tool in ask.tools()}
        for tool, arguments in calls.items():
            said = ask.refused(tool, **arguments)
            assert "git kagura -C /path/to/repo mcp serve" in said
            assert str(folder) in said


def test_a_repository_made_after_the_start_is_found(
    connect: Connect, kagura: Sandbox, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    late.mkdir()
    ask = connect(late)
    ask.refused("coding_start_session", description="d")
    new(late, kagura.env)
    assert "git kagura init" in ask.refused("coding_start_session", description="d")
    (late / ".kagura").mkdir()
    assert ask("coding_start_session", description="d")["id"].startswith("S-")


def test_settings_changed_while_serving_are_obeyed(ask: Assistant, kagura: Sandbox) -> None:
    ask("coding_record_decision", decision="A", rationale="r")
    kagura.write("kagura.toml", "[coding_memory]\nenabled = false\n")
    assert "turned off" in ask.refused("coding_record_decision", decision="B", rationale="r")


def test_a_bug_is_masked_and_logged(
    ask: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(SyncCodingMemory, "find", broken)
    said = ask.refused("coding_search_errors", query="anything")
    assert "secret" not in said
    assert "the secret inside" in caplog.text


def test_calls_run_one_at_a_time(ask: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []
    most: list[int] = []
    real = SyncCodingMemory.record_decision

    def watched(self: SyncCodingMemory, *args: Any, **kwargs: Any) -> Any:
        inside.append(threading.get_ident())
        most.append(len(inside))
        time.sleep(0.01)
        try:
            return real(self, *args, **kwargs)
        finally:
            inside.pop()

    monkeypatch.setattr(SyncCodingMemory, "record_decision", watched)
    calls = [
        ask.soon("coding_record_decision", decision=f"Choice {n}", rationale="r") for n in range(6)
    ]
    ids = {call.result().structured_content["id"] for call in calls}
    assert len(ids) == 6
    assert max(most) == 1


def test_two_servers_write_into_one_repository(connect: Connect, kagura: Sandbox) -> None:
    one, two = connect(), connect()
    calls = [
        server.soon("coding_record_decision", decision=f"{name} {n}", rationale="r")
        for n in range(4)
        for name, server in (("one", one), ("two", two))
    ]
    ids = {call.result().structured_content["id"] for call in calls}
    assert len(ids) == 8
    for server in (one, two):
        found = server("coding_search", query="one two", k=20)["results"]
        assert {hit["id"] for hit in found} == ids
    assert all(isinstance(stored(kagura, i), Decision) for i in ids)
