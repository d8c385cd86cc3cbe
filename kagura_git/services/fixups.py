"""Commits that ``git rebase --autosquash`` melted into others, found again by subject and lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from kagura_git.services.traces import Origin, Traces

_MARKS: Final = ("fixup! ", "squash! ", "amend! ")


def melted(t: Traces, targets: Sequence[str]) -> Iterator[tuple[str, Origin]]:
    """Yield the commits that took a ``fixup!`` commit in, which no branch holds any more.

    Its subject must name one commit alone, by the same author, that adds every line which
    the fixup added.
    """
    gone: dict[tuple[str, str], list[str]] = defaultdict(list)
    for sha in sorted(t.sources - t.alive):
        kin = t.kin.commits[sha]
        subject = _meant(kin.subject)
        if subject != kin.subject:
            gone[subject, kin.author].append(sha)
    if not gone:
        return
    named: dict[tuple[str, str], list[str]] = defaultdict(list)
    for sha in targets:
        kin = t.kin.commits[sha]
        if sha in t.alive and (kin.subject, kin.author) in gone:
            named[kin.subject, kin.author].append(sha)
    for key, found in named.items():
        if len(found) == 1:
            taken = [other for other in gone[key] if _holds(t, found[0], other)]
            if taken:
                yield found[0], Origin(tuple(taken), "autosquash")


def _meant(subject: str) -> str:
    """Return the subject that a fixup names, be it a fixup of a fixup."""
    while (mark := next((m for m in _MARKS if subject.startswith(m)), None)) is not None:
        subject = subject[len(mark) :]
    return subject


def _holds(t: Traces, sha: str, fixup: str) -> bool:
    """Tell whether a commit makes the changes of a fixup too, with nothing lost on the way."""
    if not t.possible(sha, t.mask([fixup])):
        return False
    mine, theirs = t.steps(sha), t.steps(fixup)
    if not theirs or not theirs.keys() <= mine.keys():
        return False
    t.read_texts([t.pair(sha), t.pair(fixup)])
    whole, part = t.text(t.pair(sha)), t.text(t.pair(fixup))
    if whole is None or part is None or not any(part.added.values()):
        return False
    return all(
        mine[path].new == step.new
        or part.added.get(path, frozenset()) <= whole.added.get(path, frozenset())
        for path, step in theirs.items()
    )
