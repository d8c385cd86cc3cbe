"""Is the score of a hit the probability that it is meant, and is no answer said when there is none?

    python -m benchmarks.retrieval.calibration --data FOLDER [--set NAME] [--fit]

Each query is asked of memories of 1, 3, 10, 40, 160 and all records of its set,
once with a record that answers it and once without. Printed are, for the first
hit: how well the score tells a right one from a wrong one (area under the ROC
curve), what a score claims beside what is true, and for thresholds how often
nothing is answered where something would have been wrong (recall), and how
often it is right to answer nothing (precision); ``foreign``: of what share of
another set's queries nothing is answered. ``--fit`` prints weights fitted anew,
and for each set what weights fitted on the others would give.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.retrieval import sets
from benchmarks.retrieval.store import stored
from kagura_git.memory import cache_folder
from kagura_git.search import confidence
from kagura_git.search.adjacent import with_pairs
from kagura_git.search.candidates import candidates
from kagura_git.search.document import Document, document
from kagura_git.search.embed import LazyModel
from kagura_git.search.fuse import fused
from kagura_git.search.generation import Generation
from kagura_git.search.next_generation import following
from kagura_git.search.passages import clean, essence
from kagura_git.search.tokens import tokens
from kagura_git.search.vectors import VectorCache
from kagura_git.settings import DEFAULT_MODEL
from kagura_git.store.files import RecordFiles

SHIPPED = Path(__file__).parents[2] / "tests" / "data" / "corpus"
SIZES = (1, 3, 10, 40, 160)
QUERIES = 250
SHOWN = 10
THRESHOLDS = (0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass
class Corpus:
    """Documents by their key in the set, queries with the keys they mean, and known vectors."""

    name: str
    documents: dict[str, Document]
    queries: list[tuple[str, frozenset[str]]]
    cache: VectorCache


@dataclass
class Seen:
    """What was found: a row of signs per hit, whether it was meant, and how it was asked."""

    signs: list[Any] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    first: list[bool] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    # Which question a hit belongs to, and whether an answer was there.
    asked: list[int] = field(default_factory=list)
    answerable: list[bool] = field(default_factory=list)

    def arrays(self) -> dict[str, Any]:
        """Return each list as an array."""
        return {name: np.array(values) for name, values in vars(self).items()}


def corpora(given: argparse.Namespace) -> Iterator[Corpus]:
    """Yield the shipped corpus and the sets of the data folder."""
    found = [s for s in RecordFiles(str(SHIPPED)).read_all() if s.record]
    made = {s.record.id: document(s.record, s.record.id, s.record.id) for s in found if s.record}
    lines = [
        json.loads(line)
        for name in ("queries.jsonl", "queries-oblique.jsonl")
        for line in (SHIPPED / name).read_text("utf-8").splitlines()
    ]
    asked = [(line["query"], frozenset(line["expect"])) for line in lines]
    if not given.set:
        yield Corpus("shipped", made, asked, VectorCache(given.cache / "shipped.db"))
    for folder in sets.folders(given.data, given.set):
        data = sets.read(folder)
        with stored(data, given.cache, None) as (memory, keys):
            made = {
                keys[s.record.id]: document(s.record, keys[s.record.id], keys[s.record.id])
                for s in memory.ws.files.read_all()
                if s.record and s.record.id in keys
            }
        queries = [(query.text, query.wanted) for query in data.queries]
        yield Corpus(data.name, made, queries, VectorCache(given.cache / data.name / "vectors.db"))


def generation(corpus: Corpus, keys: list[str], model: LazyModel) -> Generation:
    """Return an index of some documents, in memory."""
    listing = {key: key for key in keys}
    built, _ = following(
        None, listing, keys, [], lambda wanted: [corpus.documents[key] for key in wanted],
        cache=corpus.cache, model=model, progress=None, waiting=True,
    )  # fmt: skip
    return built.generation()


def look(corpus: Corpus, model: LazyModel, lexical: bool) -> Seen:
    """Ask the queries of a set in memories of every size, with and without an answer."""
    rng = random.Random(1)
    keys, out = sorted(corpus.documents), Seen()
    whole = generation(corpus, keys, model)
    embedder = model.embedder()
    assert embedder is not None
    some = rng.sample(corpus.queries, min(QUERIES, len(corpus.queries)))
    for number, (text, meant) in enumerate(some):
        vector = None if lexical else embedder.embed([essence(clean(text))])[0]
        wanted = sorted(meant & corpus.documents.keys())
        for there in (True, False):
            kept = [there or entry.key not in meant for entry in whole.entries]
            _take(out, whole, text, vector, meant, (0, number, there), np.array(kept))
            for size in SIZES:
                if size * 2 > len(keys):
                    continue
                others = [k for k in rng.sample(keys, size + len(wanted)) if k not in meant]
                chosen = [*wanted[:there], *others][:size]
                small = generation(corpus, chosen, model)
                _take(out, small, text, vector, meant, (size, number, there), None)
    return out


def strangers(several: list[Corpus], model: LazyModel) -> Iterator[tuple[str, Any]]:
    """Yield for each set the first hits' signs for queries of the next one."""
    embedder = model.embedder()
    assert embedder is not None
    for corpus, other in zip(several, [*several[1:], several[0]], strict=True):
        now, out = generation(corpus, sorted(corpus.documents), model), Seen()
        for number, (text, _) in enumerate(other.queries[:QUERIES]):
            vector = embedder.embed([essence(clean(text))])[0]
            _take(out, now, text, vector, frozenset(), (0, number, False), None)
        seen = out.arrays()
        yield corpus.name, {name: values[seen["first"]] for name, values in seen.items()}


