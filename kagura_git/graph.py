"""Records, commits and files as a graph: a projection for one question, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from kagura_git.model.records import Decision, Error, Record

if TYPE_CHECKING:
    import networkx as nx

_REACH: Final = 3


def build(
    records: Iterable[Record], commits: Mapping[str, tuple[Iterable[str], Iterable[str]]]
) -> nx.Graph[str]:
    """Return a graph of ids, paths and commits.

    Args:
        commits: per commit, the paths it changed and the record ids linked to it.
    """
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    for record in records:
        graph.add_node(record.id, kind=record.kind)
        graph.add_edges_from((record.id, other) for other in _neighbours(record))
    for sha, (paths, ids) in commits.items():
        graph.add_edges_from((sha, path) for path in paths)
        graph.add_edges_from((sha, record_id) for record_id in ids)
    return graph


def _neighbours(record: Record) -> list[str]:
    match record:
        case Decision():
            linked = [*record.related_files, *record.supersedes]
            linked += [record.superseded_by] if record.superseded_by else []
        case Error():
            linked = [record.file_path] if record.file_path else []
        case _:
            linked = []
    session = getattr(record, "session", None)
    return [*linked, session] if session else linked


def near(graph: nx.Graph[Any], starts: Iterable[str]) -> dict[str, float]:
    """Return how near every node is to the nearest start: 1, then half of it with each step.

    Nodes more than three steps away are left out.
    """
    import networkx as nx

    found: dict[str, float] = {}
    inside = [start for start in starts if start in graph]
    if inside:
        lengths = nx.multi_source_dijkstra_path_length(graph, inside, cutoff=_REACH, weight=None)
        found = {node: 0.5**steps for node, steps in lengths.items()}
    return found
