"""Words that stand side by side in the query and in a record: a phrase, not a coincidence.

Metzler and Croft, "A Markov Random Field Model for Term Dependencies" (SIGIR
2005), by whose sequential model a pair counts as one more term. Pairs are not
in the index, which they would triple: only the records that lead are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from kagura_git.search.fuse import Candidates, fused
from kagura_git.search.tokens import STOP, tokens

if TYPE_CHECKING:
    from kagura_git.search.generation import Generation

_WORD: Final = re.compile(r"[^\W_]+")
_LETTER: Final = re.compile(r"[^\W_]")
# From the end of a word to the next one that is no stop word.
_NEXT: Final = re.compile(rf"[\W_]+(?:(?:{'|'.join(sorted(STOP))})[\W_]+)*([^\W_]+)")
# How many records are read, and how much of each and of the query.
_LEADERS: Final = 20
_READ: Final = 2_500
# Against a single word of the same rarity.
_WEIGHT: Final = 0.8

Pair = tuple[str, str]


def with_pairs(found: Candidates, now: Generation, query: str) -> Candidates:
    """Return the candidates with what the query's pairs of words add to each one's cover."""
    import numpy as np

    wanted = pairs(query)
    if not wanted or found.most <= 0 or not len(found.numbers):
        return found
    worth = _worth(wanted, now, found.rarity)
    added = np.zeros(len(found.numbers))
    for place in (-fused(found)).argsort(kind="stable")[:_LEADERS].tolist():
        text = now.text(int(found.numbers[place]))[:_READ].lower()
        added[place] = sum(told for pair, told in worth.items() if beside(text, *pair))
    return replace(found, pairs=_WEIGHT * added / found.most)


def beside(text: str, first: str, second: str) -> bool:
    """Tell whether two words follow each other in a lower-case text, stop words left out.

    The same as asking :func:`pairs`, which takes the whole text apart.
    """
    if second not in text:
        return False
    at = text.find(first)
    while at >= 0:
        end = at + len(first)
        starts = at == 0 or not _LETTER.match(text[at - 1])
        if starts and (after := _NEXT.match(text, end)) and after[1] == second:
            return True
        at = text.find(first, end)
    return False


def pairs(text: str) -> set[Pair]:
    """Return the neighbouring words of a text, stop words left out."""
    words = [word for word in _WORD.findall(text[:_READ].lower()) if word not in STOP]
    return set(pairwise(words))


def _worth(wanted: set[Pair], now: Generation, known: Mapping[str, float]) -> dict[Pair, float]:
    """Return what each pair tells: as much as the rarer of its words."""
    terms = {word: (tokens(word) or [word])[0] for pair in wanted for word in pair}
    others = set(terms.values()).difference(known)
    rarity = {**known, **now.words.rarity(others)} if others else known
    return {(a, b): max(rarity[terms[a]], rarity[terms[b]]) for a, b in wanted}