def _take(
    out: Seen, now: Generation, text: str, vector: Any, meant: frozenset[str],
    how: tuple[int, int, bool], allowed: Any,
) -> None:  # fmt: skip
    text = clean(text)
    found = with_pairs(candidates(now, now.words.scores(tokens(text)), vector, allowed), now, text)
    if not len(found.numbers):
        return
    scores = fused(found)
    best = np.argsort(-scores, kind="stable")[:SHOWN]
    for place, row in enumerate(confidence.signs(found, scores, best)):
        out.signs.append(row)
        out.right.append(now.entries[int(found.numbers[best[place]])].key in meant)
        out.first.append(place == 0)
        for values, value in zip((out.size, out.asked, out.answerable), how, strict=True):
            values.append(value)


def claimed(seen: dict[str, Any], weights: Any) -> Any:
    """Return the probability that the weights give each hit."""
    return 1 / (1 + np.exp(-(seen["signs"] @ weights[:-1] + weights[-1])))


def fitted(several: list[dict[str, Any]]) -> Any:
    """Return the weights that make what was seen most likely, each set counting the same.

    No sign may count against what it speaks for: the first six are never
    negative, the seventh never positive.
    """
    from scipy.optimize import minimize

    rows = np.concatenate([seen["signs"] for seen in several])
    right = np.concatenate([seen["right"] for seen in several]).astype(float)
    # The first hit is what is looked at: it counts as much as all after it.
    share = np.concatenate(
        [np.where(s["first"], 1.0, 1 / (SHOWN - 1)) / s["first"].sum() for s in several]
    )
    rows = np.column_stack((rows, np.ones(len(rows))))

    def cost(weights: Any) -> tuple[float, Any]:
        logits = rows @ weights
        loss = np.logaddexp(0, logits) - right * logits
        slope = rows.T @ (share * (1 / (1 + np.exp(-logits)) - right))
        # Slightly towards nothing, so that signs that say the same share the weight.
        return float(share @ loss + 1e-4 * weights @ weights), slope + 2e-4 * weights

    bounds = [(0, None)] * 6 + [(None, 0), (None, None), (None, None)]
    return minimize(cost, np.zeros(rows.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B").x


def report(name: str, seen: dict[str, Any], weights: Any) -> None:
    """Print how good the scores of the first hits of a set are."""
    from sklearn.metrics import roc_auc_score

    score, right = claimed(seen, weights), seen["right"]
    for label, of in _groups(seen):
        some = seen["first"] & of
        p, y = score[some], right[some]
        bins = np.digitize(p, (0.2, 0.4, 0.6, 0.8))
        each = [(p[bins == b].mean() - y[bins == b].mean(), (bins == b).sum()) for b in set(bins)]
        off = sum(abs(by) * count for by, count in each) / len(p)
        cells = "".join("{:7.2f}{:5.2f}".format(*_nothing(p, y, t)) for t in THRESHOLDS)
        print(f"{name:11}{label:>7}{len(p):6}{roc_auc_score(y, p):7.3f}{off:7.3f}{cells}")


def _groups(seen: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "every", np.ones(len(seen["size"]), bool)
    for size in (*SIZES[1:], 0):
        if (seen["size"] == size).any():
            yield (str(size) if size else "all"), seen["size"] == size


def _nothing(score: Any, right: Any, threshold: float) -> tuple[float, float]:
    """Return precision and recall of saying nothing below a threshold."""
    silent = score < threshold
    wrong = ~right
    precision = (silent & wrong).sum() / max(silent.sum(), 1)
    return precision, (silent & wrong).sum() / max(wrong.sum(), 1)


def main() -> int:
    """Print the table, and weights if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--set", action="append", help="only this set (may be repeated)")
    parser.add_argument("--fit", action="store_true", help="print weights fitted anew")
    parser.add_argument("--lexical", action="store_true", help="without vectors")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir(), "kagura-bench"))
    given = parser.parse_args()
    model = LazyModel(DEFAULT_MODEL, cache_dir=cache_folder(os.environ))
    several = list(corpora(given))
    seen = {c.name: look(c, model, given.lexical).arrays() for c in several}
    weights = np.array(confidence.LEXICAL if given.lexical else confidence.HYBRID)
    head = "".join(f"{f'< {t}':>12}" for t in THRESHOLDS)
    print(f"{'':11}{'records':>7}{'asked':>6}{'AUC':>7}{'off by':>7}{head}  (precision, recall)")
    for name, some in seen.items():
        report(name, some, weights)
    for name, some in strangers(several, model) if not given.lexical else ():
        score = claimed(some, weights)
        cells = "".join(f"{'':7}{(score < t).mean():5.2f}" for t in THRESHOLDS)
        print(f"{name:11}{'foreign':>7}{len(score):6}{'':14}{cells}")
    if given.fit:
        print("\nfitted on the other sets:")
        for name, some in seen.items():
            report(name, some, fitted([s for other, s in seen.items() if other != name]))
        print("\nfitted on all:", tuple(float(w.round(2)) for w in fitted(list(seen.values()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
