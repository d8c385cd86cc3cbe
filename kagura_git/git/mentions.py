"""What a commit's message says about the commits that it was made of.

Anyone may write anything into a message: who uses this checks the content too.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_SHA: Final = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_PICKED: Final = re.compile(rf"^[ \t]*\(cherry picked from commit ({_SHA})\)[ \t]*\r?$", re.M)
_SQUASHED: Final = "Squashed commit of the following:"
_COMMIT: Final = re.compile(rf"^commit ({_SHA})\r?$", re.M)
_ITEM: Final = re.compile(r"^[ \t]*[*-] +(\S.*?)[ \t]*\r?$", re.M)
_REVERT: Final = re.compile(
    r"^(?:Revert|Reapply|Reland) \"|^This (?:reverts|reapplies) commit ", re.M
)


class Mentions(NamedTuple):
    """What a message names.

    Attributes:
        picked: the commits of ``cherry-pick -x``, the last one first.
        squashed: the commits that ``merge --squash`` listed.
        items: the subjects of a server's ``* subject`` list.
        reverts: whether it takes back, or puts back, another commit.
    """

    picked: tuple[str, ...] = ()
    squashed: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    reverts: bool = False


_NOTHING: Final = Mentions()


def parse(subject: str, body: str) -> Mentions:
    """Return what a commit message names."""
    whole = f"{subject}\n{body}"
    squashed: list[str] = []
    if _SQUASHED in whole:
        squashed = _COMMIT.findall(whole.split(_SQUASHED, 1)[1])
    reverts = bool(_REVERT.search(whole))
    if not body and not reverts and not squashed:
        return _NOTHING
    return Mentions(
        tuple(dict.fromkeys(reversed(_PICKED.findall(body)))),
        tuple(dict.fromkeys(squashed)),
        tuple(dict.fromkeys(_ITEM.findall(body))),
        reverts,
    )
