"""What the word for a decision's status means here."""

from __future__ import annotations

import re
from typing import Final

from kagura_git.model.records import Status
from kagura_git.services.adr import status_languages
from kagura_git.services.adr.markdown import plain

_MEANS: Final[dict[Status, str]] = {
    "proposed": "proposed|proposal|draft|drafted|pending|in progress|in review|under review"
    "|review|rfc|open|in discussion|under discussion|on hold|idea|wip|work in progress"
    "|provisional|experimental|exploration|deferred|postponed|to be decided|tbd|propuesto"
    "|proposto|vorgeschlagen|planned|new",
    "accepted": "accepted|accept|approved|adopted|implemented|decided|agreed|active|done"
    "|complete|completed|final|finalised|finalized|ratified|confirmed|in use|effective"
    "|aceptado|aceito|akzeptiert|current|valid|in force|live|released|partially implemented",
    "rejected": "rejected|declined|abandoned|withdrawn|dismissed|cancelled|canceled|discarded"
    "|not accepted|refused|dropped|rechazado|rejeitado|abgelehnt",
    # No longer in force: the word itself is kept beside it.
    "superseded": "superseded|superceded|superseeded|replaced|deprecated|obsolete|obsoleted"
    "|retired|reverted|outdated|archived|ersetzt|sunset|no longer relevant|historical",
}
_STATUS: Final = {
    status_languages.folded(word): status
    for table in (_MEANS, status_languages.MEANS)
    for status, words in table.items()
    for word in words.split("|")
}
_LONGEST_FIRST: Final = sorted(_STATUS, key=len, reverse=True)
# Japanese, Chinese and Korean set no blanks around a word.
_WORD: Final = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(word for word in _LONGEST_FIRST if not status_languages.is_unspaced(word))
    + r")(?![\w-])|"
    + "|".join(word for word in _LONGEST_FIRST if status_languages.is_unspaced(word)),
    re.IGNORECASE,
)
_RANK: Final[dict[Status, int]] = {"proposed": 0, "accepted": 1, "rejected": 2, "superseded": 3}
# Words that need not stand first: whatever else is said, the decision is over.
_OVER: Final = re.compile(r"(?i)\b(supers?[ec]+ded|replaced|obsoleted)\s+by\b|\bdeprecated\b")
# Who did it, or where, is no status.
_DONE_BY: Final = re.compile(r"(?i)^(?:implemented|approved|accepted|reviewed)\s+(?:by|in)\s*:")
# A template's question or its list of choices, left above the answer.
_ASKS: Final = re.compile(r"(?i)\?|\betc\b|…|\w\s*/\s*\w.*\w\s*/\s*\w")
_PARTLY: Final = re.compile(r"(?i)\b(?:partial(?:ly)?|partly|in part)\b")
_LONGEST: Final = 4000
_FIRST_WORDS: Final = 48


def read(text: str) -> tuple[Status | None, str]:
    """Return what a status means, None where it is no word known here, and the word itself.

    Of several lines, as of a history, the furthest in a decision's life counts.
    """
    best: Status | None = None
    word = ""
    for line in text[:_LONGEST].split("\n"):
        bare = re.sub(r"[{}\[\]\"'*_~`#>]|^\s*[-+]\s", " ", plain(line)).strip()
        words = _WORD.findall(status_languages.folded(bare))
        different = len(set(map(_status, words)))
        choices = (bare.count("|") > 1 and different > 1) or (
            different > 2 and _ASKS.search(bare) is not None
        )
        if not bare or choices or _DONE_BY.match(bare):  # a template's list of choices says nothing
            continue
        word = word or " ".join(bare.split())[:100]
        status = _of_line(bare)
        if status and (best is None or _RANK[status] > _RANK[best]):
            best, word = status, " ".join(bare.split())[:100]
    return best, word


def _of_line(bare: str) -> Status | None:
    bare = status_languages.folded(bare)
    if _OVER.search(bare) and not _PARTLY.search(bare):
        return "superseded"
    first = _WORD.search(bare[: _FIRST_WORDS + 24])
    if first is None or first.start() > _FIRST_WORDS:
        return None
    status = _status(first[0])
    if status == "superseded" and _PARTLY.search(bare):
        return "accepted"
    return status


def _status(word: str) -> Status:
    return _STATUS[status_languages.folded(word)]


def later(one: Status, other: Status) -> bool:
    """Tell whether a status is further in a decision's life than another one."""
    return _RANK[one] > _RANK[other]
