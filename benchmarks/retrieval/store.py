"""A set as records in a real repository, stored and asked through the public API."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.retrieval.sets import Set
from kagura_git.memory import SyncCodingMemory


@contextmanager
def stored(
    data: Set, cache: Path, model: str | None
) -> Iterator[tuple[SyncCodingMemory, dict[str, str]]]:
    """Yield the memory of a new repository that holds the set, and each record's key by its id.

    Vectors are kept in ``cache`` between runs: the same text is embedded once.
    """
    environ = {**os.environ, "KAGURA_CACHE_DIR": str(cache)}
    if model:
        environ["KAGURA_SEARCH_MODEL"] = model
    vectors = cache / data.name / "vectors.db"
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder, "repo")
        subprocess.run(["git", "init", "--quiet", str(top)], check=True)
        (top / ".kagura").mkdir()
        memory = SyncCodingMemory(top, user_id="bench@example.org", environ=environ)
        records = memory.record_many(
            {**record, "created_at": "2020-01-01T00:00:00Z"} for record in data.records.values()
        )
        own = Path(memory.ws.repo.shared, "vectors.sqlite")
        if vectors.exists():
            _copy(vectors, own)
        report = memory.recaller.refresh(_progress)
        said = f"{report.records} records, {report.embedded_now} texts embedded {report.reason}"
        print(f"{data.name}: {said.strip()}")
        if report.embedded_now:
            _copy(own, vectors)
        yield memory, {record.id: key for record, key in zip(records, data.records, strict=True)}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _progress(done: int, total: int) -> None:
    print(f"\r{done}/{total} texts embedded", end="\n" if done == total else "", file=sys.stderr)
