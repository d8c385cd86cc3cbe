"""What one decision says: what it chooses, what it turns down, and what for.

Read from its first sentences by signs of English grammar, without a parser: "use",
"instead of", "no longer", "for". Other scripts give names and words, and no polarity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kagura_git.model import cues
from kagura_git.model.cues import Stems
from kagura_git.model.naming import is_name, is_title, known_at, named
from kagura_git.model.options import Option
from kagura_git.model.records import Decision
from kagura_git.model.stems import Word, words

# A decision says what it is in its first sentences; the rest is told about it.
READ: Final = 400
_MOST_ALTERNATIVES: Final = 30
_LONGEST_PHRASE: Final = 5
_LINKS: Final = frozenset(["as", "for"])
_ENDS: Final = frozenset(".;:!?\n()-")


_HEAD: Final = re.compile(r"[:;(,\n]| - | – | — | because | since | due to ")
_LABEL: Final = re.compile(r"\A(?:option|alternative)?\s*#?\d{0,3}\s*[.:)-]\s*", re.IGNORECASE)


class Turned(NamedTuple):
    """An option that was not taken: as it was written, its stems, and the name in it if any."""

    text: str
    stems: tuple[str, ...]
    name: Option | None


class Role(NamedTuple):
    """What a decision takes, and what for; ``sole`` where only one can be that: "as the"."""

    taken: Stems
    purpose: Stems
    sole: bool


class Statement(NamedTuple):
    """What a decision says.

    Attributes:
        chosen: the names that it takes.
        context: names that only say where or what for.
        refused: names that its own text turns down.
        said: the stems it affirms, in order.
        denied: the stems it turns down, in order.
        aside: what it turns down beside its first clause, stretch by stretch.
        ban: its first clause forbids, ends or leaves out something.
        scope: what it is about: its telling stems without the names.
        amounts: numbers, each with its unit.
        role: what it takes for what, where it says "use X as Y" or "use X for Y".
        turned: the alternatives.
        shown: a name as it was written, by name.
    """

    chosen: dict[str, Option]
    context: dict[str, Option]
    refused: dict[str, Option]
    said: tuple[str, ...]
    denied: tuple[str, ...]
    aside: tuple[tuple[str, ...], ...]
    ban: bool
    scope: Stems
    amounts: frozenset[tuple[str, str]]
    role: Role | None
    turned: tuple[Turned, ...]
    shown: dict[str, str]


class _Part(NamedTuple):
    """A stretch of words, whether it is affirmed, and whether its clause is a ban."""

    words: list[Word]
    holds: bool


def statement(decision: Decision) -> Statement:
    """Return what a decision says."""
    text = decision.decision[:READ]
    if not text.isascii() and cues.DENIAL.search(text):
        text = ""
    found = list(words(text))
    title = is_title(found)
    clauses = list(_clauses(found))
    chosen: dict[str, Option] = {}
    context: dict[str, Option] = {}
    refused: dict[str, Option] = {}
    shown: dict[str, str] = {}
    said: list[str] = []
    denied: list[str] = []
    aside: list[tuple[str, ...]] = []
    ban = False
    for number, clause in enumerate(clauses):
        parts, against = _parts(clause)
        ban = ban or (number == 0 and against)
        for part in parts:
            stretch = tuple(w.stem for w in part.words if not w.mark)
            (said if part.holds else denied).extend(stretch)
            if not part.holds and not (number == 0 and against):
                aside.append(stretch)
            for option, text, is_context in named(part.words, title):
                shown.setdefault(option.name, text)
                if part.holds:
                    (context if is_context else chosen).setdefault(option.name, option)
                elif not is_context:
                    refused.setdefault(option.name, option)
    if not chosen and not ban:
        chosen = context
    every = [*said, *denied]
    own = {piece for name in (*chosen, *refused) for piece in name.split(" ")}
    return Statement(
        chosen=chosen,
        context=context,
        refused=refused,
        said=tuple(said),
        denied=tuple(denied),
        aside=tuple(aside),
        ban=ban,
        scope=telling(every) - own,
        amounts=frozenset(_amounts(every)),
        role=None if ban or not clauses else _role([word.stem for word in clauses[0]]),
        turned=tuple(_alternatives(decision.alternatives)),
        shown=shown,
    )


def _role(found: Sequence[str]) -> Role | None:
    use = next((place for place, s in enumerate(found) if s in cues.USES), None)
    if use is None:
        return None
    link = next((place for place in range(use + 1, len(found)) if found[place] in _LINKS), None)
    if link is None or not 1 < link - use <= _LONGEST_PHRASE + 1:
        return None
    taken = frozenset(s for s in found[use + 1 : link] if s not in cues.EMPTY)
    purpose = telling([*found[:use], *found[link + 1 :]])
    return Role(taken, purpose, found[link] == "as") if taken and purpose else None


def telling(found: Sequence[str]) -> Stems:
    """Return the stems that say what a text is about."""
    return frozenset(
        s for s in found if s not in cues.EMPTY and s not in cues.COMMON and s not in cues.NUMBERS
        and not s[0].isdigit()
    )  # fmt: skip


def _clauses(found: Sequence[Word]) -> Iterator[list[Word]]:
    clause: list[Word] = []
    for number, word in enumerate(found):
        after = found[number + 1].stem if number + 1 < len(found) else ""
        joins = word.stem in ("and", "but") and after in (cues.REFUSES | cues.USES | cues.REPLACES)
        favour = word.stem in ("favor", "favour") and clause and clause[-1].stem == "in"
        if word.stem in _ENDS or word.stem in ("until", "unless") or joins or favour:
            if clause:
                yield clause
            clause = []
        else:
            clause.append(word)
    if clause:
        yield clause


def _parts(clause: Sequence[Word]) -> tuple[list[_Part], bool]:
    """Return the stretches of a clause, and whether it is a ban as a whole."""
    parts = [_Part([], True)]
    against = 0
    before = ""
    seen: set[str] = set()
    until: Stems = frozenset()
    for number, word in enumerate(clause):
        s = word.stem
        after = clause[number + 1].stem if number + 1 < len(clause) else ""
        ends = _turns_down(s, before, after, seen)
        if ends is not None:
            parts.append(_Part([], False))
            until = ends
        elif not parts[-1].holds and s in (until or cues.COMMA):
            parts.append(_Part([], True))
        else:
            against += _against(s, before, after)
        parts[-1].words.append(word)
        seen.add(s)
        before = s
    turn = bool(against % 2)
    return [_Part(part.words, part.holds != turn) for part in parts if part.words], turn


def _turns_down(s: str, before: str, after: str, seen: set[str]) -> Stems | None:
    """Return the words that end what is turned down from this word on; None if nothing is."""
    if s in cues.REPLACES:
        return cues.BY
    if s == "from" and seen & cues.MOVES:
        return cues.TO
    contrast = (s, after) in (("instead", "of"), ("rather", "than")) or s == "without"
    contrast = contrast or (s in cues.NOT and before in (",", "and", "but"))
    return frozenset() if contrast or (s == "over" and cues.PREFER in seen) else None


def _against(s: str, before: str, after: str) -> bool:
    if s in cues.NOT or s == "no":
        return (s, after) == ("no", "longer") or after not in cues.SMALL
    if s in cues.REFUSES and not before:
        return True
    return (s in cues.REFUSED and bool(before)) or (s in cues.REFUSES and before in cues.IS)


def _alternatives(found: Sequence[str]) -> Iterator[Turned]:
    for text in found[:_MOST_ALTERNATIVES]:
        head = _HEAD.split(_LABEL.sub("", text[:READ].strip()), maxsplit=1)[0].strip()
        said = [word for word in words(head) if not word.mark]
        while said and said[0].stem in cues.LEADS:
            said = said[1:]
        if not said or said[0].stem in cues.NOTHING or said[0].stem in cues.NOT | {"no"}:
            continue
        yield _turned(head, said)


def _turned(head: str, said: Sequence[Word]) -> Turned:
    pieces = tuple(w.stem for w in said if w.stem not in cues.EMPTY)
    known = known_at(said, 0, first=False)
    name = None
    if known is not None:
        name = known[0]
    elif is_name(said[0], first=len(said) > 1):
        name = Option(said[0].stem, frozenset())
    if len(pieces) > _LONGEST_PHRASE:
        pieces = ()
    return Turned(head, pieces, name)


def _amounts(found: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, s in enumerate(found):
        if s[0].isdigit() or s in cues.NUMBERS:
            after = found[number + 1] if number + 1 < len(found) else ""
            yield cues.NUMBERS.get(s, s), after
