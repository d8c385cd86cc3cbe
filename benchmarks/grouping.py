"""Which errors are one error? Precision and recall of the fingerprint as a key.

    python benchmarks/grouping.py --data FOLDER [--apart]

Takes sets of labelled traces, which are no part of this repository: records, and
later traces with the records each belongs to. A pair of a later trace and a
record is *the same* when it is labelled and the later trace is of the same test
with other parameters or of a run in another environment; a pair joined without
a label is wrong. Pairs of another test with the same bug are labelled as well,
but they are other failures (black's 10 pairs are one test against ten others
that failed on other inputs with other diffs): they count neither as wanted nor as
wrong. The last columns say how many of them a rule joins, and its recall if they
were wanted too.

Which pairs of bip_traces remain apart, and why no rule of frames should join them:

- another type of error: the parameter makes it fail otherwise (TypeError for one
  dtype, ValueError for the next). Without the type, precision falls to .88.
- no own frame in common: other lines of the test, and nothing below them is shared.
- another line of the test: one test has two statements that fail, and each is its own
  failure until somebody finds the common cause.
- it ends in another file: the parameter chooses another class (``integer.py``,
  ``string_.py``), or another helper of the assertion complains.

The bound is the recall of a rule that joined every pair of one type with an own
frame in common, and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

if not __package__:  # python benchmarks/grouping.py
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.retrieval.sets import MISSING, folders
from benchmarks.traces import pairs
from benchmarks.traces.pairs import RULES, SAME, SHIPPED, Pairs, Rule


def main() -> int:
    """Print one table for each set of traces."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--apart", action="store_true", help="list the pairs that stay apart")
    given = parser.parse_args()
    measured = 0
    for folder in folders(given.data, None):
        found = pairs.read(folder)
        if found:
            measured += 1
            _print(folder.name, found, given.apart)
    if not measured:
        print(MISSING.format(folder=given.data), file=sys.stderr)
    return 0 if measured else 1


def _print(name: str, found: Pairs, apart: bool) -> None:
    same = [
        (query, key) for query, keys in found.wanted.items()
        if found.later[query].kind in SAME for key in sorted(keys)
    ]  # fmt: skip
    others = sum(map(len, found.wanted.values())) - len(same)
    print(f"{name}: {len(found.records)} records, {len(found.later)} later traces")
    print(f"{len(same)} pairs of the same failure, {others} of another test with the same bug")
    print(f"{'':<57} of another test")
    print(
        f"{'the key':<32} {'precision':>9} {'recall':>7} {'wrong':>6} {'joined':>8} {'recall':>7}"
    )
    for rule, key in RULES.items():
        good, wrong, other = _count(found, key)
        precision = good / (good + wrong) if good + wrong else 1.0
        share, of_all = good / len(same), (good + other) / (len(same) + others)
        print(f"{rule:<32} {precision:>9.3f} {share:>7.3f} {wrong:>6} {other:>8} {of_all:>7.3f}")
    bound = sum(
        later.error_type == record.error_type and bool(set(later.own) & set(record.own))
        for later, record in ((found.later[q], found.records[k]) for q, k in same)
    )
    print(f"{'bound: type, any own frame':<32} {'':>9} {bound / len(same):>7.3f}")
    key = RULES[SHIPPED]
    left = [(q, k) for q, k in same if key(found.later[q]) != key(found.records[k])]
    why = Counter(pairs.reason(found.later[q], found.records[k]) for q, k in left)
    print(f"apart by {SHIPPED}: {len(left)}")
    for text, count in why.most_common():
        print(f"  {count:>3} {text}")
    for query, record in left if apart else ():
        said = pairs.reason(found.later[query], found.records[record])
        print(f"      {query} {record}: {said}")
    print()


def _count(found: Pairs, key: Rule) -> tuple[int, int, int]:
    """Return how many pairs a rule joins: rightly, wrongly, and of another test."""
    by_key: dict[object, set[str]] = {}
    for name, record in found.records.items():
        by_key.setdefault(key(record), set()).add(name)
    good = wrong = other = 0
    for query, later in found.later.items():
        joined = by_key.get(key(later), set())
        labelled = len(joined & found.wanted[query])
        wrong += len(joined) - labelled
        if later.kind in SAME:
            good += labelled
        else:
            other += labelled
    return good, wrong, other


if __name__ == "__main__":
    sys.exit(main())
