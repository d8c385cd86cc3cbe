"""How a project is built: which folders import which, and whether that has one direction."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kagura_git.services import imports
from kagura_git.services.pattern import Pattern, is_built, is_test, share
from kagura_git.services.source_habits import Lines
from kagura_git.services.wording import clean

_ASIDE: Final = re.compile(
    r"(?:^|/)(?:examples?|docs?|benchmarks?|scripts?|tools|dist|build)/|^bin/"
)
_FEWEST: Final = 10
_MOST_FOLDERS: Final = 40
_SHOWN: Final = 8

Edge = tuple[str, str]


def layers(lines: Lines, examples: int = 5) -> Iterator[Pattern]:
    """Yield the order in which folders import each other, and the pairs that do so both ways.

    Args:
        lines: per path its lines that import something; tests, examples and scripts are left out.
    """
    edges, places = _edges(
        {
            path: rows
            for path, rows in lines.items()
            if not (is_test(path) or is_built(path) or _ASIDE.search(path))
        }
    )
    folders = {folder for edge in edges for folder in edge}
    total = sum(edges.values())
    if total < _FEWEST or not 3 <= len(folders) <= _MOST_FOLDERS:
        return
    order = _order(edges, sorted(folders))
    rank = {folder: n for n, folder in enumerate(order)}
    down = sum(count for (top, low), count in edges.items() if rank[top] < rank[low])
    against = sorted(
        (edge for edge in edges if rank[edge[0]] > rank[edge[1]]), key=lambda e: (-edges[e], e)
    )
    shown = " > ".join(clean(name) for name in order[:_SHOWN])
    more = f" > … ({len(order) - _SHOWN} more)" if len(order) > _SHOWN else ""
    yield Pattern(
        pattern_type="architecture",
        name="layers by direction of import",
        description=f"{down} of {total} imports between folders go one way: {shown}{more}",
        frequency=down,
        total=total,
        confidence=share(down, total),
        examples=tuple(_against(edge, edges, places) for edge in against[:examples]),
        recommendation="Keep the imports that go against it from growing." if against else None,
        severity="low" if against else "info",
    )
    mutual = [edge for edge in against if edges[edge[1], edge[0]]]
    pairs = len({frozenset(edge) for edge in edges})
    if mutual:
        yield Pattern(
            pattern_type="anti_pattern",
            name="folders that import each other",
            description=f"{len(mutual)} of {pairs} pairs of folders import each other both ways",
            frequency=len(mutual),
            total=pairs,
            confidence=share(len(mutual), pairs),
            examples=tuple(_mutual(edge, edges) for edge in mutual[:examples]),
            recommendation="Move what both need to a folder below the two.",
            severity="medium",
        )


def _against(edge: Edge, edges: Mapping[Edge, int], places: Mapping[Edge, str]) -> str:
    return f"against it: {clean(places[edge])} imports {clean(edge[1])} ({edges[edge]} times)"


def _mutual(edge: Edge, edges: Mapping[Edge, int]) -> str:
    back = edges[edge[1], edge[0]]
    return f"{clean(edge[1])} imports {clean(edge[0])} {back} times, back {edges[edge]} times"


def _edges(lines: Lines) -> tuple[Counter[Edge], dict[Edge, str]]:
    """Return how often one folder imports another, and a file that does."""
    known = imports.modules(lines)
    found: Counter[Edge] = Counter()
    places: dict[Edge, str] = {}
    for path in sorted(lines):
        here = posixpath.dirname(path)
        for there in _imported_folders(path, lines[path], known):
            if there and here and not _kin(here, there):
                found[here, there] += 1
                places.setdefault((here, there), path)
    return found, places


def _kin(one: str, other: str) -> bool:
    """Tell whether a folder holds the other: what they import of each other has no direction."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _imported_folders(path: str, rows: Sequence[str], known: Mapping[str, str]) -> Iterator[str]:
    for row in rows:
        if path.endswith(".py"):
            tried = imports.python_names(path, row)
            hit = next((known[name] for name in tried if name in known), None)
            if hit is not None:
                yield posixpath.dirname(hit)
        elif path.endswith(imports.SCRIPT_ENDS) and (target := imports.script_target(path, row)):
            yield posixpath.dirname(target)


def _order(edges: Mapping[Edge, int], folders: Sequence[str]) -> list[str]:
    """Return the folders so that most imports go from an earlier to a later one.

    By turns the one that nobody left imports goes to the front, the one that imports
    nobody left to the back, and between them the one that imports more than it is imported.
    """
    left = list(folders)
    front: list[str] = []
    back: list[str] = []
    while left:
        inside = {
            name: sum(n for (a, b), n in edges.items() if b == name and a in left) for name in left
        }
        outside = {
            name: sum(n for (a, b), n in edges.items() if a == name and b in left) for name in left
        }
        sinks = [name for name in left if not outside[name]]
        if sinks:
            back.insert(0, sinks[-1])
            left.remove(sinks[-1])
            continue
        best = max(left, key=lambda name: (not inside[name], outside[name] - inside[name]))
        front.append(best)
        left.remove(best)
    return front + back
