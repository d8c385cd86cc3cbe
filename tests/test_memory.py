"""The Python API, used as the examples use it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kagura_git import CodingMemory, CodingMemoryManager, KaguraError
from kagura_git.errors import Conflict, InvalidRecord, NotFound, UsageError
from kagura_git.model.records import Error
from kagura_git.services import setup


@pytest.fixture(autouse=True)
def signed_by_kim(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Kim")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "kim@example.com")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "api-service"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(folder)], check=True)
    setup.init(CodingMemory.sync(folder).ws.repo)
    return folder


def test_a_whole_session_as_the_examples_show_it(top: Path) -> None:
    async def work() -> None:
        memory = CodingMemory(repo=top)
        session_id = await memory.start_coding_session("Implement JWT", tags=["auth"])
        assert isinstance(session_id, str)
        assert str(session_id) == session_id.id
        change = await memory.track_file_change(
            "src/auth.py", "edit", "+ def validate_token(token):", "Validate tokens",
            related_files=["src/middleware.py"], line_range="42,57",
        )  # fmt: skip
        assert (change.action, change.record.line_range) == ("edit", [42, 57])
        assert change.title == "edit src/auth.py: Validate tokens"
        error = await memory.record_error(
            "TypeError", "can't compare datetimes", "Traceback:\n  File 'auth.py', line 42",
            "src/auth.py", 42, tags='["datetime", "timezone"]',
        )  # fmt: skip
        assert (error.new, error.occurrences, error.record.tags) == (
            True,
            1,
            ["datetime", "timezone"],
        )
        decision = await memory.record_decision(
            "Use JWT", "Stateless", alternatives='["Sessions"]', confidence="0.9"
        )
        assert decision.record.confidence == 0.9
        hits = await memory.search_errors("compare datetimes", k=5)
        assert [hit.id for hit in hits] == [error.id]
        assert (hits[0].kind, hits[0].record.error_type) == ("error", "TypeError")
        assert 0 < hits[0].score <= 1
        result = await memory.end_coding_session(success=True)
        assert result["duration_minutes"] >= 0
        assert decision.id in result["summary"]
        assert (result["decisions"], result["errors"]) == ([decision.id], [error.id])

    asyncio.run(work())


def test_an_error_is_recalled_edited_and_stored(top: Path) -> None:
    async def work() -> None:
        memory = CodingMemory(top)
        error_id = await memory.record_error("TypeError", "no")
        error = await memory.recall(error_id)
        assert isinstance(error, Error)
        error.solution = "Use UTC"
        error.resolved = True
        await memory.store(error_id, error)
        again = await memory.recall(error_id)
        assert isinstance(again, Error)
        assert (again.solution, again.resolved) == ("Use UTC", True)
        assert again.resolved_at is not None
        error.tags = ["time"]
        await memory.update(error_id, error)
        assert (await memory.recall(error_id)).tags == ["time"]  # type: ignore[union-attr]

    asyncio.run(work())


def test_store_refuses_what_is_not_whole(top: Path) -> None:
    memory = CodingMemory.sync(top)
    done = memory.record_error("TypeError", "no")
    error = memory.recall(done)
    assert isinstance(error, Error)
    error.resolved = True
    with pytest.raises(InvalidRecord, match="solution"):
        memory.store(done, error)
    error.solution = "x"
    with pytest.raises(UsageError):
        memory.store("E-00000000", error)
    error.line_number = -3
    with pytest.raises(InvalidRecord, match="line_number"):
        memory.store(done, error)
    assert memory.recall(done).resolved is False  # type: ignore[union-attr]


def test_the_manager_is_the_same_class() -> None:
    assert CodingMemoryManager is CodingMemory


def test_defaults_come_from_git_and_the_repository(top: Path) -> None:
    done = CodingMemory.sync(top).record_decision("A", "r")
    assert (done.record.author, done.record.project_id) == ("Kim <kim@example.com>", "api-service")


def test_callers_may_name_user_and_project(top: Path) -> None:
    ours = CodingMemory.sync(top, user_id="dev_john", project_id="Shop").record_error("E", "boom")
    assert (ours.record.author, ours.record.project_id) == ("dev_john", "Shop")
    other = CodingMemory.sync(top, project_id="Other").record_error("E", "boom two words")
    found = CodingMemory.sync(top, project_id="Shop").search_errors("boom")
    assert [hit.id for hit in found] == [ours.id]
    assert {hit.id for hit in CodingMemory.sync(top).search_errors("boom")} == {ours.id, other.id}


def test_many_records_are_stored_as_they_are(top: Path) -> None:
    memory = CodingMemory.sync(top)
    many = memory.record_many(
        [
            {"kind": "error", "error_type": "E", "message": "first"},
            {"kind": "error", "error_type": "E", "message": "first"},
            {"kind": "decision", "decision": "D", "rationale": "r"},
            {"kind": "session", "description": "S"},
        ]
    )
    assert len({done.id for done in many}) == 4
    staged = subprocess.run(
        ["git", "diff", "--cached", "--name-only"], cwd=top, capture_output=True, text=True
    ).stdout
    assert all(done.path in staged for done in many)
    with pytest.raises(UsageError, match="change"):
        memory.record_many([{"kind": "change"}])


def test_an_unknown_id_says_what_to_do(top: Path) -> None:
    with pytest.raises(NotFound) as told:
        CodingMemory.sync(top).recall("E-00000000")
    assert told.value.hint


def test_every_error_is_a_kagura_error(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(KaguraError):
        CodingMemory(tmp_path / "none")


def test_linked_worktrees_have_a_session_each(top: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "add", "-A"], cwd=top, check=True)
    subprocess.run(["git", "commit", "--quiet", "-m", "x"], cwd=top, check=True)
    subprocess.run(["git", "worktree", "add", "-q", str(tmp_path / "two")], cwd=top, check=True)
    here, there = CodingMemory.sync(top), CodingMemory.sync(tmp_path / "two")
    first = here.start_coding_session("one")
    second = there.start_coding_session("two")
    with pytest.raises(Conflict) as told:
        here.start_coding_session("three")
    assert told.value.where == first.id
    assert there.get_session()["id"] == second.id  # type: ignore[index]


def test_processes_that_record_at_once_lose_nothing(top: Path) -> None:
    program = (
        "import sys; from kagura_git import CodingMemory\n"
        "m = CodingMemory.sync(sys.argv[1])\n"
        "for i in range(5):\n"
        "    m.record_error('E', f'process {sys.argv[2]}x{chr(97 + i)}', file_path=sys.argv[2])\n"
        "    m.record_error('Same', 'the one error that all meet')\n"
    )
    root = str(Path(__file__).parent.parent)
    env = {**os.environ, "PYTHONPATH": root}
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(top), chr(97 + n)], env=env)
        for n in range(8)
    ]
    assert [process.wait(120) for process in running] == [0] * 8
    errors = [s.record for s in CodingMemory.sync(top).ws.files.read_all(("error",))]
    same = [e for e in errors if isinstance(e, Error) and e.error_type == "Same"]
    assert [e.occurrences for e in same] == [40]
    assert len(errors) == 41
    staged = subprocess.run(
        ["git", "status", "--porcelain", ".kagura/errors"], cwd=top, capture_output=True, text=True
    ).stdout.splitlines()
    assert len([line for line in staged if line.startswith("A ")]) == 41


def test_a_record_is_stored_even_if_the_staging_area_is_locked(top: Path) -> None:
    (top / ".git" / "index.lock").touch()
    memory = CodingMemory.sync(top)
    done = memory.record_decision("A", "r")
    assert done.staged is False
    assert (top / done.path).is_file()
    (top / ".git" / "index.lock").unlink()
    memory.record_decision("B", "r")
    staged = subprocess.run(
        ["git", "diff", "--cached", "--name-only"], cwd=top, capture_output=True, text=True
    ).stdout
    assert done.path in staged
