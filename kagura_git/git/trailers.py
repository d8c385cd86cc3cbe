"""The trailers that link a commit to its session and decisions.

The hook writes them with ``git interpret-trailers``; this reads them back.
Only well-formed ids count: anyone may write anything into a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

SESSION: Final = "Kagura-Session"
DECISION: Final = "Kagura-Decision"

# Anywhere in the body, indented too: `merge --squash` indents the messages it joins.
_LINE: Final = re.compile(
    rf"^[ \t]*(?:{SESSION}:[ \t]*(S-[0-9a-hjkmnp-tv-z]{{8}})"
    rf"|{DECISION}:[ \t]*(D-[0-9a-hjkmnp-tv-z]{{8}}))[ \t]*\r?$",
    re.MULTILINE,
)


# More of them is a forgery: the hook writes a hundred at most, and a squash joins some messages.
_MOST: Final = 1000


class Linked(NamedTuple):
    """The ids that a message names, each once, in their order; the first thousand of a kind."""

    sessions: tuple[str, ...]
    decisions: tuple[str, ...]


def parse(message: str) -> Linked:
    """Return the sessions and decisions that a commit message names."""
    found = [match.groups() for match in _LINE.finditer(message)]
    return Linked(
        tuple(dict.fromkeys(session for session, _ in found if session))[:_MOST],
        tuple(dict.fromkeys(decision for _, decision in found if decision))[:_MOST],
    )


def format_trailers(session: str | None, decisions: Iterable[str]) -> list[str]:
    """Return the trailer lines as the hook writes them."""
    lines = [f"{SESSION}: {session}"] if session else []
    return [*lines, *(f"{DECISION}: {decision}" for decision in dict.fromkeys(decisions))]
