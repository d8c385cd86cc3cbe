"""Whether a rationale gives a reason, as far as its words tell.

Two words can be one ("one file", against a server); a single word leaves open what it
is weighed against, and the decision's own words again are none.
"""

from __future__ import annotations

import re
from typing import Final

from kagura_git.model.cues import EMPTY
from kagura_git.model.records import Decision
from kagura_git.model.stems import stem, stems

_PLACEHOLDERS: Final = frozenset(
    "todo tbd tba fixme wip xxx n/a na none nothing unknown later see above see title see decision "
    "self explanatory obvious obviously asdf test placeholder no reason because".split()
)
_SAYS_LITTLE: Final = frozenset(
    map(stem, "because since reason better best good nice decide decision choose chose use want "
              "need make sense right way do it".split())
)  # fmt: skip
_LETTER: Final = re.compile(r"[^\W\d_]")
# A sentence in a script without blanks has more signs than that.
_SHORT: Final = 4
_READ: Final = 2000


def lacking(decision: Decision) -> str:
    """Return what a decision's rationale lacks; empty if it gives a reason."""
    text = decision.rationale[:_READ].strip()
    if not _LETTER.search(text):
        return "no rationale"
    if text.casefold() == decision.decision.strip().casefold():
        return "a rationale that repeats the decision"
    if not text.isascii():
        return "a rationale of few signs" if len(text) < _SHORT else ""
    said = stems(text)
    if all(word in _PLACEHOLDERS for word in re.findall(r"[a-z/]+", text.casefold())):
        return "a placeholder for a rationale"
    telling = {s for s in said if s not in EMPTY and s not in _SAYS_LITTLE}
    if not telling - set(stems(decision.decision[:_READ])):
        return "a rationale that adds no word to the decision"
    return "a rationale of one word" if len(said) < 2 else ""
