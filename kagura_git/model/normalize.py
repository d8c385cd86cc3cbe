"""Normal form of text in which secrets are looked for, with a map back to the original.

Colour codes, control characters and characters without width go (Unicode's
Default_Ignorable_Code_Point and Cf); a character whose NFKC form is one ASCII
character becomes that one. Tab, line feed and carriage return stay.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

# ECMA-48 control sequences. Strings (OSC, DCS) are not among them: a secret may be their content.
_CSI: Final = r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]+[ -/]*[@-~]"
# Characters that draw nothing and separate nothing, wherever they stand.
_INVISIBLE: Final = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROL: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_UNSEEN: Final = re.compile(f"{_CSI}|[{_CONTROL}{_INVISIBLE}]+")
_FOREIGN: Final = re.compile("[^\t\n\r -~]")
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\xad\u034f\u061c\u180e"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


@dataclass(frozen=True)
class Normal:
    """Normal form of a text, and where its characters stand in the original."""

    text: str
    starts: tuple[int, ...] = ()  # places in the normal form behind which something was left out
    shifts: tuple[int, ...] = (0,)  # how much was left out before the first, second, ... of them

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that shows this span of the normal form."""
        return self._place(start), self._place(end - 1) + 1

    def _place(self, place: int) -> int:
        return place + self.shifts[bisect_right(self.starts, place)]


def normal(text: str) -> Normal:
    """Return the normal form of a text; time is linear in its length."""
    if not _FOREIGN.search(text):
        return Normal(text)
    parts: list[str] = []
    starts: list[int] = []
    sizes = [0]
    last = length = 0
    for match in _UNSEEN.finditer(text):
        length += match.start() - last
        parts.append(text[last : match.start()])
        starts.append(length)
        sizes.append(match.end() - match.start())
        last = match.end()
    kept = "".join((*parts, text[last:]))
    if not kept.isascii():
        kept = kept.translate(_folding(kept))
    return Normal(kept, tuple(starts), tuple(accumulate(sizes)))


def _folding(text: str) -> dict[int, str]:
    """Return the characters of a text that NFKC makes one ASCII character."""
    folded = {sign: unicodedata.normalize("NFKC", sign) for sign in set(text) if sign > "\x7f"}
    return {
        ord(sign): plain for sign, plain in folded.items() if len(plain) == 1 and plain < "\x7f"
    }


def without_hidden(text: str) -> str:
    """Return a text without control and format characters, as a language model receives it."""
    return _HIDDEN.sub("", text)
