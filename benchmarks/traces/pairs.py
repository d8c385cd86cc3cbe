"""Traces of later runs and the records they belong to, with the ways to tell which do."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kagura_git.model.fingerprint import (
    Call,
    calls,
    fingerprint,
    message_shape,
    without_recursion,
)
from kagura_git.model.trace_lines import plain

# The same failure once more: the same test with other parameters, or on another machine.
SAME = ("same-test-other-params", "rerun-other-environment")


class Seen(NamedTuple):
    """One trace with what the rules look at."""

    kind: str
    error_type: str
    shape: str
    every: tuple[Call, ...]
    mark: str

    @property
    def own(self) -> list[str]:
        """What its own frames are compared by, or all where none is own."""
        found = [call for call in self.every if call.frame.own] or self.every
        return without_recursion(call.key for call in found)


class Pairs(NamedTuple):
    """Records, later traces, and the keys of the records each of these belongs to."""

    records: dict[str, Seen]
    later: dict[str, Seen]
    wanted: dict[str, set[str]]


def read(folder: Path) -> Pairs | None:
    """Return a set whose records and queries are traces with their frames; else None."""
    records = {line["_id"]: line for line in _lines(folder / "corpus.jsonl")}
    later = {line["_id"]: line for line in _lines(folder / "queries.jsonl")}
    traces = {key: line for key, line in later.items() if "frames" in line.get("meta", {})}
    if not traces or not all("frames" in line.get("meta", {}) for line in records.values()):
        return None
    wanted: dict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, key, score = line.split("\t")
        if query in traces and float(score) > 0:
            wanted[query].add(key)
    return Pairs(
        {key: _seen(line) for key, line in records.items()},
        {key: _seen(line) for key, line in traces.items()},
        wanted,
    )


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _seen(line: dict[str, Any]) -> Seen:
    meta, trace = line["meta"], line["text"]
    return Seen(
        line.get("kind", ""),
        re.split(r"[.:]", meta["type"])[-1],
        message_shape(meta["message"]),
        tuple(calls(plain(trace))),
        fingerprint(meta["type"], meta["message"], trace),
    )


Rule = Callable[[Seen], Hashable]
SHIPPED = "fingerprint"
RULES: dict[str, Rule] = {
    SHIPPED: lambda seen: seen.mark,
    "type, own frames (rule 1)": lambda seen: (seen.error_type, *seen.own),
    "type, all frames": lambda seen: (seen.error_type, *(call.key for call in seen.every)),
    "type, last three own frames": lambda seen: (seen.error_type, *seen.own[-3:]),
    "type, last own frame": lambda seen: (seen.error_type, seen.own[-1]),
    "type, first own frame": lambda seen: (seen.error_type, seen.own[0]),
    "first own frame": lambda seen: seen.own[0],
    "type, last own frame, message": lambda seen: (seen.error_type, seen.own[-1], seen.shape),
    "type, first own frame, message": lambda seen: (seen.error_type, seen.own[0], seen.shape),
    "type, message": lambda seen: (seen.error_type, seen.shape),
}


def reason(later: Seen, record: Seen) -> str:
    """Return why a fingerprint keeps two traces of one failure apart."""
    if later.error_type != record.error_type:
        return "another type of error"
    if not set(later.own) & set(record.own):
        return "no own frame in common"
    if later.own[0] != record.own[0]:
        return "another line of the test"
    return "it ends in another file"
