"""What is started and killed: each prepares a repository and gives a command."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from kagura_git.model.records import Error
from tests.faults.ledger import state_of
from tests.faults.place import PROGRAM, WORKER, Place, commit_all, edit

Command = tuple[list[str], bytes]  # argv and stdin
Words = list[bytes]


@dataclass(frozen=True)
class Job:
    """One kind of work.

    Attributes:
        prepare: brings a copy into the state before the work; returns the command.
        hear: takes what the command said into the ledger; returns how many
            operations it acknowledged.
        answers: how many lines to wait for before stdin is closed; 0: closed at once.
        merges: what the records say afterwards is for the merge to decide.
    """

    prepare: Callable[[Place, random.Random], Command]
    hear: Callable[[Place, Words], int]
    answers: int = 0
    merges: bool = False


def _worker(*names: str, steps: int = 8) -> Job:
    def prepare(place: Place, rng: random.Random) -> Command:
        return [*WORKER, str(rng.randrange(10**6)), str(steps), *names], b""

    return Job(prepare, lambda place, words: place.ledger.read(words))


def _document(place: Place, words: Words) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(b"".join(words))
    except ValueError:
        return None  # killed before, or in the middle of it
    assert "error" not in found, found
    return found


def _cli_decision(place: Place, rng: random.Random) -> Command:
    text = f"Use the {rng.randrange(10**9)} of the command line"
    return [*PROGRAM, "decision", "add", text, "--rationale", "so", "--json"], b""


def _hear_record(place: Place, words: Words) -> int:
    """Take an answer of the command line; what it says is read again only by id."""
    found = _document(place, words)
    if found is None:
        return 0
    # The file itself is the witness that the checks compare with: it is there, or it is lost.
    text = next(p for p in place.top.rglob(f"{found['id']}*.yaml")).read_text()
    assert found["id"] in text
    place.ledger.acknowledge(found["id"], state_of(place.memory().recall(found["id"])))
    return 1


def _cli_solve(place: Place, rng: random.Random) -> Command:
    errors = [s.record for s in place.memory().ws.files.read_all(("error",))]
    known = rng.choice([record for record in errors if isinstance(record, Error)])
    fix = f"fix {rng.randrange(10**9)}"
    place.ledger.attempt(known.id, {**state_of(known), "fix": fix})
    return [*PROGRAM, "error", "solve", known.id, fix, "--json"], b""


def _hear_solution(place: Place, words: Words) -> int:
    found = _document(place, words)
    if found is None:
        return 0
    # An earlier try may have been killed; the program says what became of the last one.
    place.ledger.acknowledge(found["id"], place.ledger.tried[found["id"]][-1])
    return 1


def _mcp(place: Place, rng: random.Random) -> Command:
    calls: list[tuple[str, dict[str, Any]]] = []
    for number in range(4):
        text = f"{rng.randrange(10**9)}-{number}"
        calls.append(("coding_record_decision", {"decision": f"Ask {text}", "rationale": "so"}))
        calls.append(("coding_record_error", {"error_type": f"E{text}", "message": f"no {text}"}))
        calls.append(("coding_search", {"query": text}))
    client = {"protocolVersion": "2025-06-18", "capabilities": {}}
    client["clientInfo"] = {"name": "test", "version": "1"}
    lines: list[dict[str, Any]] = [
        {"id": 0, "method": "initialize", "params": client},
        {"method": "notifications/initialized"},
    ]
    lines += [
        {"id": number, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        for number, (name, arguments) in enumerate(calls, 1)
    ]
    place.said = calls
    text = "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in lines)
    return [*PROGRAM, "mcp", "serve"], text.encode()


def _hear_mcp(place: Place, words: Words) -> int:
    count = 0
    for line in words:
        if not line.endswith(b"\n"):
            break
        answer = json.loads(line)
        number = answer.get("id")
        if not number:
            continue
        name, arguments = place.said[number - 1]
        assert not answer["result"].get("isError"), answer
        if name == "coding_search":
            continue
        found = answer["result"]["structuredContent"]
        if name == "coding_record_decision":
            state = {"said": arguments["decision"], "status": found["status"], "by": None}
        else:
            state = {"said": arguments["message"], "seen": 1, "fix": None}
        place.ledger.acknowledge(found["id"], state)
        count += 1
    return count


def _commit(place: Place, rng: random.Random) -> Command:
    worker = place.worker(rng.randrange(10**6))
    worker.play(4, ["change", "decide", "fail", "session"])
    edit(place, "to be committed")
    how = rng.choice((["-a"], ["--amend", "-a"], ["-a", "--no-verify"]))
    return ["git", "commit", "-q", "-m", f"a commit {rng.randrange(10**9)}", *how], b""


def _refresh(place: Place, rng: random.Random) -> Command:
    worker = place.worker(rng.randrange(10**6))
    worker.play(3, ["many", "decide", "fail_again"])
    match rng.randrange(4):
        case 0:
            shutil.rmtree(place.kagura / "index", ignore_errors=True)
        case 1:
            (place.kagura / "vectors.sqlite").unlink(missing_ok=True)
    verb = rng.choice(("refresh", "refresh", "rebuild"))
    return [*PROGRAM, "index", verb, "--json"], b""


def _merge(place: Place, rng: random.Random) -> Command:
    # As after an earlier kill: git refuses to merge over what it wrote and could not stage.
    place.box.run("reset", "-q", "--hard")
    place.box.run("clean", "-q", "-f", "--", ".kagura")
    # A side taken wholesale loses what the other said: the hook mends it from the three trees.
    return ["git", "merge", "-q", "--no-edit", "-X", rng.choice(("ours", "theirs")), "side"], b""


def _sync(place: Place, rng: random.Random) -> Command:
    worker = place.worker(rng.randrange(10**6))
    worker.play(3, ["change", "decide"])
    commit_all(place, f"to be shared {rng.randrange(10**9)}")
    return [*PROGRAM, "sync", "origin", "--json"], b""


def _hear_sync(place: Place, words: Words) -> int:
    """What sync said it has pushed must be there."""
    if _document(place, words) is None:
        return 0
    ours = set(place.box.out("notes", "--ref=kagura", "list").split("\n"))
    bare = place.top.parent / "bare.git"
    theirs = set(place.box.out("-C", str(bare), "notes", "--ref=kagura", "list").split("\n"))
    assert ours == theirs, ours ^ theirs
    return 1


def _deaf(place: Place, words: Iterable[bytes]) -> int:
    return 0


JOBS: dict[str, Job] = {
    "record": _worker(),
    "session": _worker("session", steps=5),
    "solve": Job(_cli_solve, _hear_solution),
    "cli": Job(_cli_decision, _hear_record),
    "mcp": Job(_mcp, _hear_mcp, answers=13),
    "commit": Job(_commit, _deaf),
    "refresh": Job(_refresh, _deaf),
    "sync": Job(_sync, _hear_sync),
    "merge": Job(_merge, _deaf, merges=True),
}
