"""Records, commits and files as a graph: a projection for one question, never stored."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Final

from kagura_git.model.records import Decision, Error, Record

if TYPE_CHECKING:
    import networkx as nx

_REACH: Final = 3.0
# A commit of more files says little about any two of them.
_WIDE_COMMIT: Final = 20
_TWICE: Final = 2
# What has more neighbours than this leads everywhere: each doubling is one step further.
_HUB: Final = 16


def build(
    records: Iterable[Record],
    links: Mapping[str, Iterable[str]],
    cochanges: Mapping[str, Iterable[str]],
) -> nx.MultiDiGraph[str]:
    """Return a graph of record ids, commits and paths; every edge has a ``relation``.

    Args:
        links: per commit, the record ids linked to it.
        cochanges: per commit, the paths it changed; two paths that changed
            together more than once get an edge of their own.
    """
    import networkx as nx

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for record in records:
        graph.add_node(record.id, kind=record.kind)
        for start, end, relation in _edges(record):
            graph.add_edge(start, end, relation=relation)
    for sha, ids in links.items():
        graph.add_edges_from((sha, one, {"relation": "linked"}) for one in ids)
    together: Counter[tuple[str, str]] = Counter()
    for sha, changed in cochanges.items():
        paths = sorted(set(changed))
        graph.add_edges_from((sha, path, {"relation": "changed"}) for path in paths)
        if len(paths) <= _WIDE_COMMIT:
            together.update(combinations(paths, 2))
    for (first, second), times in together.items():
        if times >= _TWICE:
            graph.add_edge(first, second, relation="together", times=times)
    return graph


def _edges(record: Record) -> Iterator[tuple[str, str, str]]:
    match record:
        case Decision():
            yield from ((record.id, path.rstrip("/"), "governs") for path in record.related_files)
            yield from ((record.id, other, "supersedes") for other in record.supersedes)
            if record.superseded_by:
                yield record.superseded_by, record.id, "supersedes"
        case Error():
            if record.file_path:
                yield record.id, record.file_path, "seen in"
        case _:
            return
    if record.session:
        yield record.session, record.id, "holds"


def near(
    graph: nx.MultiDiGraph[str], starts: Iterable[str] | Mapping[str, float]
) -> dict[str, float]:
    """Return how near every node is to a start: 1, then half of it with each step.

    Direction does not count. A step out of a node with many neighbours is
    longer; nodes more than three steps away are left out.

    Args:
        starts: nodes, or nodes with how strongly each counts, up to 1.
    """
    strengths = starts if isinstance(starts, Mapping) else dict.fromkeys(starts, 1.0)
    found: dict[str, float] = {}
    queue = [
        (-math.log2(min(1.0, strength)), True, node)
        for node, strength in strengths.items()
        if node in graph and strength > 0
    ]
    heapq.heapify(queue)
    while queue:
        distance, first, node = heapq.heappop(queue)
        if node in found:
            continue
        found[node] = 0.5**distance
        around = {*graph.succ[node], *graph.pred[node]} - found.keys()
        crowd = len(graph.succ[node]) + len(graph.pred[node])
        further = distance + 1 + (0 if first else math.log2(max(1.0, crowd / _HUB)))
        if further <= _REACH:
            for neighbour in around:
                heapq.heappush(queue, (further, False, neighbour))
    return found
