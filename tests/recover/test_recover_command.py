"""`git kagura recover`, and what other commands say of the abandoned."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kagura_git.cli.app import run
from tests.recover.desk import Desk


class Shell:
    """The program, as a person at a terminal has it."""

    def __init__(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        self.desk = desk
        self.capsys = capsys
        self.code = 0
        self.err = ""

    def __call__(self, *args: str) -> str:
        """Run ``git kagura ARGS`` and return its stdout."""
        self.capsys.readouterr()
        self.code = run(["-C", str(self.desk.top), *args])
        out, self.err = self.capsys.readouterr()
        return out

    def json(self, *args: str) -> Any:
        """Run with ``--json`` and return the one document on stdout."""
        return json.loads(self(*args, "--json"))


@pytest.fixture
def shell(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(desk, capsys)


@pytest.fixture
def gone(desk: Desk) -> str:
    """A decision lost with its branch."""
    desk.run("checkout", "-q", "-b", "side")
    record = desk.decide("Keep job queues in Redis", "fast, but lost jobs when it restarted")
    desk.commit("try Redis")
    desk.run("checkout", "-q", "main")
    desk.run("branch", "-q", "-D", "side")
    return record


@pytest.mark.parametrize("args", [[], ["--list"]], ids=["recover", "recover --list"])
def test_the_list_says_what_when_why_and_how_to_go_on(
    shell: Shell, gone: str, args: list[str]
) -> None:
    out = shell("recover", *args)
    assert shell.code == 0
    assert f"{gone}  decision  Keep job queues in Redis" in out
    for part in ("UTC by Ada <ada@example.org>", "gone from every branch", "try Redis", "side"):
        assert part in out
    assert "`git kagura recover ID...` restores" in out


def test_the_list_as_json(shell: Shell, gone: str) -> None:
    (lost,) = shell.json("recover", "--list")["lost"]
    sha = lost.pop("commit")
    assert len(sha) == 40
    assert lost.pop("written").endswith("Z")
    assert lost == {
        "id": gone,
        "kind": "decision",
        "title": "Keep job queues in Redis",
        "author": "Ada <ada@example.org>",
        "what": "gone",
        "why": f"gone from every branch; was in commit {sha[:10]} (try Redis); "
        "written on side, a branch that is gone",
        "branch": "side",
        "session": None,
        "versions": 1,
        "path": lost["path"],
    }


def test_restoring_by_id(shell: Shell, desk: Desk, gone: str) -> None:
    assert shell("recover", gone) == f"{gone}  restored: {desk.path(gone).relative_to(desk.top)}\n"
    assert shell.code == 0
    assert "is here, nothing to restore" in shell("recover", gone)
    assert shell.code == 0


def test_restoring_as_json(shell: Shell, desk: Desk, gone: str) -> None:
    data = shell.json("recover", "--all")
    assert data == {
        "restored": [
            {
                "id": gone,
                "kind": "decision",
                "title": "Keep job queues in Redis",
                "path": str(desk.path(gone).relative_to(desk.top)),
                "how": "restored",
                "conflicts": [],
                "redacted": [],
                "staged": True,
            }
        ],
        "failed": [],
    }


def test_nothing_lost_is_said_too(shell: Shell) -> None:
    assert shell("recover") == "nothing is lost\n"
    assert shell("recover", "--all") == "nothing is lost\n"
    assert shell.json("recover", "--list") == {"lost": []}
    assert shell.json("recover", "--all") == {"restored": [], "failed": []}


def test_one_that_cannot_be_restored_fails_alone(shell: Shell, desk: Desk, gone: str) -> None:
    record = desk.decide()
    desk.commit("decide")
    desk.accept(record)
    desk.run("reset", "-q", "--hard")
    desk.path(record).write_text("not a record\n")
    data = shell.json("recover", "--all")
    assert shell.code == 1
    assert [item["id"] for item in data["restored"]] == [gone]
    assert [item["id"] for item in data["failed"]] == [record]
    assert data["failed"][0]["message"].startswith(".kagura/decisions/")


@pytest.mark.parametrize("args", [["--all", "--list"], ["--all", "D-00000000"]])
def test_all_stands_alone(shell: Shell, gone: str, args: list[str]) -> None:
    shell("recover", *args)
    assert shell.code == 2
    assert shell.json("recover")["lost"]


def test_an_unknown_id_is_an_error_that_says_where_to_look(shell: Shell, gone: str) -> None:
    error = shell.json("recover", "D-00000000")["error"]
    assert shell.code == 1
    assert error["where"] == "D-00000000"
    assert "recover --list" in error["hint"]


def test_a_list_of_some(shell: Shell, desk: Desk, gone: str) -> None:
    desk.decide("Use Postgres")
    desk.run("reset", "-q", "--hard")
    assert len(shell.json("recover", "--list")["lost"]) == 2
    assert [item["id"] for item in shell.json("recover", "--list", gone)["lost"]] == [gone]


def test_what_others_wrote_cannot_move_the_cursor(shell: Shell, desk: Desk) -> None:
    desk.run("checkout", "-q", "-b", "side")
    desk.decide("Use \x1b[2JRedis\u202e", "a\nb")
    desk.commit("try \x1b[31mred")
    desk.run("checkout", "-q", "main")
    desk.run("branch", "-q", "-D", "side")
    out = shell("recover")
    assert not {"\x1b", "\u202e"} & set(out)
    assert len(out.splitlines()) == 3


def test_search_marks_what_is_abandoned(shell: Shell, desk: Desk, gone: str) -> None:
    here = desk.decide("Keep job queues in Postgres")
    assert gone not in shell("search", "Redis job queues")
    assert "abandoned" not in shell.json("search", "job queues")["results"][0]
    results = shell.json("search", "Redis job queues", "--abandoned")["results"]
    assert [(r["id"], r["abandoned"]) for r in results] == [(gone, True), (here, False)]
    lines = shell("search", "Redis job queues", "--abandoned").splitlines()
    assert next(line for line in lines if "abandoned" in line).split()[1:4] == [
        gone,
        "proposed",
        "abandoned",
    ]


def test_error_search_marks_what_is_abandoned(shell: Shell, desk: Desk, gone: str) -> None:
    error = desk.memory.record_error("RedisError", "Redis went away")
    desk.run("reset", "-q", "--hard")
    assert shell.json("error", "search", "Redis")["results"] == []
    (result,) = shell.json("error", "search", "Redis", "--abandoned")["results"]
    assert (result["id"], result["abandoned"]) == (error, True)


def test_show_marks_what_is_abandoned(shell: Shell, desk: Desk, gone: str) -> None:
    data = shell.json("show", gone)
    assert (data["id"], data["path"], data["abandoned"]) == (gone, None, True)
    assert f"git kagura recover {gone}" in shell("show", gone)
    desk.restore()
    assert "abandoned" not in shell.json("show", gone)


def test_show_marks_nothing_that_another_branch_has(shell: Shell, desk: Desk) -> None:
    desk.run("checkout", "-q", "-b", "side")
    record = desk.decide()
    desk.commit("decide")
    desk.run("checkout", "-q", "main")
    data = shell.json("show", record)
    assert "abandoned" not in data
    assert data["id"] == record


def test_doctor_says_how_many(shell: Shell, gone: str) -> None:
    found = {item["check"]: item for item in shell.json("doctor")["findings"]}
    assert "recover --list" in found["journal"]["mend"]
