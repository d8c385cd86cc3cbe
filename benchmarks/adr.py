"""Are decisions of public repositories read rightly?

    python benchmarks/adr.py LABELS FOLDER [--misses]

FOLDER holds checkouts of the repositories, as ``owner+name`` or ``owner/name``.
LABELS is a JSON list of what a person read in single files, before seeing what the
importer makes of them: ``repository``, ``path``, ``title``, ``status`` and ``date``
(null where the file tells none), ``alternatives`` (how each begins, without the chosen
option), ``supersedes`` and ``superseded_by`` (the files' names), ``rationale``
(phrases of the context and of the outcome), ``impact`` (whether consequences are
told), ``deciders``, ``tags``. Neither is part of this repository.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from kagura_git.services.adr import reading
from kagura_git.services.adr.reading import Adr
from kagura_git.services.adr.references import Reference

FIELDS = (
    "title", "status", "date", "alternatives", "supersedes", "superseded_by", "rationale",
    "impact", "deciders", "tags",
)  # fmt: skip


def checkout(folder: Path, repository: str) -> Path | None:
    """Return where a repository lies, None if it does not."""
    for name in (repository.replace("/", "+"), repository):
        if (folder / name).is_dir():
            return folder / name
    return None


def flat(text: str) -> str:
    """Return a text with single blanks."""
    return " ".join(text.split())


def right(label: dict[str, Any], adr: Adr, field: str) -> bool:
    """Tell whether a field is what the person read."""
    wanted = label[field]
    match field:
        case "title":
            return flat(adr.title) == flat(wanted)
        case "status":
            return adr.status == wanted
        case "date":
            return (f"{adr.date:%F}" if adr.date else None) == wanted
        case "alternatives":
            return hits(wanted, adr.alternatives) == len(wanted) == len(adr.alternatives)
        case "supersedes" | "superseded_by":
            return {stem(ref) for ref in getattr(adr.links, field)} == set(wanted)
        case "rationale":
            return all(flat(phrase) in flat(adr.rationale) for phrase in wanted)
        case "impact":
            return bool(adr.impact) == wanted
        case _:
            return list(getattr(adr, field)) == wanted


def stem(reference: Reference) -> str:
    """Return the name of the file that a link leads to, or its number."""
    name = reference.target.rpartition("/")[2]
    return name.rpartition(".")[0] or name or str(reference.number)


def hits(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Return how many of the wanted beginnings begin one of those found."""
    return sum(any(flat(item).startswith(flat(begin)) for item in found) for begin in wanted)


def read(labels: list[dict[str, Any]], folder: Path) -> Iterator[tuple[dict[str, Any], Adr | str]]:
    """Yield each label with what the importer reads in its file."""
    for label in labels:
        top = checkout(folder, label["repository"])
        if top is None or not (top / label["path"]).is_file():
            raise SystemExit(
                f"{label['repository']}: no {label['path']} below {folder}; "
                "clone the repository there as owner+name"
            )
        text = (top / label["path"]).read_text(encoding="utf-8-sig")
        yield label, reading.read(text, label["path"])


def main() -> int:
    """Print how many fields are right."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--misses", action="store_true", help="Print what is wrong.")
    args = parser.parse_args()
    if not args.labels.is_file() or not args.folder.is_dir():
        raise SystemExit(f"no data: {args.labels} and {args.folder} are not part of the repository")
    labels = json.loads(args.labels.read_text(encoding="utf-8"))
    found = list(read(labels, args.folder))
    for name, count in sorted(Counter(label["repository"] for label in labels).items()):
        print(f"{name:<32} {count:>3}")
    print(f"\n{'field':<16} {'right':>6} {'of':>4}   share")
    for field in FIELDS:
        good = [isinstance(adr, Adr) and right(label, adr, field) for label, adr in found]
        print(f"{field:<16} {sum(good):>6} {len(good):>4}   {sum(good) / len(good):.3f}")
        for (label, adr), is_right in zip(found, good, strict=True):
            if args.misses and not is_right:
                told = adr if isinstance(adr, str) else getattr(adr, field, adr.links)
                print(f"    {label['path']}: wanted {label[field]!r}, got {told!r}"[:400])
    told = [
        (label["alternatives"], adr.alternatives) for label, adr in found if isinstance(adr, Adr)
    ]
    caught = sum(hits(wanted, given) for wanted, given in told)
    all_wanted, all_given = (sum(len(pair[i]) for pair in told) for i in (0, 1))
    print(
        f"\nsingle alternatives: {caught} of {all_wanted} found, {all_given - caught} too many; "
        f"{sum(bool(label['alternatives']) for label, _ in found)} files name some"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
