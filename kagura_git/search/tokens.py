"""Text to search terms, for prose and code alike.

A compound such as ``nova/virt/driver.py``, ``HttpClient.send`` or ``max_pool_size``
gives itself whole and each of its parts, so that both an exact path and a bare
word find it. Scripts without spaces (Chinese, Japanese, Korean) give character
bigrams, as Lucene's CJK analyser does.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

_CJK: Final = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003134f"
)
_ASCII_WORD: Final = re.compile(r"\w+(?:(?:::|->|[./\\:@-])\w+)*", re.ASCII)
_NAME: Final = re.compile(r"\w+")
_PATH_TAIL: Final = re.compile(r"[^/\\]+\Z")
# fooBar -> foo Bar, HTTPServer -> HTTP Server, utf8Text -> utf8 Text.
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_STOP_WORDS: Final = (
    "a an and are as at be been but by can did do does for from had has have he if in into is it "
    "its of on or so such than that the their them then there these they this to was we were "
    "which will with would you your"
)
STOP: Final = frozenset(_STOP_WORDS.split())
_VOWEL: Final = re.compile("[aeiouy]")
# A hash or a token of base64 is no word; the limit only keeps such things from filling the index.
_LONGEST: Final = 120


def tokens(text: str) -> list[str]:
    """Return the search terms of a text in order, repeated as often as they occur."""
    out: list[str] = []
    if text.isascii():
        words = _ASCII_WORD.findall(text)
    else:
        words = _any_word().findall(unicodedata.normalize("NFKC", text))
    for word in words:
        out.extend(_terms(word))
    return out


@cache
def _any_word() -> re.Pattern[str]:
    # When first needed: classes this wide take 10 ms to compile.
    letters = rf"[^\W{_CJK}]+"
    return re.compile(rf"[{_CJK}]+|{letters}(?:(?:::|->|[./\\:@-]){letters})*")


@cache
def _cjk() -> re.Pattern[str]:
    return re.compile(rf"[{_CJK}]")


@lru_cache(maxsize=200_000)
def _terms(word: str) -> tuple[str, ...]:
    if not word.isascii() and _cjk().match(word):
        return tuple(word[i : i + 2] for i in range(max(1, len(word) - 1)))
    found: list[str] = []
    names = _NAME.findall(word)
    if len(names) > 1:
        found.append(word.replace("\\", "/"))
        if (tail := _PATH_TAIL.search(word)) and tail[0] != word and "." in tail[0]:
            found.append(tail[0])
    for name in names:
        pieces = [p for part in name.split("_") for p in _CAMEL.split(part) if p]
        if len(pieces) != 1 or pieces[0] != name:
            found.append(name)
        found.extend(pieces)
    terms = (term.lower() for term in found)
    return tuple(_stem(t) for t in terms if t not in STOP and len(t) <= _LONGEST)


def _stem(term: str) -> str:
    """Return what a plain word has in common with its plural and its -ing and -ed forms.

    Harman's "S" stemmer, then the two endings of verbs. A whole Porter stemmer finds
    less on decisions: it takes "generator" for "general".
    """
    if len(term) < 4 or not (term.isalpha() and term.isascii()):
        return term
    return _verb(_singular(term))


def _singular(term: str) -> str:
    if not term.endswith("s"):
        return term
    if term.endswith("ies") and term[-4] not in "ea":
        return term[:-3] + "y"
    if term.endswith("es") and term[-3] not in "aeo":
        return term[:-1]
    return term if term.endswith(("us", "ss")) else term[:-1]


def _verb(term: str) -> str:
    if len(term) < 5:
        return term
    root = term
    if len(term) > 5 and term.endswith("ing"):
        root = term[:-3]
    elif term.endswith("ed") and not term.endswith("eed"):
        root = term[:-2]
    if not _VOWEL.search(root):  # "string", "bring"
        return term
    if root != term and root[-1] == root[-2] and root[-1] not in "lsz":
        root = root[:-1]
    return root.removesuffix("e")
