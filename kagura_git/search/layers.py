"""Which segments of an index stay as they are, and which are written anew, joined.

Levels of growing size, as in O'Neil, Cheng, Gawlick and O'Neil, "The
Log-Structured Merge-Tree" (Acta Informatica 33, 1996): a record that is added
rewrites a few others, and each record is rewritten a few times in all.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from kagura_git.search.generation import Generation
from kagura_git.search.refresh import Changes

# A segment is taken up into what comes unless it is that many times as large.
RATIO: Final = 8
# The first one, while somebody waits for an answer: it takes as long as all the rest.
_WAITING: Final = 2
# Below this, writing everything takes a tenth of a second.
SMALL: Final = 5_000
# A segment of that many is taken up no more, and no more are written at once: what a
# refresh takes of memory then has a bound, 3 GB with vectors of 384 dimensions.
MOST: Final = 250_000


def kept(old: Generation, made: Changes, *, waiting: bool) -> int:
    """Return how many leading segments stay.

    Args:
        waiting: somebody waits; otherwise the first segment is taken up sooner.
    """
    held = [len(part.entries) for part in old.segments]
    for number in (old.gone | made.going) - made.back:
        held[bisect_right(old.starts, number) - 1] -= 1
    coming = len(made.coming)
    for last in reversed(range(len(held))):
        size = len(old.segments[last].entries)
        ratio = _WAITING if waiting and last == 0 else RATIO
        small = last == 0 and size < SMALL
        if coming > MOST - size:
            ratio = 0
        # Half of it gone: what is left is sooner written than stepped over.
        if size > ratio * coming and not small and 2 * held[last] >= size:
            return last + 1
        coming += held[last]
    return 0
