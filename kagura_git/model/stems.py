"""Words of a sentence in their plain form, for comparing what decisions say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple

_ASCII: Final = r"\.?[A-Za-z0-9](?:[A-Za-z0-9_]|[.+/#'](?=[A-Za-z0-9])|[+#])*|[.,;:!?()\n]| - "
_ENGLISH: Final = re.compile(_ASCII)
# Two words for what one says as well.
_ONE: Final = re.compile(r"\be-mail|\bcontinuous (?:integration|delivery)", re.IGNORECASE)
# Endings that make another word of one root: "deployment", "migrated", "natively".
_ENDINGS: Final = (
    ("isation", "iz", 3), ("ization", "iz", 3), ("ation", "", 4), ("ation", "at", 2),
    ("ment", "", 3), ("ating", "", 4), ("ated", "", 4), ("ate", "", 4), ("ally", "", 6),
    ("ly", "", 5), ("ing", "", 2), ("ied", "y", 2), ("ed", "", 2),
)  # fmt: skip
_VOWELS: Final = frozenset("aeiouy")
# Different roots of what means the same here.
_SAME: Final = {
    "authentic": "auth", "login": "auth", "logon": "auth", "authn": "auth",
    "config": "configur", "db": "database", "datastor": "database",
    "mail": "email", "pipelin": "ci", "infra": "infrastructur", "repo": "repository",
    "id": "identifier", "identify": "identifier", "docs": "document", "doc": "document",
    "app": "applic", "lib": "library", "ui": "interfac", "gui": "interfac",
    "expir": "valid", "storag": "stor", "persist": "stor", "sav": "stor",
    "keep": "stor", "kept": "stor", "manu": "manual",
}  # fmt: skip


class Word(NamedTuple):
    """A word as it is written, and its stem; a mark such as a comma is its own stem."""

    text: str
    stem: str

    @property
    def mark(self) -> bool:
        """Whether it is no word but a mark."""
        return self.stem in _MARKS


_MARKS: Final = frozenset(".,;:!?()\n-")
_WIDE_MARKS: Final = dict(zip("。、；：！？（）", ".,;:!?()", strict=True))


def words(text: str) -> Iterator[Word]:
    """Yield the words and marks of a text. Hyphens part words: "full-text" is two."""
    text = _ONE.sub(lambda found: "email" if found[0][1] == "-" else "CI", text)
    pattern = _ENGLISH if text.isascii() else _any_script()
    for match in pattern.finditer(text):
        found = match[0].strip(" ")
        found = _WIDE_MARKS.get(found, found)
        yield Word(found, found if found in _MARKS else stem(found))


@cache
def _any_script() -> re.Pattern[str]:
    # Scripts without blanks: runs of one kind of sign are near enough to words. Hiragana, which
    # Japanese writes its grammar in, parts them.
    letters = r"[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
    return re.compile(
        rf"\.?{letters}(?:[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[.+/#'’](?={letters})|[+#])*"
        r"|[\u30a0-\u30ff]+|[\u3400-\u9fff]+|[\uac00-\ud7af]+|[.,;:!?()\n。、；：！？（）]| - "
    )


def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a text's words, without its marks."""
    return tuple(word.stem for word in words(text) if not word.mark)


def bag(text: str) -> set[str]:
    """Return the stems of a text without their order, marks among them: quicker than the words."""
    pattern = _ENGLISH if text.isascii() else _any_script()
    return set(map(stem, pattern.findall(text)))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return what a word has in common with its plural and its forms of verb and noun."""
    low = word.lower().replace("’", "'").removesuffix("'s")
    if len(low) < 4 or len(low) > 40 or not (low.isalpha() and low.isascii()):
        return _SAME.get(low, low)
    root = _root(_singular(low))
    return _SAME.get(root, root)


def _singular(word: str) -> str:
    if not word.endswith("s") or word.endswith(("us", "ss", "is")):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") and len(word) > 4 else word[:-1]


def _root(word: str) -> str:
    root = word
    for ending, left, least in _ENDINGS:
        short = word.removesuffix(ending)
        if short != word and len(short) >= least and _VOWELS.intersection(short):
            doubled = ending in ("ing", "ed") and short[-1:] == short[-2:-1] not in tuple("lsz")
            root = short[:-1] if doubled else short + left
            break
    return root.removesuffix("e") if len(root) > 3 else root
