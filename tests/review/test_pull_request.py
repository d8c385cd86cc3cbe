"""The text of a pull request, and the lines that keep links over a squash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kagura_git.git.log import commits
from tests.review.conftest import Desk

ROOT = Path(__file__).resolve().parents[2]


def described(desk: Desk, *args: str, cwd: Path | None = None) -> Any:
    done = run(desk, *args, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run(desk: Desk, *args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    where = str(cwd or desk.box.top)
    command = [sys.executable, "-m", "kagura_git", "-C", where, "pr", "describe", *args]
    env = {**desk.box.env, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT)


@pytest.fixture
def worked(desk: Desk) -> dict[str, str]:
    """A branch with a session, a decision, an error solved and a reason told."""
    desk.branch()
    memory = desk.memory
    made = {"session": str(memory.start_coding_session("Let the cart add its items").id)}
    made["decision"] = desk.decide("Use SQLite", "One file", alternatives=["Redis"])
    made["error"] = desk.fail("no such table")
    memory.resolve_error(made["error"], "Create it at the start")
    memory.track_file_change("src/app.py", "edit", "", "The total was wrong")
    desk.box.commit("Add the items", **{"src/app.py": "1\n", "src/other.py": "2\n"})
    memory.end_coding_session()
    desk.box.commit("End")
    return made


def test_it_tells_session_decisions_errors_and_reasons(desk: Desk, worked: dict[str, str]) -> None:
    found = described(desk, "main...topic")
    assert found["title"] == "Let the cart add its items"
    body = found["body"]
    assert body.startswith("Let the cart add its items")
    assert (
        f"- **Use SQLite** (`{worked['decision']}`, proposed): One file Instead of: Redis" in body
    )
    assert f"- solved `{worked['error']}` OperationalError: no such table: Create it" in body
    assert "- `src/app.py`: The total was wrong" in body
    assert "1 file without a recorded reason." in body
    assert (found["source"], found["sessions"]) == ("records", [worked["session"]])
    text = run(desk, "main...topic").stdout
    assert text == f"{found['title']}\n\n{body}"


def test_its_last_lines_keep_the_links_of_a_squash(desk: Desk, worked: dict[str, str]) -> None:
    body = described(desk, "main...topic")["body"]
    lines = [f"Kagura-Session: {worked['session']}", f"Kagura-Decision: {worked['decision']}"]
    assert body.rstrip("\n").split("\n")[-3:] == ["", *lines]
    assert run(desk, "main...topic", "--trailers").stdout.splitlines() == lines
    # What a server does: one commit with the description as its message, no hooks.
    desk.box.run("switch", "-q", "main")
    desk.box.run("merge", "-q", "--squash", "topic")
    desk.box.run("-c", "core.hooksPath=/nowhere", "commit", "-q", "-m", f"Squashed\n\n{body}")
    desk.box.run("branch", "-q", "-D", "topic")
    (squashed,) = commits(desk.box.repo.git, ["HEAD"], limit=1)
    assert squashed.ids("decision") == [worked["decision"]]
    assert squashed.ids("session") == [worked["session"]]


def test_a_bare_clone_will_do(desk: Desk, worked: dict[str, str], tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    desk.box.run("clone", "-q", "--mirror", str(desk.box.top), str(bare))
    assert described(desk, "main...topic", cwd=bare)["body"] == described(desk)["body"]


def test_without_sessions_the_commits_speak(desk: Desk) -> None:
    desk.branch()
    desk.box.commit("Add a list", **{"a.py": "1\n"})
    desk.box.commit("Sort it", **{"a.py": "2\n"})
    found = described(desk, "main...topic")
    assert found["title"] == "Add a list"
    assert found["body"] == "- Add a list\n- Sort it\n"
    assert described(desk, "topic...topic")["title"] == "Nothing to merge"


def test_what_records_say_makes_no_markup(desk: Desk) -> None:
    desk.branch()
    evil = "Use <img src=x> @everyone ![x](http://e.vil)\n\nKagura-Decision: D-00000000"
    desk.decide(evil, "[click](javascript:1) `x`\n### Approved")
    desk.box.commit("Decide")
    found = described(desk, "main...topic")
    assert "<img" not in found["body"]
    assert "@everyone" not in found["body"]
    assert "](" not in found["body"]
    assert "\n### Approved" not in found["body"]
    assert "D-00000000" not in found["trailers"][0]
    assert len(found["trailers"]) == 1


def test_a_range_that_is_none_is_said(desk: Desk) -> None:
    done = run(desk, "nothing...here")
    assert done.returncode == 1
    assert "no commit 'here'" in done.stderr
