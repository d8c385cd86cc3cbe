"""A full disk, a disk that takes nothing, damaged files, a clock set back, many at once."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kagura_git.memory import SyncCodingMemory
from kagura_git.model.records import Error, Session
from kagura_git.services import problems
from kagura_git.workspace import open_workspace
from tests.faults import checks, rounds
from tests.faults.faultline import Fault, Faultline, library
from tests.faults.jobs import JOBS
from tests.faults.ledger import state_of
from tests.faults.place import PROGRAM, Place, commit_all, edit

# A full disk

pytestmark = pytest.mark.slow


@pytest.mark.skipif(library() is None, reason="needs a C compiler and Linux")
@pytest.mark.parametrize("part", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("name", ["record", "cli", "solve", "commit", "refresh", "sync"])
def test_a_full_disk_is_named_and_nothing_acknowledged_is_lost(
    template: Place, tmp_path: Path, name: str, part: float
) -> None:
    events = rounds.measure(template, name, tmp_path / "measured").events
    place, job = template.copy(tmp_path / "full"), JOBS[name]
    command = job.prepare(place, random.Random(part))
    at = 1 + int(events * part)
    line = Faultline(tmp_path / "faultline", place.top.parent, Fault.DISK_FULL, at)
    done = rounds.run(place, job, command, line.environment(place.box.env))
    assert line.happened
    assert "please report" not in done.complaint
    if name in ("cli", "solve"):
        assert "Traceback" not in done.complaint
    if done.code == 0 or name == "record":
        job.hear(place, done.words)
    checks.after(place, random.Random(1), merges=False)


# A disk that takes nothing

_MOUNT = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'


def _can_mount() -> bool:
    probe = [
        "unshare",
        "-rm",
        "sh",
        "-c",
        "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp",
    ]
    return (
        bool(shutil.which("unshare"))
        and subprocess.run(probe, capture_output=True, check=False).returncode == 0
    )


@pytest.fixture
def read_only() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command to which one folder is read only."""
    if not _can_mount():
        pytest.skip("needs unshare(1) and the right to mount")

    def run(place: Place, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["unshare", "-rm", "sh", "-c", _MOUNT, "sh", str(folder), *command],
            cwd=place.top, env=place.box.env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("folder", [".git/kagura", ".git", ".kagura", "."])
@pytest.mark.parametrize(
    "command", ["search cache", "decision list", "log -n 3", "context", "doctor"]
)
def test_what_only_reads_works_on_a_disk_that_takes_nothing(
    place: Place, read_only: Callable[..., subprocess.CompletedProcess[str]],
    folder: str, command: str,
) -> None:  # fmt: skip
    done = read_only(place, place.top / folder, *PROGRAM, *command.split(), "--json")
    assert done.returncode == 0 or command == "doctor", done.stderr
    assert json.loads(done.stdout)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("folder", [".git/kagura", ".kagura", "."])
def test_what_cannot_be_written_is_one_clear_error(
    place: Place, read_only: Callable[..., subprocess.CompletedProcess[str]], folder: str
) -> None:
    command = ("decision", "add", "Refused", "--rationale", "so", "--json")
    done = read_only(place, place.top / folder, *PROGRAM, *command)
    assert done.returncode == 1
    assert "read-only" in json.loads(done.stdout)["error"]["message"].lower()
    assert "Traceback" not in done.stderr
    checks.after(place, random.Random(1), merges=False)


def test_a_commit_goes_through_where_the_memory_cannot_be_written(
    place: Place, read_only: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    reason = place.memory().track_file_change("src/part0.py", "edit", "", "the reason")
    edit(place, "more")
    done = read_only(place, place.kagura, "git", "commit", "-q", "-a", "-m", "on a full memory")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    place.ledger.acknowledge(reason.id, state_of(reason.record))
    checks.records_are_kept(place)


# Damaged files of our own

_KINDS = [
    "session", "pending/*.json", "noted", "installed.json", "links.json", "journal-held",
    "reachable", "vectors.sqlite", "index/manifest", "index/marks", "index/*.words",
    "index/*.vectors", "index/*.texts", "lock", "clean.head", "clean.index",
]  # fmt: skip
_DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 8),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", _DAMAGE)
def test_a_damaged_file_of_the_memory_stops_nothing(place: Place, damage: str) -> None:
    """All of them at once: what each of them is for must come from elsewhere, or be said."""
    place.memory().track_file_change("src/part1.py", "edit", "", "waits")
    place.memory().recaller.refresh()
    damaged = [path for kind in _KINDS for path in sorted(place.kagura.glob(kind))]
    assert len(damaged) > 10
    for path in damaged:
        if path.is_file() and (damage != "folder" or path.name not in ("lock", "session")):
            _DAMAGE[damage](path)
    lost = {i for i in place.ledger.acknowledged if i.startswith("C-")}
    for name in lost:  # what only waited, and whose file was destroyed
        del place.ledger.acknowledged[name]
    place.ledger.order[:] = [name for name in place.ledger.order if name not in lost]
    checks.after(place, random.Random(1), merges=False)


@pytest.mark.parametrize("damage", ["empty", "half", "garbage"])
def test_a_damaged_staging_area_is_git_s_to_name(place: Place, damage: str) -> None:
    index = place.git_dir / "index"
    whole = index.read_bytes()
    _DAMAGE[damage](index)
    done = subprocess.run(
        [*PROGRAM, "decision", "add", "Go on", "--rationale", "so", "--json"],
        cwd=place.top, env=place.box.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if done.returncode == 0:
        made = json.loads(done.stdout)["id"]
        place.ledger.acknowledge(made, state_of(place.memory().recall(made)))
    index.write_bytes(whole)
    checks.after(place, random.Random(1), merges=False)


# A clock set back


@pytest.mark.parametrize("back", [timedelta(days=1), timedelta(days=4000)])
def test_a_clock_set_back_loses_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, back: timedelta
) -> None:
    def earlier() -> datetime:
        return datetime.now(UTC) - back

    memory = place.memory()
    if memory.ws.working.active_session():
        ended = memory.end_coding_session("done")["id"]
        place.ledger.acknowledge(ended, state_of(memory.recall(ended)))
    first = memory.start_coding_session("before the clock")
    ws = open_workspace(str(place.top), place.box.env, clock=earlier)
    monkeypatch.setattr(memory, "ws", ws)
    decision = memory.record_decision("Under a wrong clock", "so")
    error = memory.record_error("ClockError", "the clock was set back")
    again = memory.record_error("ClockError", "the clock was set back")
    assert (again.id, again.occurrences) == (error.id, 2)
    problems.solve(ws, error.id, "Set it right")
    memory.end_coding_session("ended before it began")
    commit_all(place, "under a wrong clock")
    later = place.memory()
    assert later.recall(decision.id).decision == "Under a wrong clock"
    assert later.recall(error.id).solution == "Set it right"
    session = later.recall(first.id)
    assert isinstance(session, Session)
    assert session.ended_at is not None
    assert session.ended_at >= session.started_at
    checks.after(place, random.Random(1), merges=False)


# Many at once


def test_four_servers_in_two_worktrees_lose_nothing(place: Place, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    place.box.run("worktree", "add", "-q", str(linked), "-b", "linked")
    tops = [place.top, place.top, linked, linked]
    servers = []
    for number, top in enumerate(tops):
        command, stdin = _server_lines(number)
        servers.append((top, subprocess.Popen(
            command, cwd=top, env=place.box.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ), stdin))  # fmt: skip
    for _, process, stdin in servers:
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.flush()
    made: dict[Path, list[str]] = {top: [] for top in tops}
    for top, process, _ in servers:
        assert process.stdout is not None
        for _ in range(1 + 2 * _EACH):
            answer = json.loads(process.stdout.readline())
            found = answer["result"].get("structuredContent", {})
            if str(found.get("id", "")).startswith("D-"):
                made[top].append(found["id"])
        process.communicate()
    assert len({name for names in made.values() for name in names}) == 4 * _EACH
    for top in (place.top, linked):
        memory = SyncCodingMemory(top, environ=place.box.env)
        assert {memory.recall(name).id for name in made[top]} == set(made[top])
        errors = [stored.record for stored in memory.ws.files.read_all(("error",))]
        shared = [e for e in errors if isinstance(e, Error) and e.error_type == "SharedError"]
        assert [error.occurrences for error in shared] == [2 * _EACH]


_EACH = 6


def _server_lines(number: int) -> tuple[list[str], bytes]:
    client = {"name": "test", "version": "1"}
    start = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
    lines: list[dict[str, object]] = [
        {"id": 0, "method": "initialize", "params": start},
        {"method": "notifications/initialized"},
    ]
    for step in range(_EACH):
        calls = (
            ("coding_record_decision", {"decision": f"{number} {step}", "rationale": "so"}),
            ("coding_record_error", {"error_type": "SharedError", "message": "the same for all"}),
        )
        for offset, (name, arguments) in enumerate(calls):
            params = {"name": name, "arguments": arguments}
            lines.append({"id": 1 + 2 * step + offset, "method": "tools/call", "params": params})
    text = "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in lines)
    return [sys.executable, "-m", "kagura_git", "mcp", "serve"], text.encode()
