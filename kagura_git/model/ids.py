"""Record ids and the slugs of their file names.

An id is a kind letter and eight characters of Crockford's base32
(https://www.crockford.com/base32.html), 40 random bits: two branches that
record at the same time cannot collide the way numbered records do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, Literal

Kind = Literal["decision", "error", "session", "pattern", "change"]

KINDS: Final[tuple[Kind, ...]] = ("decision", "error", "session", "pattern", "change")
STORED_KINDS: Final[tuple[Kind, ...]] = ("decision", "error", "session", "pattern")
LETTERS: Final[dict[Kind, str]] = {
    "decision": "D",
    "error": "E",
    "session": "S",
    "pattern": "P",
    "change": "C",
}
_KIND_OF: Final[dict[str, Kind]] = {letter: kind for kind, letter in LETTERS.items()}
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 8
ID_PATTERN: Final = r"[DESPC]-[0-9a-hjkmnp-tv-z]{8}"
_ID = re.compile(rf"{ID_PATTERN}\Z")
_SLUG_LENGTH: Final = 48


def new_id(kind: Kind, random_bytes: Callable[[int], bytes]) -> str:
    """Return a fresh id such as ``D-7k3f9q2m``; ``random_bytes`` is ``os.urandom`` at the edge."""
    number = int.from_bytes(random_bytes(5), "big")
    digits = [_ALPHABET[(number >> (5 * i)) & 31] for i in range(_LENGTH)]
    return f"{LETTERS[kind]}-{''.join(reversed(digits))}"


def is_id(text: str) -> bool:
    """Tell whether the text has the form of a record id."""
    return _ID.match(text) is not None


def kind_of(record_id: str) -> Kind:
    """Return the kind an id belongs to; raises ``ValueError`` if it is no id."""
    if not is_id(record_id):
        raise ValueError(f"not a record id: {record_id!r}")
    return _KIND_OF[record_id[0]]


def slug(title: str) -> str:
    """Return the ASCII words of a title, lower case, joined by hyphens, at most 48 characters."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    out = ""
    for word in words:
        longer = f"{out}-{word}" if out else word
        if len(longer) > _SLUG_LENGTH:
            break
        out = longer
    return out or (words[0][:_SLUG_LENGTH] if words else "")


def id_in_name(file_name: str) -> str | None:
    """Return the id that a record's file name starts with, or None."""
    candidate = file_name[: 2 + _LENGTH]
    return candidate if is_id(candidate) else None
