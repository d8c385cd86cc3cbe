"""The words of English by which a statement turns: "use", "instead of", "no longer", "for"."""

from __future__ import annotations

import re
from typing import Final

from kagura_git.model.stems import stem

Stems = frozenset[str]


def _all(text: str) -> Stems:
    return frozenset(map(stem, text.split()))


EMPTY: Final = _all(
    "a an and are as at be been but by can could do does did for from had has have if in into is "
    "it its of on or our so than that the their them then there these they this those to was we "
    "were which while will with would you your via per all any each every everything only also "
    "too own new old both same more most less much many some such other another long ever now "
    "through onto over under when where because about after before between within across "
    "should must may shall let get"
)
# What any decision may say: what one is about is not told by these.
COMMON: Final = _all(
    "use adopt choose chose chosen pick take prefer go move switch change convert port "
    "replace introduce add write written rewrite run make build built create provide offer expose "
    "issue send put store stay continue support allow permit require need enable disable forbid "
    "forbidden avoid stop drop remove delete ban prohibit deprecate reject never not no longer "
    "instead rather without always follow set show call read handle have give work base itself "
    "service system component server tool way approach solution option thing default primary "
    "main central single common general separate different simple plain internal external project "
    "team company time data value type format style kind case level part place name file code "
    "implement implementation manage management record hold contain carry own bespoke existing "
    "current legacy favour favor"
)
COMMA: Final = frozenset(",")
BY: Final = frozenset(["with", "by"])
TO: Final = frozenset(["to"])
PREFER: Final = stem("prefer")
USES: Final = _all("use adopt choose pick introduce install prefer run deploy write rewrite build")
REPLACES: Final = _all("replace")
MOVES: Final = _all("move migrate switch change convert port")
# Refuse what follows, as the first word of a clause.
REFUSES: Final = _all(
    "avoid stop drop remove delete disable forbid ban prohibit disallow reject abandon ditch "
    "retire deprecate discontinue eliminate exclude skip omit dismiss defer postpone dissolve "
    "abolish revert"
)
# Refuse what is said of, wherever they stand.
REFUSED: Final = _all("disable forbidden forbid prohibit disallow deprecate banned ban")
IS: Final = _all("is are be was were been get")
NOT: Final = _all(
    "not never cannot don't doesn't mustn't shouldn't won't can't nicht kein keine keinen nie pas "
    "jamais nunca não"
)
# Ways to say no where no blank parts words: what is said there is left alone.
DENIAL: Final = re.compile(
    "ない|なく|ません|避け|やめ|止め|廃止|禁止|使わず|不|勿|别|禁|않|없|금지"
)
SMALL: Final = _all("only just more less later yet longer")
PLACES: Final = _all("for in on of at to by from as across between within under")
# Capitals that name no product.
NO_NAMES: Final = _all(
    "api ci cd url http https sql id pr qa sdk cpu db adr tls ssl ip dns os io ui ux i cli"
)
LEADS: Final = _all("use stay keep continue with a an the our own to move remain")
NOTHING: Final = _all("nothing none status n/a")
NUMBERS: Final = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "once": "1", "twice": "2",
}  # fmt: skip
