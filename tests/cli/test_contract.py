"""The fields and exit codes that callers build on."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

TRACE = """Traceback (most recent call last):
  File "/srv/app/src/auth.py", line {line}, in validate
    if token.expires < now:
TypeError: can't compare offset-naive and offset-aware datetimes
"""
SESSION_FIELDS = {
    "id", "description", "active", "started_at", "ended_at", "duration_minutes",
    "summary", "success", "decisions", "errors", "changes", "commits",
}  # fmt: skip


def add_error(shell: Shell, tmp_path: Path, line: int = 42) -> dict[str, object]:
    trace = tmp_path / f"trace-{line}"
    trace.write_text(TRACE.format(line=line))
    message = "can't compare offset-naive and offset-aware datetimes"
    return shell.json(
        "error", "add", "--type", "TypeError", "--message", message, "--trace-file", str(trace),
        "--file", "src/auth.py", "--line", str(line), "--tag", "time",
    )  # fmt: skip


def test_init_says_what_it_changed_and_a_second_run_changes_nothing(
    new_shell: Callable[[str], Shell],
) -> None:
    shell = new_shell("fresh")
    changed = shell.json("init")["changed"]
    assert {"what", "where"} == set(changed[0])
    assert any(".gitattributes" in item["where"] for item in changed)
    assert shell.json("init") == {"changed": []}


def test_dry_run_of_init_touches_nothing(new_shell: Callable[[str], Shell]) -> None:
    shell = new_shell("fresh")
    assert shell.json("init", "--dry-run")["changed"]
    assert not (shell.top / ".kagura").exists()


def test_one_session_is_active_and_a_second_start_names_it(shell: Shell) -> None:
    started = shell.json("session", "start", "Make log-in safe", "--tag", "auth")
    assert set(started) >= SESSION_FIELDS
    assert started["active"] is True
    refused = shell.json("session", "start", "Another")
    assert shell.code == 1
    assert started["id"] in refused["error"]["message"]
    assert "session end" in refused["error"]["hint"]
    assert shell.json("session", "status")["id"] == started["id"]
    ended = shell.json("session", "end", "--success")
    assert set(ended) >= SESSION_FIELDS
    assert (ended["active"], ended["success"]) == (False, True)
    assert ended["summary"]
    assert shell.json("session", "status") == {"active": False, "id": None}
    assert [s["id"] for s in shell.json("session", "list")["sessions"]] == [started["id"]]


def test_ending_without_a_session_is_a_user_error(shell: Shell) -> None:
    assert "no session is active" in shell.json("session", "end")["error"]["message"]
    assert shell.code == 1


def test_a_session_joins_what_was_recorded_in_it(shell: Shell, tmp_path: Path) -> None:
    session = shell.json("session", "start", "Make log-in safe")["id"]
    error = add_error(shell, tmp_path)["id"]
    decision = shell.json("decision", "add", "Use UTC", "--rationale", "Zones differ")["id"]
    shell.json("change", "add", "src/auth.py", "--action", "new", "--reason", "Compare in UTC")
    commit = shell.commit("src/auth.py", "x\n")
    found = shell.json("session", "show", session)
    assert found["decisions"] == [decision]
    assert found["errors"] == [error]
    assert [c["reason"] for c in found["changes"]] == ["Compare in UTC"]
    assert found["commits"] == [commit]
    ended = shell.json("session", "end")
    assert decision in ended["summary"]
    assert "Compare in UTC" in ended["summary"]


def test_a_session_may_be_resumed(shell: Shell) -> None:
    session = shell.json("session", "start", "First")["id"]
    shell.json("session", "end")
    resumed = shell.json("session", "resume", session)
    assert (resumed["id"], resumed["active"], resumed["ended_at"]) == (session, True, None)


def test_the_same_error_is_counted_and_answers_with_its_solution(
    shell: Shell, tmp_path: Path
) -> None:
    first = add_error(shell, tmp_path, 42)
    assert set(first) >= {
        "id", "new", "occurrences", "resolved", "solution", "similar", "redacted", "path",
    }  # fmt: skip
    assert (first["new"], first["occurrences"], first["resolved"]) == (True, 1, False)
    solved = shell.json("error", "solve", str(first["id"]), "Use datetime.now(UTC)")
    assert (solved["resolved"], solved["solution"]) == (True, "Use datetime.now(UTC)")
    again = add_error(shell, tmp_path, 99)
    assert (again["id"], again["new"], again["occurrences"]) == (first["id"], False, 2)
    assert again["solution"] == "Use datetime.now(UTC)"
    shown = shell.json("error", "show", str(first["id"]))
    assert len(shown["seen"]) == shown["occurrences"] == 2
    assert shell.json("error", "list", "--unresolved") == {"errors": []}
    assert len(shell.json("error", "list")["errors"]) == 1


def test_a_solved_error_knows_the_commit_that_fixed_it(shell: Shell, tmp_path: Path) -> None:
    error = str(add_error(shell, tmp_path)["id"])
    shell.commit("a.py", "1\n")
    shell.json("error", "solve", error, "Use UTC")
    assert shell.json("error", "show", error)["resolved_commit"] is None
    fix = shell.commit("a.py", "2\n")
    shown = shell.json("error", "show", error)
    assert shown["resolved_commit"] == fix
    assert fix in shown["commits"]


def test_a_solution_may_name_the_commit_that_exists_already(shell: Shell, tmp_path: Path) -> None:
    error = str(add_error(shell, tmp_path)["id"])
    fix = shell.commit("a.py", "1\n")
    solved = shell.json("error", "solve", error, "Use UTC", "--commit", "HEAD")
    assert solved["resolved_commit"] == fix
    told = shell.json("error", "solve", error, "x", "--commit", "nope")["error"]
    assert (told["where"], shell.code) == ("nope", 1)


def test_decisions_are_reviewed_and_superseded(shell: Shell) -> None:
    old = shell.json("decision", "add", "Use sessions", "--rationale", "Simple")
    assert set(old) >= {"id", "status", "path", "similar"}
    assert old["status"] == "proposed"
    accepted = shell.json("decision", "accept", old["id"], "--note", "agreed")
    assert accepted["status"] == "accepted"
    assert accepted["reviewed_by"] == "Kim <kim@example.com>"
    new = shell.json(
        "decision", "add", "Use tokens", "--rationale", "Stateless", "--supersedes", old["id"]
    )
    shown = shell.json("decision", "show", old["id"])
    assert (shown["status"], shown["superseded_by"]) == ("superseded", new["id"])
    assert old["id"] in shell.json("decision", "show", new["id"])["supersedes"]
    refused = shell.json("decision", "accept", old["id"])
    assert shell.code == 1
    assert new["id"] in refused["error"]["message"]
    third = shell.json("decision", "add", "Use passkeys", "--rationale", "Safer")["id"]
    shell.json("decision", "supersede", new["id"], "--by", third)
    assert shell.json("decision", "show", new["id"])["superseded_by"] == third
    rejected = shell.json("decision", "reject", third)
    assert rejected["status"] == "rejected"
    proposed = shell.json("decision", "list", "--status", "superseded")["decisions"]
    assert {d["id"] for d in proposed} == {old["id"], new["id"]}


def test_decisions_are_listed_by_the_file_they_govern(shell: Shell) -> None:
    here = shell.json(
        "decision", "add", "A", "--rationale", "r", "--related-file", "src/api/"
    )["id"]  # fmt: skip
    shell.json("decision", "add", "B", "--rationale", "r", "--related-file", "web/a.ts")
    found = shell.json("decision", "list", "--file", "src/api/users.py")["decisions"]
    assert [d["id"] for d in found] == [here]


@pytest.mark.parametrize(
    ("word", "action"),
    [("add", "create"), ("new", "create"), ("modify", "edit"), ("update", "edit"),
     ("remove", "delete"), ("move", "rename"), ("test", "test"), ("Edit", "edit")],
)  # fmt: skip
def test_actions_have_aliases(shell: Shell, word: str, action: str) -> None:
    done = shell.json("change", "add", "a.py", "--action", word, "--reason", "why")
    assert (done["action"], done["path"]) == (action, "a.py")
    assert done["id"].startswith("C-")


def test_an_unknown_action_lists_the_known_ones(shell: Shell) -> None:
    told = shell.json("change", "add", "a.py", "--action", "smash", "--reason", "why")["error"]
    assert shell.code == 2
    assert "refactor" in told["hint"]


def test_log_and_why_tell_reasons_decisions_and_errors(shell: Shell, tmp_path: Path) -> None:
    shell.commit("src/auth.py", "one\ntwo\n", "Start")
    session = shell.json("session", "start", "Fix")["id"]
    error = str(add_error(shell, tmp_path)["id"])
    shell.json("error", "solve", error, "Use UTC")
    decision = shell.json(
        "decision", "add", "Keep UTC", "--rationale", "Zones", "--related-file", "src/auth.py"
    )["id"]  # fmt: skip
    shell.json("change", "add", "src/auth.py", "--action", "edit", "--reason", "Compare in UTC")
    fix = shell.commit("src/auth.py", "one\nTWO\n", "Fix it")
    (first, start) = shell.json("log")["commits"]
    assert set(first) >= {
        "commit", "subject", "author", "date", "session", "decisions", "errors", "changes",
    }  # fmt: skip
    assert (first["commit"], first["session"]) == (fix, session)
    assert (first["decisions"], first["errors"]) == ([decision], [error])
    assert first["changes"] == [
        {"path": "src/auth.py", "action": "edit", "reason": "Compare in UTC", "old_path": None}
    ]
    assert start["changes"][0]["action"] == "create"
    assert [c["commit"] for c in shell.json("log", "src/auth.py", "-n", "1")["commits"]] == [fix]
    assert len(shell.json("log", "HEAD~1..HEAD")["commits"]) == 1
    why = shell.json("why", "src/auth.py:2")
    assert (why["path"], why["line"], why["commit"], why["subject"]) == (
        "src/auth.py", 2, fix, "Fix it",
    )  # fmt: skip
    assert [r["reason"] for r in why["reasons"]] == ["Compare in UTC"]
    assert [d["id"] for d in why["decisions"]] == [decision]
    assert [e["id"] for e in why["errors"]] == [error]
    assert why["errors"][0]["solution"] == "Use UTC"
    assert shell.json("why", "src/auth.py:1")["reasons"] == []
    assert [r["reason"] for r in shell.json("why", "src/auth.py")["reasons"]] == ["Compare in UTC"]


def test_why_names_the_successor_of_a_superseded_decision(shell: Shell) -> None:
    def add(decision: str) -> str:
        found: str = shell.json(
            "decision", "add", decision, "--rationale", "r", "--related-file", "a.py"
        )["id"]
        return found

    old, new = add("Old way"), add("New way")
    shell.commit("a.py", "one\n", "Both")
    shell("decision", "supersede", old, "--by", new)

    assert f"{old} (superseded by {new}) Old way" in shell("why", "a.py")


def test_why_of_a_line_not_committed_yet_gives_the_waiting_reason(shell: Shell) -> None:
    shell.commit("a.py", "one\n")
    shell.write("a.py", "one\ntwo\n")
    shell.json("change", "add", "a.py", "--action", "edit", "--reason", "Soon")
    why = shell.json("why", "a.py:2")
    assert why["commit"] is None
    assert [r["reason"] for r in why["reasons"]] == ["Soon"]


def test_why_of_an_unknown_file_or_line_is_a_user_error(shell: Shell) -> None:
    shell.commit("a.py", "one\n")
    assert shell.json("why", "nope.py")["error"]["where"] == "nope.py"
    assert shell.code == 1
    assert "error" in shell.json("why", "a.py:7")
    assert shell.code == 1


def test_search_filters_and_says_how_it_ranked(shell: Shell, tmp_path: Path) -> None:
    error = str(add_error(shell, tmp_path)["id"])
    decision = shell.json(
        "decision", "add", "Compare datetimes in UTC", "--rationale", "Zones", "--tag", "time",
        "--related-file", "src/auth.py",
    )["id"]  # fmt: skip
    found = shell.json("search", "compare datetimes")
    assert found["query"] == "compare datetimes"
    assert found["ranking"] in ("hybrid", "lexical")
    assert {r["id"] for r in found["results"]} == {error, decision}
    assert set(found["results"][0]) >= {
        "id", "kind", "score", "title", "snippet", "path", "resolved", "status", "commits",
    }  # fmt: skip

    def ids(*args: str) -> set[str]:
        return {r["id"] for r in shell.json("search", "compare datetimes", *args)["results"]}

    assert ids("--kind", "decision") == {decision}
    assert ids("--kind", "decision", "--kind", "error") == {error, decision}
    assert ids("--tag", "time") == {error, decision}
    assert ids("--tag", "nothing") == set()
    assert ids("--file", "src/auth.py") == {error, decision}
    assert ids("--file", "src") == {error, decision}
    assert ids("--file", "web") == set()
    assert ids("--since", "1d") == {error, decision}
    assert ids("--since", "2999-01-01") == set()
    assert ids("--unresolved") == {error}
    assert ids("--min-score", "1.1") == set()
    assert len(ids("-k", "1")) == 1
    shell.json("error", "solve", error, "Use UTC")
    assert ids("--unresolved") == set()
    assert [r["id"] for r in shell.json("error", "search", "datetimes")["results"]] == [error]


def test_a_hit_names_the_commits_of_its_record(shell: Shell) -> None:
    decision = shell.json("decision", "add", "Use queues", "--rationale", "Slow mail")["id"]
    commit = shell.commit("a.py", "1\n")
    (hit,) = shell.json("search", "queues", "--kind", "decision")["results"]
    assert (hit["id"], hit["commits"]) == (decision, [commit])


def test_search_follows_the_branch(shell: Shell) -> None:
    shell.commit("a.py", "1\n")
    shell.git("switch", "--quiet", "-c", "other")
    decision = shell.json("decision", "add", "Use queues", "--rationale", "Slow mail")["id"]
    shell.commit("a.py", "2\n")
    assert [r["id"] for r in shell.json("search", "queues", "--kind", "decision")["results"]] == [
        decision
    ]
    shell.git("switch", "--quiet", "main")
    assert shell.json("search", "queues", "--kind", "decision")["results"] == []
    assert shell.json("show", decision)["id"] == decision
    shell.git("switch", "--quiet", "other")
    assert shell.json("search", "queues", "--kind", "decision")["results"]


def test_index_commands_tell_the_same_fields(shell: Shell) -> None:
    shell.json("decision", "add", "Use queues", "--rationale", "Slow mail")
    fields = {"records", "vectors", "embedded_now", "model", "fresh"}
    assert set(shell.json("index", "refresh")) >= fields
    status = shell.json("index", "status")
    assert set(status) >= fields
    assert (status["records"], status["fresh"]) == (1, True)
    rebuilt = shell.json("index", "rebuild")
    assert (rebuilt["records"], rebuilt["embedded_now"]) == (1, 0)


def test_doctor_is_content_after_init_and_finds_a_broken_record(shell: Shell) -> None:
    healthy = shell.json("doctor")
    assert (shell.code, healthy["ok"]) == (0, True)
    assert set(healthy["findings"][0]) >= {"check", "severity", "message", "mend"}
    shell.write(".kagura/errors/2026-01/E-00000000-x.yaml", "id: 1\nid: 2\n")
    sick = shell.json("doctor")
    assert (shell.code, sick["ok"]) == (1, False)
    (fault,) = [f for f in sick["findings"] if f["severity"] == "error"]
    assert "E-00000000-x.yaml:2" in fault["message"]
    assert fault["mend"]


def test_doctor_notices_hooks_that_are_not_reached(shell: Shell) -> None:
    shell.git("config", "core.hooksPath", "elsewhere")
    assert not shell.json("doctor")["ok"]
    shell("init")
    assert shell.json("doctor")["ok"]


def test_doctor_notices_a_session_left_open(shell: Shell) -> None:
    session = shell.json("session", "start", "Forgotten")
    path = shell.top / session["path"]
    path.write_text(path.read_text().replace("started_at: '20", "started_at: '19"))
    (told,) = [f for f in shell.json("doctor")["findings"] if f["check"] == "session"]
    assert (told["severity"], session["id"] in told["message"]) == ("warning", True)
    shell.write("kagura.toml", "[coding_memory]\nmax_session_duration_hours = 9999999\n")
    assert "session" not in {f["check"] for f in shell.json("doctor")["findings"]}


def test_doctor_before_init_says_so(new_shell: Callable[[str], Shell]) -> None:
    shell = new_shell("fresh")
    found = shell.json("doctor")
    assert (shell.code, found["ok"]) == (1, False)
    assert "init" in found["findings"][0]["mend"]


def test_recording_before_init_says_so(new_shell: Callable[[str], Shell]) -> None:
    shell = new_shell("fresh")
    told = shell.json("decision", "add", "A", "--rationale", "r")["error"]
    assert shell.code == 1
    assert "git kagura init" in told["hint"]
    assert not (shell.top / ".kagura").exists()


def test_context_and_patterns_keep_their_fields(shell: Shell) -> None:
    shell.commit("a.py", "1\n")
    context = shell.json("context", "--max-tokens", "600")
    assert set(context) >= {
        "project_id", "summary", "tech_stack", "recent_changes", "decisions", "open_errors",
        "patterns", "token_count",
    }  # fmt: skip
    assert context["token_count"] <= 600
    patterns = shell.json("patterns")
    assert set(patterns) >= {"enough", "changes_seen", "changes_needed", "patterns"}
    assert patterns["enough"] is False
    assert patterns["changes_needed"] > 0


def test_show_prints_any_record(shell: Shell, tmp_path: Path) -> None:
    error = str(add_error(shell, tmp_path)["id"])
    session = shell.json("session", "start", "Fix")["id"]
    change = shell.json("change", "add", "a.py", "--action", "edit", "--reason", "why")["id"]
    for record in (error, session, change):
        assert shell.json("show", record)["id"] == record
        assert record in shell("show", record)
    assert shell.json("show", "D-00000000")["error"]["where"] == "D-00000000"
    assert shell.code == 1
    assert "looks like" in shell.json("show", "../../etc/passwd")["error"]["hint"]


def test_text_may_come_from_stdin(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("because\nof this\n"))
    decision = shell.json("decision", "add", "A", "--rationale", "-")["id"]
    assert shell.json("show", decision)["rationale"] == "because\nof this"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("bogus",), 2),
        (("error", "add"), 2),
        (("search",), 2),
        (("search", ""), 2),
        (("search", "x", "--kind", "dragon"), 2),
        (("search", "x", "-k", "0"), 2),
        (("search", "x", "--since", "yesterday-ish"), 2),
        (("decision", "add", " ", "--rationale", "r"), 2),
        (("decision", "add", "A", "--rationale", "r", "--confidence", "7"), 2),
        (("decision", "add", "A", "--rationale", "r", "--status", "superseded"), 2),
        (("decision", "show", "E-00000000"), 1),
        (("error", "show", "E-1"), 1),
        (("error", "add", "--type", "T", "--message", "m", "--line", "many"), 2),
        (("error", "add", "--type", "T", "--message", "m", "--trace-file", "/nowhere"), 2),
        (("change", "add", "../outside", "--action", "edit", "--reason", "r"), 1),
        (("log", "-n", "0"), 2),
    ],
)
def test_bad_input_is_one_error_with_its_code(
    shell: Shell, args: tuple[str, ...], code: int
) -> None:
    told = shell.json(*args)
    assert set(told) == {"error"}
    assert set(told["error"]) == {"message", "hint", "where"}
    assert shell.code == code
    shell(*args)
    assert shell.code == code
    assert shell.err.startswith("error: ")
    assert "Traceback" not in shell.err


def test_outside_a_repository_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    shell = Shell(tmp_path / "empty", capsys)
    assert "git init" in shell.json("error", "list")["error"]["hint"]
    assert shell.code == 1


def test_terminal_codes_in_a_record_do_not_reach_the_terminal(shell: Shell) -> None:
    decision = shell.json("decision", "add", "Fine", "--rationale", "r")
    path = shell.top / decision["path"]
    path.write_text(path.read_text().replace("rationale: r", 'rationale: "a \\e[2J b"'))
    assert "\x1b" not in shell("show", decision["id"])
    assert shell.json("show", decision["id"])["rationale"] == "a \x1b[2J b"


def test_secrets_are_redacted_and_the_answer_says_so(shell: Shell) -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    done = shell.json("error", "add", "--type", "E", "--message", f"bad token {secret}")
    assert done["redacted"] == ["github-token"]
    text = (shell.top / done["path"]).read_text()
    assert secret not in text
    assert "[redacted:github-token]" in text
    journal = [p.read_text() for p in (shell.top / ".git/kagura/journal").rglob("*.yaml")]
    assert journal
    assert not any(secret in kept for kept in journal)


def test_uninstall_takes_all_back_and_keeps_the_records(shell: Shell) -> None:
    done = shell.json("decision", "add", "Stay", "--rationale", "r")
    assert shell.json("uninstall")["changed"]
    assert (shell.top / done["path"]).is_file()
    assert not (shell.top / "kagura.toml").exists()
    assert not (shell.top / ".gitattributes").exists()
    assert shell.json("uninstall") == {"changed": []}
