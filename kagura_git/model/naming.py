"""Which names stand in a text: known ones, and words that are written like one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kagura_git.model import cues
from kagura_git.model.options import Option, names
from kagura_git.model.stems import Word

_NO_NAMES: Final = cues.NO_NAMES | cues.EMPTY | cues.COMMON
_CAMEL: Final = re.compile(r"[a-z][A-Z]|[A-Z]{2}|[A-Za-z]\d|\d[A-Za-z]")


def is_title(found: Sequence[Word]) -> bool:
    """Tell whether Every Word Is Capitalised, and a capital says nothing."""
    long = [w for w in found if len(w.text) > 3 and w.text[0].isalpha()]
    return len(long) > 2 and sum(w.text[0].isupper() for w in long) * 5 > len(long) * 4


def named(found: Sequence[Word], title: bool) -> Iterator[tuple[Option, str, bool]]:
    """Yield the names in a stretch of words, and whether they only say where or what for.

    Args:
        title: words are capitalised throughout.
    """
    number, taken, aside = 0, False, False
    first = True
    while number < len(found):
        word = found[number]
        option, size = known_at(found, number, first) or (None, 1)
        if option is None and is_name(word, first or title):
            option = Option(word.stem, frozenset())
        if option is not None and (size > 1 or title or not _goes_on(found, number)):
            yield option, " ".join(w.text for w in found[number : number + size]), aside
            taken = True
        elif taken and word.stem in cues.PLACES:
            aside = True
        first = first and word.mark
        number += size


def _goes_on(found: Sequence[Word], number: int) -> bool:
    """Tell whether a word is part of a longer name: "Deep Java Library" is not Java."""
    before = number - 1
    return (
        before >= 0
        and is_name(found[before], before == 0)
        and known_at(found, before, before == 0) is None
    )


def known_at(found: Sequence[Word], start: int, first: bool) -> tuple[Option, int] | None:
    """Return the longest known name that begins here, and its length in words."""
    known = names()
    key: tuple[str, ...] = ()
    best = None
    for word in found[start : start + known.longest]:
        key = (*key, word.stem)
        option = known.options.get(key)
        if option is not None and (key not in known.everyday or _capital(found[start], first)):
            best = option, len(key)
    return best


def _capital(word: Word, first: bool) -> bool:
    return not first and word.text[0].isupper()


def is_name(word: Word, first: bool) -> bool:
    """Tell whether a word is written like a name; at the start a capital says nothing."""
    text = word.text
    if word.mark or not text.isascii() or word.stem in _NO_NAMES:
        return False
    if text[0].isdigit():
        return False
    return bool(_CAMEL.search(text)) or (not first and text[0].isupper() and len(text) > 1)
