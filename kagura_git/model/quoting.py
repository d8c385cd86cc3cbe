"""Words of a decision as it writes them, for a sentence about two decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kagura_git.model.cues import NUMBERS, Stems
from kagura_git.model.printable import in_brief
from kagura_git.model.records import Decision
from kagura_git.model.statement import READ
from kagura_git.model.stems import stem, words

_SHOWN: Final = 60
_SPAN: Final = 8


def quoted(decision: Decision, wanted: Stems) -> str:
    """Return these stems as the decision writes them, with what stands between them."""
    found = list(words(decision.decision[:READ]))
    places = {word.stem: place for place, word in reversed(list(enumerate(found)))}
    held = [places[s] for s in wanted if s in places]
    if not held:
        return ""
    between = found[min(held) : max(held) + 1]
    if len(between) > _SPAN or any(word.mark for word in between):
        between = [found[place] for place in sorted(held)]
    return brief(" ".join(word.text for word in between))


def amount(decision: Decision, amounts: Iterable[tuple[str, str]]) -> str:
    """Return one of these numbers, with its unit, as the decision writes it."""
    number, unit = min(amounts)
    spelt = [word for word, digits in NUMBERS.items() if digits == number]
    return quoted(decision, frozenset([number, unit, *map(stem, spelt)]))


def brief(text: str) -> str:
    """Return a text as a short line."""
    return in_brief(text, _SHOWN)
