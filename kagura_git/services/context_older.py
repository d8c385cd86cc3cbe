"""What does not fit into a project's context any more: told by the group, with every id.

Records are put together by age, so many at a time: a group that is full stays what it is,
and what a language model once said of it is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

import msgspec

from kagura_git.errors import Conflict
from kagura_git.llm.operation import Operation, Outcome, Sent
from kagura_git.model.printable import in_brief
from kagura_git.model.records import Decision, Error, Record, Session, first_line
from kagura_git.services.wording import clean, short

# Of one kind, in a group.
GROUP: Final = 25
# Below this there is nothing to sum up.
_FEWEST: Final = 5
# Which of them comes first where there is room for few.
_KINDS: Final = ("decision", "open error", "session", "solved error")
_TOPICS: Final = 4
_SUCH_AS: Final = 2
_LONG: Final = 400
_SHORT: Final = 80


class Digest(msgspec.Struct, frozen=True):
    """What a model says of a group."""

    summary: str


CONTEXT_DIGEST: Final = Operation(
    name="context_digest",
    purpose="Sum up older records for the context",
    answer=Digest,
    typical_out=120,
    most_out=600,
    kept=True,
)
Ask = Callable[[Mapping[str, str]], Outcome[Digest]]


@dataclass(frozen=True, slots=True)
class Group:
    """Records of one kind that followed each other; ``whole``: no more will come to it."""

    kind: str
    records: tuple[Record, ...]
    untold: tuple[Record, ...]

    @property
    def whole(self) -> bool:
        """Whether it has all the records it will ever have."""
        return len(self.records) == GROUP


def groups(records: Iterable[Record], told: Iterable[str]) -> list[Group]:
    """Return the groups of which most is not told by itself: of each kind the newest, in turn.

    Args:
        told: the ids of records that the context tells by themselves.
    """
    known = set(told)
    found: dict[str, list[Group]] = {kind: [] for kind in _KINDS}
    for kind, some in _by_kind(records).items():
        some.sort(key=lambda record: (record.created_at, record.id))
        for start in range(0, len(some), GROUP):
            part = tuple(some[start : start + GROUP])
            untold = tuple(record for record in part if record.id not in known)
            if len(untold) >= max(_FEWEST, len(part) // 2):
                found[kind].insert(0, Group(kind, part, untold))
    in_turn = zip_longest(*found.values())
    return [group for groups in in_turn for group in groups if group is not None]


def _by_kind(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Return what still says something: decisions that hold, sessions that ended, errors."""
    found: dict[str, list[Record]] = {}
    for record in records:
        match record:
            case Decision() if record.status in ("accepted", "proposed"):
                found.setdefault("decision", []).append(record)
            case Session() if record.ended_at is not None:
                found.setdefault("session", []).append(record)
            case Error():
                found.setdefault("solved error" if record.resolved else "open error", []).append(
                    record
                )
    return found


def sent(records: Iterable[Record]) -> Sent:
    """Return what would be sent of one whole group.

    Raises:
        Conflict: there is none yet.
    """
    whole = next((group for group in groups(records, ()) if group.whole), None)
    if whole is None:
        raise Conflict(
            f"no {GROUP} records of one kind yet that could be summed up",
            hint="Until then the context tells them by themselves.",
        )
    return Sent(CONTEXT_DIGEST, blocks(whole))


def item(group: Group, ask: Ask | None) -> tuple[dict[str, Any], Outcome[Digest] | None]:
    """Return a group as the context tells it, and what became of the model, if one was asked.

    Only a whole group is worth a model's price.
    """
    outcome = ask(blocks(group)) if ask is not None and group.whole else None
    summary = by_count(group)
    if outcome is not None and outcome.answer is not None and outcome.answer.summary.strip():
        summary = in_brief(outcome.answer.summary, _LONG)
    days = [f"{record.created_at:%Y-%m-%d}" for record in (group.untold[0], group.untold[-1])]
    told = {
        "kind": group.kind,
        "count": len(group.untold),
        "from": days[0],
        "to": days[1],
        "summary": summary,
        "ids": [record.id for record in reversed(group.untold)],
    }
    return told, outcome


def by_count(group: Group) -> str:
    """Return what the group's records have in common, and the latest of them."""
    topics = Counter(topic for record in group.untold for topic in _topics(record))
    often = [f"{name} ({count})" for name, count in topics.most_common(_TOPICS) if count > 1]
    latest = [short(record.title, _SHORT) for record in reversed(group.untold)][:_SUCH_AS]
    about = f"mostly {', '.join(often)}; " if often else ""
    return f"{about}such as {' / '.join(latest)}"


def _topics(record: Record) -> Iterable[str]:
    found = {clean(tag)[:40] for tag in record.tags}
    if isinstance(record, Error):
        found.add(clean(record.error_type)[:40])
        found |= {clean(record.file_path)[-40:]} if record.file_path else set()
    if isinstance(record, Decision):
        found |= {clean(path)[-40:] for path in record.related_files[:5]}
    return found


def blocks(group: Group) -> dict[str, str]:
    """Return what a model is given of a group."""
    return {group.kind.replace(" ", "_"): "\n".join(map(_line, group.records))}


def _line(record: Record) -> str:
    said: Sequence[str | None] = ()
    match record:
        case Decision():
            said = (record.status, record.decision, record.rationale)
        case Session():
            said = (record.description, first_line(record.summary or ""))
        case Error():
            said = (record.error_type, record.message, record.solution)
    return f"{record.id} " + ": ".join(in_brief(text, _LONG) for text in said if text)
