"""A process that records until it is killed: ``python worker.py SEED STEPS [OPERATION]...``.

It says on stdout what it is about to do (``try``) and what has been acknowledged
(``did``), one JSON line each.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

from kagura_git.errors import Conflict
from kagura_git.memory import SyncCodingMemory
from kagura_git.model.records import Decision, Error, Session
from tests.faults.ledger import State, state_of

_NOUNS = "cache queue parser token index schema worker socket ledger router".split()
SOURCES = [f"src/part{number}.py" for number in range(6)]


class Worker:
    """One memory and the operations on it."""

    def __init__(self, memory: SyncCodingMemory, seed: int, say: Callable[[str], None]) -> None:
        self.memory = memory
        self.rng = random.Random(seed)
        self.seed = seed
        self.say = say
        self.steps = 0

    def play(self, steps: int, names: Sequence[str] = ()) -> None:
        """Do random operations, of these names only if any are given."""
        chosen = names or [*OPERATIONS]
        for _ in range(steps):
            self.steps += 1
            OPERATIONS[self.rng.choice(chosen)](self)

    def text(self) -> str:
        """Return a text that no other operation uses."""
        words = " ".join(self.rng.choices(_NOUNS, k=3))
        letters = "".join(chr(97 + int(digit)) for digit in f"{self.seed}{self.steps:03}")
        return f"{words} of {letters}"

    def did(self, *records: Any) -> None:
        """Say that these are acknowledged now."""
        self.say(json.dumps({"did": {record.id: state_of(record) for record in records}}))

    def will(self, record: Any, **changed: Any) -> None:
        """Say what is about to become of a record."""
        state: State = {**state_of(record), **changed}
        self.say(json.dumps({"try": {record.id: state}}))

    def some(self, kind: type[Any], **wanted: Any) -> Any:
        """Return a random record of this work tree, or None."""
        records = [stored.record for stored in self.memory.ws.files.read_all()]
        found = [
            record
            for record in records
            if isinstance(record, kind)
            and all(getattr(record, name) == value for name, value in wanted.items())
        ]
        return self.rng.choice(found) if found else None


def decide(worker: Worker) -> None:
    """Record a decision."""
    text = worker.text()
    worker.did(worker.memory.record_decision(f"Use the {text}", f"because {text}").record)


def supersede(worker: Worker) -> None:
    """Record a decision in the place of an earlier one."""
    old = worker.some(Decision, superseded_by=None)
    if old is None:
        return
    text = worker.text()
    # Its id is not known before; whatever it says, it must be the new one's.
    worker.say(json.dumps({"try": {old.id: {**state_of(old), "status": "superseded", "by": "?"}}}))
    new = worker.memory.record_decision(f"Rather the {text}", text, supersedes=old.id)
    worker.did(new.record, worker.memory.recall(old.id))


def fail(worker: Worker) -> None:
    """Record an error never seen before."""
    text = worker.text()
    done = worker.memory.record_error(f"{text.split()[-1].title()}Error", f"the {text} broke")
    assert done.new
    worker.did(done.record)


def fail_again(worker: Worker) -> None:
    """See an error again."""
    known = worker.some(Error)
    if known is None:
        return
    worker.will(known, seen=known.occurrences + 1)
    done = worker.memory.record_error(known.error_type, known.message)
    assert done.id == known.id, (done.id, known.id)
    worker.did(done.record)


def solve(worker: Worker) -> None:
    """Solve an error."""
    known = worker.some(Error)
    if known is None:
        return
    fix = f"fixed by {worker.text()}"
    worker.will(known, fix=fix)
    worker.did(worker.memory.resolve_error(known.id, fix).record)


def change(worker: Worker) -> None:
    """Say why a file is being changed, and change it."""
    path = worker.rng.choice(SOURCES)
    done = worker.memory.track_file_change(path, "edit", "", f"for the {worker.text()}")
    worker.did(done.record)


def session(worker: Worker) -> None:
    """Start a session, or end the one that is active."""
    try:
        worker.did(worker.memory.start_coding_session(f"work on the {worker.text()}").record)
    except Conflict:
        active = worker.memory.get_session()
        assert active is not None
        now = worker.memory.recall(active["id"])
        assert isinstance(now, Session)
        summary = f"done: {worker.text()}"
        worker.will(now, ended=True, summary=summary)
        worker.memory.end_coding_session(summary)
        worker.did(worker.memory.recall(now.id))


def many(worker: Worker) -> None:
    """Import several records at once."""
    fields = [
        {"kind": "decision", "decision": f"Take {number} {worker.text()}", "rationale": "so"}
        for number in range(8)
    ]
    worker.did(*(done.record for done in worker.memory.record_many(fields)))


OPERATIONS: dict[str, Callable[[Worker], None]] = {
    function.__name__: function
    for function in (decide, supersede, fail, fail_again, solve, change, session, many)
}
__all__ = ["OPERATIONS", "SOURCES", "Worker"]


def main(arguments: Sequence[str]) -> None:
    """Open the memory of the current folder and play."""
    memory = SyncCodingMemory(".")
    worker = Worker(memory, int(arguments[0]), lambda line: print(line, flush=True))
    worker.play(int(arguments[1]), arguments[2:])


if __name__ == "__main__":
    main(sys.argv[1:])
