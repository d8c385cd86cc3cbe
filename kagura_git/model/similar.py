"""Decisions that look like one decision recorded twice, as two branches may do.

Made to be precise: only a text that is nearly word for word the same counts,
and a number or a negation that stands in one alone makes it another decision.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Final

from kagura_git.model.records import Decision

# The mean of Jaccard's index of both texts' words; the decision's own must reach it alone.
AT_LEAST: Final = 0.8
# Of thousands that share a word the newest are compared.
_MOST_COMPARED: Final = 50
# Scripts without blanks between words count by character.
_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+(?:[.+#'’-]+\w+)*")
_TURNS: Final = re.compile(r".*\d.*|no|not|never|non|without|instead|.*n['’]t", re.DOTALL)

Words = frozenset[str]


class _Text:
    """A decision's words; those of its rationale are only looked for where they are asked for."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.title = _words(decision.decision)

    @cached_property
    def why(self) -> Words:
        return _words(self.decision.rationale)


def twins(
    decisions: Iterable[Decision], of: Collection[str] | None = None
) -> list[tuple[str, str, float]]:
    """Return the pairs that say the same: the older one's id, the newer one's, how alike (to 1).

    Each decision is paired with the earlier one it resembles most; superseded
    ones have been dealt with and do not count. Closest pairs first.

    Args:
        of: only pairs with one of these ids; all others need no comparing.
    """
    standing = (decision for decision in decisions if decision.status != "superseded")
    texts = [
        _Text(decision)
        for decision in sorted(standing, key=lambda item: (item.created_at, item.id))
    ]
    often = Counter(word for text in texts for word in text.title)
    by_word: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=_MOST_COMPARED))
    by_title: dict[Words, int] = {}
    by_text: dict[tuple[Words, Words], int] = {}
    found = []
    for number, text in enumerate(texts):
        same_title = by_title.setdefault(text.title, number)
        if same_title != number:
            by_text.setdefault((text.title, texts[same_title].why), same_title)
            first = by_text.setdefault((text.title, text.why), number)
        else:
            first = number
        if first != number:
            found.append((texts[first], text, 1.0))
            continue
        prefix = _rarest(text.title, often)
        others = {other for word in prefix for other in by_word[word]}
        if of is None or any(texts[i].decision.id in of for i in (number, *others)):
            found += _closest(text, (texts[i] for i in sorted(others)))
        for word in prefix:
            by_word[word].append(number)
    pairs = [
        (one.decision.id, other.decision.id, round(score, 4))
        for one, other, score in found
        if of is None or one.decision.id in of or other.decision.id in of
    ]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[:2]))


def _words(text: str) -> Words:
    return frozenset(_WORD.findall(text.casefold()))


def _rarest(words: Words, often: Counter[str]) -> list[str]:
    """Return the words of which two titles that are alike enough share at least one.

    Prefix filtering (Chaudhuri et al., ICDE 2006), the rarest words first.
    """
    kept = len(words) - math.ceil(AT_LEAST * len(words)) + 1
    return sorted(words, key=lambda word: (often[word], word))[:kept]


def _closest(text: _Text, others: Iterable[_Text]) -> Iterator[tuple[_Text, _Text, float]]:
    scored = ((_score(text, other), other) for other in others)
    score, best = max(scored, key=lambda pair: pair[0], default=(0.0, text))
    if score >= AT_LEAST:
        yield best, text, score


def _score(one: _Text, other: _Text) -> float:
    title = _alike(one.title, other.title)
    if title < AT_LEAST or any(map(_TURNS.fullmatch, one.title ^ other.title)):
        return 0.0
    return (title + _alike(one.why, other.why)) / 2


def _alike(one: Words, other: Words) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
