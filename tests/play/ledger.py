"""The plain model: what was acknowledged, and which commit may speak of what.

No git and no files: dictionaries that the moves fill and the checks read.
A commit is known by its token, the ``t17`` in its subject, which survives what
changes its id; a squash carries the tokens of all it took in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\bt\d+\b")


@dataclass
class Known:
    """One acknowledged record: what must be found in it wherever it ends up."""

    id: str
    kind: str
    clone: str
    text: str
    tags: set[str] = field(default_factory=set)
    sightings: int = 1
    solutions: set[str] = field(default_factory=set)
    verdicts: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    removed: bool = False  # somebody deleted its file by a commit of its own


@dataclass
class Reason:
    """One acknowledged reason for a change, and the commits that may carry it."""

    id: str
    place: str
    path: str
    head: str
    session: str | None
    tokens: set[str] = field(default_factory=set)
    settled: bool = False  # a commit made without hooks took its edit: no later one may have it


@dataclass
class Ledger:
    """Everything acknowledged so far, over all clones."""

    records: dict[str, Known] = field(default_factory=dict)
    reasons: dict[str, Reason] = field(default_factory=dict)
    # Per token: the sessions and records that its commit may be linked to.
    linked: dict[str, set[str]] = field(default_factory=dict)
    steps: int = 0

    def token(self) -> str:
        """Return a token no commit has yet."""
        name = f"t{len(self.linked) + 1}"
        self.linked[name] = set()
        return name

    def record(self, known: Known) -> None:
        """Take in a record that was acknowledged for the first time."""
        assert known.id not in self.records
        self.records[known.id] = known

    def of(self, kind: str) -> list[Known]:
        """Return the records of a kind that nobody deleted, oldest first."""
        return [known for known in self.records.values() if known.kind == kind]

    def allowed(self, subject: str) -> set[str]:
        """Return the ids that a commit with this subject may be linked to."""
        if subject.startswith("Revert "):
            return self.linked.get(subject, set())
        # git names the merges that a pull makes.
        tokens = {"pull"} if subject.startswith("Merge ") else set(_TOKEN.findall(subject))
        ids = set().union(*(self.linked.get(token, set()) for token in tokens))
        for reason in self.reasons.values():
            if reason.tokens & tokens:
                # A commit belongs to the session of its reasons, ended or not.
                ids |= {reason.id, *([reason.session] if reason.session else [])}
        return ids


def tokens_of(text: str) -> list[str]:
    """Return the tokens a text names, each once."""
    return list(dict.fromkeys(_TOKEN.findall(text)))
