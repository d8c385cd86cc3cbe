"""One decision forbids what the other wants, or the two say opposite words of one thing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kagura_git.model.comparing import SAME, UNKNOWN, Opposition, Read, within
from kagura_git.model.cues import EMPTY, NOT, REFUSES, USES, Stems
from kagura_git.model.quoting import quoted
from kagura_git.model.statement import telling
from kagura_git.model.stems import stems

_VERBS: Final = REFUSES | NOT | USES | EMPTY | frozenset(["no", "without", "instead", "rather"])


_OPPOSITES: Final = tuple(
    tuple(frozenset(stems(side.replace("+", " "))) for side in pair.split("/"))
    for pair in (
        "synchronous/asynchronous sync/async synchronously/asynchronously "
        "synchronous/asynchronously synchronously/asynchronous mutable/immutable eager/lazy "
        "static/dynamic manual/automatic manually/automatically manual/automated "
        "centralized/decentralized optimistic/pessimistic plural/singular public/private "
        "mandatory/optional required/optional strict/lenient push/pull online/offline "
        "reversible/irreversible reversible/forward+only local/remote stateful/stateless "
        "blocking/non+blocking relative/absolute uppercase/lowercase shared/separate "
        "hosted/self+hosted cloud/on+premise encrypted/unencrypted inheritance/composition "
        "server+side/client+side whitelist/blacklist allowlist/denylist sql/nosql global/local "
        "read+only/editable read+only/writable several/single many/single multiple/single"
    ).split()
)


def forbidden(old: Read, new: Read) -> Iterator[Opposition]:
    """One forbids what the other wants."""
    if old.says.ban == new.says.ban:
        return
    ban, wish = (old, new) if old.says.ban else (new, old)
    object_ = telling(ban.says.denied) - REFUSES
    wanted = telling(wish.says.said)
    shared = object_ & wanted
    left, more = object_ - wanted, wanted - object_
    if not shared or (left and more) or len(shared) * 3 < len(object_) * 2:
        return
    phrase = _phrase(ban, wish)
    if len(object_) == 1 and not (shared & ban.says.refused.keys() or phrase):
        return
    what = quoted(wish.decision, phrase or shared)
    message = f"{ban.decision.id} rules out {what}; {wish.decision.id} wants it"
    yield Opposition("opposite", message, 0.8)


def _phrase(ban: Read, wish: Read) -> Stems:
    """Return all that is forbidden if it is a phrase that the wish has word by word."""
    phrase = tuple(s for s in ban.says.denied if s not in _VERBS)
    return frozenset(phrase if len(phrase) > 1 and within(phrase, wish.says.said) else ())


def said_aside(old: Read, new: Read) -> Iterator[Opposition]:
    """What one turns down beside what it says, such as "without a queue", the other wants."""
    for ban, wish in ((old, new), (new, old)):
        if wish.says.ban:
            continue
        for stretch in ban.says.aside:
            phrase = tuple(s for s in stretch if s not in _VERBS)
            rest = frozenset(phrase)
            if len(rest) < 2 or not rest <= frozenset(wish.says.said):
                continue
            mine, yours = ban.says.scope - rest, wish.says.scope - rest
            near = within(phrase, wish.says.said)
            alone = near and (not mine or not yours or telling(phrase) >= rest)
            if alone or (mine & yours and (near or len(rest) > 2)):
                what = quoted(wish.decision, rest)
                message = f"{ban.decision.id} rules out {what}; {wish.decision.id} wants it"
                yield Opposition("opposite", message, SAME if mine & yours else UNKNOWN)


def opposite_words(old: Read, new: Read) -> Iterator[Opposition]:
    """Both say opposite words of one thing."""
    if old.says.ban != new.says.ban:
        return
    mine, yours = frozenset(old.says.said), frozenset(new.says.said)
    for pair in _OPPOSITES:
        for one, other in (pair, pair[::-1]):
            if one <= mine and other <= yours and not one <= yours and not other <= mine:
                a, b = old.says.scope - one, new.says.scope - other
                shared = a & b
                if shared and len(shared) * 2 >= min(len(a), len(b)):
                    yield Opposition(
                        "opposite",
                        f"{old.decision.id} says {quoted(old.decision, one)} of "
                        f"{quoted(old.decision, shared)}, "
                        f"{new.decision.id} {quoted(new.decision, other)}",
                        0.75,
                    )
