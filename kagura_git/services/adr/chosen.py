"""Which of the options a decision chose, and how its text names it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from kagura_git.services.adr.markdown import plain

_CHOSEN: Final = re.compile(
    r"(?i)\b(?:chosen|selected|preferred|gew\w{1,4}hlte|valgt|gekozen|vald\w?|wybrana)\s+(?:options?|alternatives?"
    r"|solutions?|approach"
    r"|proposals?|alternativ)\b(?:\s+(?:is|was"
    r"|are))?\s*[*_]{0,3}:?[*_]{0,3}\s*(?:\([\w ]{1,20}\)\s*)?(?P<what>.{1,600})"
    # Romance languages name the option first.
    r"|\b(?:option|opci[oó]n|op[cç][aã]o|opzione|solution|soluci[oó]n|alternative)\s+"
    r"(?:choisie|retenue|elegida|escogida|escolhida|scelta)\s*[*_]{0,3}:?[*_]{0,3}\s*"
    r"(?P<named>.{1,600})"
    r"|(?:選択した|採用した|選定した)(?:選択肢|オプション|案|オプション案)\s*[:：は]\s*(?P<east>.{1,600})"
    r"|(?:选择|选定|選擇)的?(?:方案|选项|選項)\s*[:：是]\s*(?P<chinese>.{1,600})"
    r"|선택(?:한|된) (?:옵션|대안|방안)\s*[:은]\s*(?P<korean>.{1,600})"
    r"|Выбранный вариант\s*:\s*(?P<russian>.{1,600})",
    re.DOTALL,
)
_WENT_FOR: Final = re.compile(
    r"(?i)\b(?:we\s+(?:have\s+|will\s+)?(?:decided|choose|chose|chosen|go|going|went|picked"
    r"|selected|opted|use|adopt)"
    r"|it\s+was\s+decided|decided)\b(?:\s+to)?(?:\s+(?:go|start|choose|proceed|with|for|use"
    r"|implement|adopt|on|the))*"
    r"(?P<what>.{1,300})",
    re.DOTALL,
)
_QUOTES: Final = {"**": "**", '"': '"', "“": "”", "'": "'", "«": "»", "„": "“"}
_BECAUSE: Final = re.compile(
    r"(?i),?\s*\b(?:because|since|as it|due to|fordi|weil|for the following)\b|(?<=\w\w)\.\s"
    r"|\n\s*\n|\n\s*[-*]\s"
)
# What follows the quoted name of an option.
_AFTER_QUOTE: Final = r"(?=[,.;:]?\s*(?:$|\n|(?i:because|since|due to|for the|as)\b))"
_MARKED: Final = re.compile(
    r"(?i)[\[(*_\s-]*\b(?:chosen|selected|accepted|decided|preferred|our choice"
    r"|decision)\b(?:\s+(?:option|solution|one|approach))?[\])*_\s!.]*$|✅|✔|\U0001f3c6"
)
_LABEL: Final = re.compile(
    r"(?i)^\W{0,3}(?:(?:option|alternative|solution|proposal|variant|approach|choice|idea)\s*)"
    r"#?\s*(?P<number>[0-9]{1,2}[a-z]?|[a-z])\b\W{0,4}|^\W{0,3}(?P<bare>[0-9]{1,2}[a-z]?|[a-h])[.):]\s+"
)
_SAYS_LABEL: Final = re.compile(
    r"(?i)\b(?:options?|alternatives?|solution|proposal|variant|approach"
    r"|syntax idea)\s*\W{0,3}#?\s*([0-9]{1,2}[a-z]?|[a-z])\b(?!['’.]\w)"
)
_WORD: Final = re.compile(r"\w+")
_COMMON: Final = frozenset(
    "a an and as by do for from in is it of on or our option the this to use using used with"
    " we".split()
)
_ALIKE: Final = 0.6


def chosen(options: Sequence[str], outcome: str, title: str) -> tuple[list[int], str]:
    """Return the numbers of the options that were chosen, and how the outcome names them.

    Args:
        outcome: the text of the decision's section.
        title: of the decision: it may say the same as one option.
    """
    said = _said(outcome)
    if said:
        found = _matching(options, said)
        if found:
            return found, said
    marked = [number for number, name in enumerate(options) if _MARKED.search(name)]
    if marked:
        return marked, options[marked[0]]
    for match in _WENT_FOR.finditer(plain(outcome[:1500])):
        clause = _BECAUSE.split(match["what"], maxsplit=1)[0]
        found = _matching(options, clause)
        if found:
            return found, said or options[found[0]]
    if not said:
        first = plain(outcome.strip().split("\n\n")[0][:600])
        named = {label.lower() for label in _SAYS_LABEL.findall(first)}
        found = [n for n, name in enumerate(options) if _label(name, n) in named]
        found = found if len(found) == 1 else _contained(options, first)
        if len(found) == 1:
            return found, options[found[0]]
    by_title = [n for n, name in enumerate(options) if _words(name) and _alike(name, title) >= 0.7]
    if len(by_title) == 1:
        return by_title, said or options[by_title[0]]
    return [], said


def _said(outcome: str) -> str:
    """Return what stands behind "Chosen option:", if that is said."""
    match = _CHOSEN.search(outcome[:8000])
    if match is None:
        return ""
    what = next(part for part in match.groups() if part).strip().lstrip(":").strip()
    bullet = re.match(r"[-*+]\s+", what)
    if bullet:
        what = what[bullet.end() :]
    width = 2 if what.startswith("**") else 1
    close = _QUOTES.get(what[:width])
    if close:
        # The last closing sign before the reason: names hold quotes themselves.
        head = what[width:]
        ended = re.search(re.escape(close) + _AFTER_QUOTE, head)
        head = head[: ended.end()] if ended else _BECAUSE.split(head, maxsplit=1)[0]
        end = head.rfind(close)
        if end > 0:
            # Several, each in quotes of its own; not a name that holds quotes.
            several = re.split(r"[\"”]\s*(?:,|and|&|\+)\s*[\"“]", head[:end])
            return plain(" + ".join(several) if close in '"”' else head[:end])
    head = re.split(r"\n\s*\n|\n\s*[-*+]\s", what, maxsplit=1)[0]
    return plain(_BECAUSE.split(head, maxsplit=1)[0]).strip(" .,:;")


def _matching(options: Sequence[str], said: str) -> list[int]:
    flat_ = flat(said)
    same = [n for n, name in enumerate(options) if flat_ in (flat(name), bare(name))]
    if same:
        return same[:1]
    labels = {label.lower() for label in _SAYS_LABEL.findall(said)}
    if re.match(r"\s*#?([0-9]{1,2}[a-z]?)\b(?!\s*(?:%|\w))", said):
        labels.add(re.match(r"\s*#?([0-9]{1,2}[a-z]?)", said)[1].lower())  # type: ignore[index]
    lead = _LABEL.match(said)
    if lead and lead["bare"]:
        labels.add(lead["bare"].lower())
    if labels:
        by_label = [n for n, name in enumerate(options) if _label(name, n) in labels]
        if by_label:
            return by_label
    found = _contained(options, said)
    if found:
        return found
    phrase = f" {flat_} "
    inside = [n for n, name in enumerate(options) if " " in flat_ and phrase in f" {flat(name)} "]
    if len(inside) == 1:
        return inside
    scored = sorted(((_alike(name, said), n) for n, name in enumerate(options)), reverse=True)
    if scored and scored[0][0] >= _ALIKE and (len(scored) < 2 or scored[1][0] < scored[0][0] - 0.1):
        return [scored[0][1]]
    return []


def _label(name: str, number: int) -> str:
    match = _LABEL.match(name)
    if match:
        return (match["number"] or match["bare"]).lower()
    inner = _SAYS_LABEL.search(name[:60])
    return inner[1].lower() if inner else str(number + 1)


def _contained(options: Sequence[str], text: str) -> list[int]:
    """Return the options whose name stands in a text, but for those inside a longer one of them."""
    whole = f" {flat(text)} "
    found = [
        number
        for number, name in enumerate(options)
        if (short := bare(name)) and len(short) > 2 and f" {short} " in whole
    ]
    brief = {number: bare(options[number]) for number in found}
    return [
        number
        for number in found
        if not any(brief[number] != other and brief[number] in other for other in brief.values())
    ]


def flat(text: str) -> str:
    """Return the words of a text, lower case."""
    return " ".join(_WORD.findall(text.lower()))


def bare(name: str) -> str:
    """Return a name without its label, what is in brackets, and what explains it."""
    text = _MARKED.sub("", name)
    match = _LABEL.match(text)
    text = text[match.end() :] if match else text
    text = re.split(r"\s[-–—:]\s|:\s|\s\(|\.\s", text, maxsplit=1)[0]
    return flat(text) or flat(name)


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.lower()) if word not in _COMMON}


def _alike(name: str, said: str) -> float:
    """Return how much of the shorter of both stands in the other, from 0 to 1."""
    ours, theirs = _words(bare(name)), _words(said)
    if len(ours) > 2 * len(theirs) and len(theirs) > 2:
        ours = _words(name)
    shared = len(ours & theirs)
    return shared / min(len(ours), len(theirs)) if shared > 1 or len(ours) == 1 else 0.0
