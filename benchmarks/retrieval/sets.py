"""Sets in BEIR's form: corpus.jsonl, queries.jsonl, qrels.tsv, a folder each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MISSING = """\
No data set in {folder}: a folder with corpus.jsonl, queries.jsonl and qrels.tsv each.
They are public data for measuring only and are not part of this repository; name
the folder that holds them with --data FOLDER."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question, its kind, and the keys of the records that answer it."""

    text: str
    kind: str
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Set:
    """One set; ``records`` are mappings for ``record_many``, by their key in the set."""

    name: str
    records: dict[str, dict[str, Any]]
    queries: list[Query]


def folders(data: Path, names: list[str] | None) -> list[Path]:
    """Return the folders of the sets there are, those of ``names`` only."""
    found = sorted(path.parent for path in data.glob("*/qrels.tsv"))
    return [path for path in found if not names or path.name in names]


def read(folder: Path, queries: int = 0) -> Set:
    """Return a set with all its queries, or with every n-th so that about ``queries`` remain."""
    judged: dict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, key, score = line.split("\t")
        if float(score) > 0:
            judged[query].add(key)
    asked = [
        Query(line["text"], line.get("kind", ""), frozenset(judged[line["_id"]]))
        for line in _lines(folder / "queries.jsonl")
        if line["_id"] in judged
    ]
    if queries:
        asked = asked[:: max(1, len(asked) // queries)]
    records = {line["_id"]: _record(line) for line in _lines(folder / "corpus.jsonl")}
    return Set(folder.name, records, asked)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _record(line: dict[str, Any]) -> dict[str, Any]:
    """Return a trace or a bug as an error, anything else as a decision."""
    title, text, meta = line.get("title") or line["_id"], line["text"], line.get("meta", {})
    if "frames" in meta:
        return {
            "kind": "error",
            "error_type": meta["type"],
            "message": meta["message"] or meta["type"],
            "stack_trace": text,
        }
    if line["_id"].startswith("bug"):
        return {"kind": "error", "error_type": "Bug", "message": f"{title}\n{text}"}
    return {"kind": "decision", "decision": title, "rationale": text or title}
