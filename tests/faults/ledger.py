"""What was acknowledged, and what had been asked for when the kill came.

A record may be as it was acknowledged last, or as an operation that was under
way would have left it; anything else is a loss.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kagura_git.model.records import Change, Decision, Error, Session

State = dict[str, Any]


def state_of(record: Any) -> State:
    """Return what must survive of a record."""
    match record:
        case Decision():
            return {"said": record.decision, "status": record.status, "by": record.superseded_by}
        case Error():
            return {"said": record.message, "seen": record.occurrences, "fix": record.solution}
        case Session():
            ended = record.ended_at is not None
            return {"said": record.description, "ended": ended, "summary": record.summary}
        case Change():
            return {"said": record.reason, "path": record.path}
    raise AssertionError(record)


@dataclass
class Ledger:
    """Acknowledged states by record id, and states tried since then."""

    acknowledged: dict[str, State] = field(default_factory=dict)
    tried: dict[str, list[State]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def acknowledge(self, record_id: str, state: State) -> None:
        """Take a state as promised."""
        self.acknowledged[record_id] = state
        self.tried.pop(record_id, None)
        self.order.append(record_id)

    def attempt(self, record_id: str, state: State) -> None:
        """Take a state as possible from now on."""
        self.tried.setdefault(record_id, []).append(state)

    def read(self, lines: Iterable[bytes]) -> int:
        """Take in a worker's lines; returns how many operations it acknowledged.

        The last line may be cut short by the kill: then it was not said.
        """
        count = 0
        for line in lines:
            if not line.endswith(b"\n"):
                break
            said = json.loads(line)
            if "did" in said:
                for record_id, state in said["did"].items():
                    self.acknowledge(record_id, state)
                count += 1
            else:
                for record_id, state in said["try"].items():
                    self.attempt(record_id, state)
        return count

    def allows(self, record_id: str, state: State) -> bool:
        """Tell whether a record may be in this state now."""
        possible = (self.acknowledged[record_id], *self.tried.get(record_id, ()))
        return any(_fits(state, wanted) for wanted in possible)

    def copy(self) -> Ledger:
        """Return a ledger of one's own."""
        tried = {name: list(states) for name, states in self.tried.items()}
        return Ledger(dict(self.acknowledged), tried, list(self.order))


def _fits(state: State, wanted: State) -> bool:
    # The id of a record that is being made is not known before.
    return all(
        value == state[name] or (value == "?" and state[name]) for name, value in wanted.items()
    )
