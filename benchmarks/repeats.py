"""Does the same error, met again, find its record?

    python benchmarks/repeats.py [--data FOLDER] [--only CHANGE] [--misses]

Stores the traces of tests/data/corpus (five languages) through the public API,
changes each as the world does (another line, machine, process, terminal, log)
and asks two things: is its fingerprint unchanged, so that ``record_error`` knows
it; and is the first hit of ``search_errors`` on the pasted trace its record.
Traces that are one error by their fingerprint are stored once. With ``--data``,
the sets in that folder whose records have traces are asked the same; they are
not part of this repository.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

if not __package__:  # python benchmarks/repeats.py
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.retrieval import sets
from benchmarks.traces import mutations
from kagura_git.memory import SyncCodingMemory
from kagura_git.model import inputs
from kagura_git.model.fingerprint import fingerprint
from kagura_git.model.records import Error
from kagura_git.store.files import RecordFiles

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus"


class Trace(NamedTuple):
    """What is known of one error."""

    error_type: str
    message: str
    text: str
    file_path: str | None = None

    @property
    def mark(self) -> str:
        """Its fingerprint, as ``record_error`` would take it."""
        return fingerprint(
            self.error_type, inputs.text(self.message), inputs.trace(self.text), self.file_path
        )


def main() -> None:
    """Print one table for each set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of further sets")
    parser.add_argument("--misses", action="store_true", help="list what was not found")
    parser.add_argument("--marks", action="store_true", help="fingerprints only, without search")
    parser.add_argument("--only", action="append", help="only this change (may be repeated)")
    given = parser.parse_args()
    measure("corpus", corpus(), given)
    for folder in sets.folders(given.data, None) if given.data else ():
        traces = [
            Trace(r["error_type"], r["message"], r["stack_trace"])
            for r in sets.read(folder).records.values()
            if r.get("stack_trace")
        ]
        if traces:
            measure(folder.name, traces, given)


def corpus() -> list[Trace]:
    """Return the traces of the corpus that is part of this repository."""
    found = [stored.record for stored in RecordFiles(str(CORPUS)).read_all(("error",))]
    return [
        Trace(record.error_type, record.message, record.stack_trace, record.file_path)
        for record in found
        if isinstance(record, Error) and record.stack_trace.strip()
    ]


def measure(name: str, traces: list[Trace], given: argparse.Namespace) -> None:
    """Print the table of one set."""
    once = {trace.mark: trace for trace in reversed(traces)}
    print(f"{name}: {len(traces)} traces, {len(once)} fingerprints")
    print(f"{'the same error with other':<28} {'changed':>8} {'same mark':>10} {'hit@1':>7}")
    with stored(once, given.marks) as found:
        for what, mutation in mutations.ALL.items():
            if given.only and what not in given.only:
                continue
            same = hits = changed = 0
            for number, trace in enumerate(traces):
                rng = random.Random(f"{what} {number}")
                again = trace._replace(
                    text=mutation(trace.text, rng),
                    message=mutation(trace.message, random.Random(f"{what} {number}")),
                )
                changed += again.text != trace.text
                kept = again.mark == trace.mark
                hit = given.marks or found(again.text) == trace.mark
                same, hits = same + kept, hits + hit
                if given.misses and not (kept and hit):
                    says = ", ".join(["mark"] * (not kept) + ["search"] * (not hit))
                    print(f"  [{says}] {trace.error_type}: {trace.message[:70]!r} #{number}")
            share = f"{hits / len(traces):>7.3f}" if not given.marks else ""
            print(f"{what:<28} {changed:>8} {same / len(traces):>10.3f} {share}", flush=True)
    print()


@contextmanager
def stored(once: dict[str, Trace], marks_only: bool) -> Iterator[Any]:
    """Yield what tells the mark of the first hit for a text, in a repository that holds them."""
    if marks_only:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        Path(folder, ".kagura").mkdir()
        memory = SyncCodingMemory(folder, user_id="bench@example.org", environ=dict(os.environ))
        records = memory.record_many(
            {
                "kind": "error",
                "error_type": trace.error_type,
                "message": trace.message or trace.error_type,
                "stack_trace": trace.text,
                **({"file_path": trace.file_path} if trace.file_path else {}),
            }
            for trace in once.values()
        )
        marks = {record.id: mark for record, mark in zip(records, once, strict=True)}

        def first(text: str) -> str | None:
            hits = memory.search_errors(text, 1)
            return marks[hits[0].id] if hits else None

        yield first


if __name__ == "__main__":
    main()
