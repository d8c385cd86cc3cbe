"""Which of thousands of decisions may oppose a new one: those that share its telling words.

Names, their rivals and what they are for; rare words count more. Only these few are
compared in full.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from kagura_git.model.opposing import Read
from kagura_git.model.options import names
from kagura_git.model.records import Decision
from kagura_git.model.statement import READ
from kagura_git.model.stems import bag

MOST: Final = 40


def shortlists(new: Sequence[Read], others: Iterable[Decision]) -> list[list[Decision]]:
    """Return, for each new decision, those of the others that may be about the same thing."""
    wanted: dict[str, list[int]] = defaultdict(list)
    for number, read in enumerate(new):
        for stem in _telling(read):
            wanted[stem].append(number)
    found = []
    often: Counter[str] = Counter()
    size = 0
    for other in others:
        size += 1
        text = "\n".join([other.decision[:READ], *other.alternatives])[: 2 * READ]
        hits = bag(text) & wanted.keys()
        if hits:
            often.update(hits)
            found.append((other, hits))
    weights = {stem: math.log1p(size / count) for stem, count in often.items()}
    scores: list[list[tuple[float, int]]] = [[] for _ in new]
    for place, (_, hits) in enumerate(found):
        sums: dict[int, float] = defaultdict(float)
        for stem in sorted(hits):
            for number in wanted[stem]:
                sums[number] += weights[stem]
        for number, score in sums.items():
            scores[number].append((score, -place))
    # Of equals the first, which are the oldest where the others come in order.
    return [[found[-place][0] for _, place in heapq.nlargest(MOST, listed)] for listed in scores]


def _telling(read: Read) -> set[str]:
    says = read.says
    options = [*says.chosen.values(), *says.context.values(), *says.refused.values()]
    options += [turned.name for turned in says.turned if turned.name]
    stems = {piece for option in options for piece in option.name.split(" ")}
    first = names().first
    stems.update(stem for option in options for group in option.groups for stem in first[group])
    return stems | says.scope
