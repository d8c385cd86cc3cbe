"""Successors of superseded decisions in the results of a search.

A superseded decision never stands above the decision in force: that one is moved, or taken in,
directly before it. Each superseded decision names its successor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kagura_git.model.records import AnyRecord, Decision
from kagura_git.services.found import Filters, Hit, Successor

# An id to the decision and its path on this branch; None where there is no such decision.
Find = Callable[[str], tuple[str | None, AnyRecord] | None]

_SNIPPET = 300
# Longer chains are a merge of loops; a person reads three.
_LONGEST_CHAIN = 50


def last_of(decision: Decision, find: Find) -> tuple[Successor, str | None, Decision | None] | None:
    """Return the last decision of a chain of successors, with its path and record.

    Of a loop, or where a successor is missing, the last one that is there. One whose first
    successor is missing still names it. None for a decision that names no successor.
    """
    if decision.status != "superseded" or not decision.superseded_by:
        return None
    best = Successor(decision.superseded_by, None, None)
    path: str | None = None
    record: Decision | None = None
    seen = {decision.id}
    following: str | None = decision.superseded_by
    while following and following not in seen and len(seen) < _LONGEST_CHAIN:
        seen.add(following)
        found = find(following)
        if found is None or not isinstance(found[1], Decision):
            break
        path, record = found[0], found[1]
        best = Successor(record.id, record.title, record.status)
        following = record.superseded_by if record.status == "superseded" else None
    return best, path, record


def placed(hits: Sequence[Hit], find: Find, filters: Filters, k: int) -> tuple[Hit, ...]:
    """Return at most ``k`` hits in which each superseded decision follows its successor.

    A successor that was not found is taken in only where no filter could have left it out.
    """
    out: list[Hit] = []
    by_id = {hit.id: hit for hit in hits}
    if not any(hit.status == "superseded" for hit in hits):
        return tuple(hits)
    free = not (filters.tags or filters.file or filters.since or filters.author)
    for hit in hits:
        if any(hit.id == other.id for other in out):
            continue  # moved up before one that it replaces
        found = last_of(hit.record, find) if isinstance(hit.record, Decision) else None
        if found is None:
            out.append(hit)
            continue
        successor, path, record = found
        if not any(successor.id == other.id for other in out):
            known = by_id.get(successor.id)
            if known is None and free and path is not None and record is not None:
                known = _hit(record, path, hit)
            if known is not None and known.id != filters.other_than:
                out.append(replace(known, score=max(known.score, hit.score)))
        out.append(replace(hit, superseded_by=successor))
    return tuple(out[:k])


def _hit(record: Decision, path: str, old: Hit) -> Hit:
    return Hit(
        id=record.id,
        kind="decision",
        score=old.score,
        title=record.title,
        snippet=record.rationale[:_SNIPPET],
        path=path,
        resolved=None,
        status=record.status,
        commits=(),
        record=record,
    )
