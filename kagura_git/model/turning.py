"""One decision takes what the other turned down: "D-12 rejected Redis; this proposes Redis"."""

from __future__ import annotations

from collections.abc import Iterator

from kagura_git.model.comparing import LESS, SAME, SURE, UNKNOWN, Opposition, Read, fit_of, within
from kagura_git.model.options import Option
from kagura_git.model.quoting import brief
from kagura_git.model.statement import Statement, Turned, telling


def again(old: Read, new: Read) -> Iterator[Opposition]:
    """A decision that was rejected is made again."""
    both = [name for name in old.says.chosen if name in new.says.chosen]
    fit = fit_of(old.says, new.says, frozenset())
    if both and fit is not None:
        name = new.says.shown[both[0]]
        yield Opposition(
            "rejected",
            f"{old.decision.id} was rejected; {new.decision.id} proposes {brief(name)} again",
            fit,
        )


def rejected(old: Read, new: Read) -> Iterator[Opposition]:
    """The new one takes what the old one did not."""
    for name, option in old.says.refused.items():
        fit = fit_of(old.says, new.says, frozenset()) or _by_name(option)
        if name in new.says.chosen and fit:
            yield Opposition("rejected", _rejects(old, new, old.says.shown[name], name), fit)
    for turned in old.says.turned:
        score = _taken(turned, old.says, new.says)
        if score:
            name = turned.name.name if turned.name else ""
            yield Opposition("rejected", _rejects(old, new, turned.text, name), score)


def _rejects(old: Read, new: Read, what: str, name: str) -> str:
    proposed = new.says.shown.get(name, what)
    return f"{old.decision.id} rejected {brief(what)}; {new.decision.id} proposes {brief(proposed)}"


def replaced(old: Read, new: Read) -> Iterator[Opposition]:
    """The new one turns down what the old one took."""
    for name, option in new.says.refused.items():
        fit = fit_of(old.says, new.says, frozenset()) or _by_name(option)
        if name in old.says.chosen and fit:
            yield Opposition("replaced", _replaces(old, new, old.says.shown[name]), fit)
    for turned in new.says.turned:
        score = _taken(turned, new.says, old.says)
        if score:
            shown = old.says.shown.get(turned.name.name if turned.name else "", turned.text)
            yield Opposition("replaced", _replaces(old, new, shown), score - LESS)


def _replaces(old: Read, new: Read, name: str) -> str:
    return (
        f"{old.decision.id} chose {brief(name)}; {new.decision.id} turns it down "
        "and does not supersede it"
    )


def _taken(turned: Turned, by: Statement, other: Statement) -> float:
    """Return how sure it is that ``other`` takes what ``by`` turned down, for the same purpose."""
    if other.ban:
        return 0.0
    name = turned.name.name if turned.name else ""
    whole = bool(telling(turned.stems)) and within(turned.stems, other.said)
    whole = whole and not within(turned.stems, by.said)
    named = bool(name) and name in other.chosen and name not in by.chosen
    if not (named or whole):
        return 0.0
    fit = fit_of(by, other, frozenset(turned.stems))
    if fit is None or (not named and len(turned.stems) == 1 and fit < SAME):
        return 0.0
    # "Java serialization" is not Java: what is narrower than the name takes more to believe.
    narrower = not whole and bool(telling(turned.stems) - frozenset(name.split(" ")))
    return 0.0 if narrower and fit < SURE else fit


def _by_name(option: Option) -> float:
    """Return how sure it is by a name alone: one that is not common stands for one thing."""
    return 0.0 if option.groups else UNKNOWN
