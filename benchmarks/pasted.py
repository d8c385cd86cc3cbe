"""Is a pasted error taken apart rightly?

    python benchmarks/pasted.py [--data FOLDER] [--misses]

The bare stack traces of the shipped corpus, against the fields that were written
by hand: type (its last part; tools that name no type have one only by hand),
message (its first 40 letters), file (its name) and line. Not everything is in
the trace: who recorded it may have named the file of the cause. With ``--data``
type and message of sets whose records tell them (bip_traces) as well.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from kagura_git.model.pasted import Told, read
from kagura_git.model.records import Error
from kagura_git.store.files import RecordFiles

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus"
LANGUAGES = {
    "py": "Python", "js": "JavaScript", "jsx": "JavaScript", "mjs": "JavaScript",
    "ts": "TypeScript", "tsx": "TypeScript", "java": "Java, Kotlin", "kt": "Java, Kotlin",
    "go": "Go", "rs": "Rust",
}  # fmt: skip
FIELDS = ("type", "message", "file", "line")


class Case(NamedTuple):
    """A trace and what it says, as a person wrote it down; None where nobody did."""

    language: str
    trace: str
    error_type: str
    message: str
    file: str | None
    line: int | None


def shipped() -> Iterator[Case]:
    """Yield the traces of the shipped corpus."""
    for stored in RecordFiles(str(CORPUS)).read_all(("error",)):
        record = stored.record
        if isinstance(record, Error) and record.stack_trace.strip():
            ending = (record.file_path or "").rpartition(".")[2]
            language = LANGUAGES.get(ending, "build files")
            yield Case(
                language, record.stack_trace, record.error_type, record.message,
                record.file_path, record.line_number,
            )  # fmt: skip


def of_set(folder: Path) -> Iterator[Case]:
    """Yield the traces of a set whose records tell their type and message."""
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            meta = line.get("meta", {})
            if "type" in meta and "frames" in meta:
                yield Case(folder.name, line["text"], meta["type"], meta["message"], None, None)


def right(case: Case, told: Told) -> dict[str, bool]:
    """Return which fields were read rightly."""
    message, wanted = _letters(told.message), _letters(case.message)
    found = {
        "type": _last(told.error_type) == _last(case.error_type),
        "message": wanted[:40] in message or (len(message) > 8 and message[:40] in wanted),
    }
    if case.file is not None:
        found["file"] = _name(told.file_path) == _name(case.file)
        found["line"] = told.line_number == case.line
    return found


def _last(kind: str) -> str:
    return re.split(r"[.:\s]+", kind.strip())[-1].lower()


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())


def _name(path: str | None) -> str:
    return (path or "").rpartition("/")[2]


def main() -> None:
    """Print the share of fields that are right, by language or set."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--misses", action="store_true")
    given = parser.parse_args()
    cases = list(shipped())
    for folder in sorted(given.data.iterdir()) if given.data else ():
        if (folder / "corpus.jsonl").is_file():
            cases += of_set(folder)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for case in cases:
        told = read(case.trace)
        count = counts[case.language]
        count["traces"] += 1
        for name, ok in right(case, told).items():
            count[name] += ok
            count[f"{name} asked"] += 1
            if given.misses and not ok:
                print(f"  {case.language}: {name}: {case.error_type}: {told[:4]!r:.160}")
    print(f"{'':<14} {'traces':>7} " + " ".join(f"{name:>8}" for name in FIELDS))
    for language, count in counts.items():
        cells = (
            f"{count[name] / count[f'{name} asked']:>8.3f}"
            if count[f"{name} asked"]
            else f"{'-':>8}"
            for name in FIELDS
        )
        print(f"{language:<14} {count['traces']:>7} {' '.join(cells)}")


if __name__ == "__main__":
    main()
