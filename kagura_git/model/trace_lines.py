"""The lines of a pasted trace without what a terminal, a logger or a quotation added."""

from __future__ import annotations

import re
from typing import Final

_COLOUR: Final = re.compile(r"\x1b\[[0-?]{0,40}[ -/]{0,8}[@-~]")
_STAMP: Final = (
    r"\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?"
    r"|\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {1,5}\d{1,9} {1,5}\d{1,9} [VDIWEF] [\w.$/-]{1,80} {0,20}:"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,80} [\w./-]{1,80}(?:\[\d{1,9}\])?:"
)
_LEVEL: Final = r"(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE|[VDIWEF])"
# After a time: a level with its logger, a thread in brackets, process ids, a container's stream.
# One blank at most goes with each, so that what is indented stays so.
_TOKEN: Final = (
    r"\[[^\]\n]{0,80}\]:?"
    rf"|{_LEVEL}:?(?: {{1,2}}(?![\w.$-]{{0,80}}(?:Error|Exception|Warning):)[\w.$-]{{1,80}} ?:)?"
    r"|std(?:out|err) [FP]|\d{1,9}(?: +\d{1,9})?"
)
_PREFIX: Final = (
    # Compiled when asked for: a hook need not pay.
    # docker compose and docker build, before what the program itself wrote.
    r"^(?=\S)(?:[A-Za-z][\w.-]{0,60} {0,40}\| ?|\#\d{1,4} \d{1,9}\.\d{1,9} )?"
    rf"(?:(?:{_STAMP})(?: (?:{_TOKEN})(?=[ \t\n]|\Z)){{0,4}} ?|\[{_LEVEL}\] ?)?"
)
_LEADING: Final = rf"\A[ \t]*(?:(?:{_TOKEN})(?=[ \t]|\Z)[ \t]*)*"
_INDENT: Final = re.compile(r"^[ \t]*+(?=[^\s])", re.MULTILINE)


def plain(trace: str) -> str:
    """Return a trace without colours, log prefixes and a common indentation, its lines by LF."""
    text = trace.replace("\r\n", "\n")
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    text = _dedented(text)
    for _ in range(2):  # one program's log may run through another's
        text = _dedented(re.sub(_PREFIX, "", text, flags=re.MULTILINE))
    return text


def bare(line: str) -> str:
    """Return a line without level, thread and process at its start, whether or not a time led."""
    return re.sub(_LEADING, "", line)


def _dedented(text: str) -> str:
    margin: str | None = None
    for match in _INDENT.finditer(text):
        found = match[0]
        margin = found if margin is None else _shared(margin, found)
        if not margin:
            return text
    return re.sub(rf"^{margin}", "", text, flags=re.MULTILINE) if margin else text


def _shared(first: str, second: str) -> str:
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return first[:place]
    return min(first, second, key=len)
