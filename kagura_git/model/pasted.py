"""What a pasted error says of itself: its type, its message and where it happened.

For text that nobody has taken apart: a terminal's output, a log, a screenshot
that was read. The place is the innermost call of one's own code; of a chain of
exceptions it is the cause in Java and its kin, which print it last, and the one
that came out in the end in Python, which prints that one last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from kagura_git.model.frames import Frame, located_frames
from kagura_git.model.trace_lines import plain

UNKNOWN: Final = "Unknown"
_MOST: Final = 200_000
_LONGEST: Final = 2_000
_TYPE: Final = r"(?:[A-Za-z_$][\w$]*(?:\.|::)){0,12}[A-Z][\w$]*"
# What ends like an error's name, or is one in spite of its ending.
_NAMED: Final = (
    r"(?:Error|Exception|Warning|Failure|Fault|Interrupt|Exit|Iteration|Timeout|Rejection|"
    r"Violation|Mismatch|Group|Panic|TimedOut|NotFound|NoRows|Failed|Greenlet)"
)
# Lines of a message that goes on, up to the first frame.
_BELOW: Final = r"(?P<more>(?:\n(?![ \t]*at )[^\n]*){0,12})\n[ \t]+at "
_SAID: Final = rf"(?P<type>{_TYPE})(?P<code> \[[A-Z_0-9]+\])?(?::[ \t]*(?P<message>[^\n]*))?"
_BEFORE: Final = (
    r"(?:(?:Uncaught|\(in promise\)|Unhandled exception[.:]?|"
    r"Exception in thread \"[^\"\n]{0,200}\"|\[?ERROR\]?:?|"
    r"\(node:\d+\)|FATAL EXCEPTION:|Caused by:|E  +|error:|Error:)[ \t]+){0,4}"
)
# What a runtime prints for its own insides.
_NOWHERE: Final = r"\Z|node:|internal/|<|Native Method|Unknown Source"
_LINE: Final = re.compile(r"[\"']?(?:, line |:line |:|\()(\d+)")


# What readers of pictures lose: the blanks that a trace's own form demands.
_LOST: Final = (
    (re.compile(r"(?m)^([ \t]*)File ?[\"“”']+([^\"“”'\n]+)[\"“”']+, ?line ?(\d+)(?:, ?in ?)?"),
     r'\1File "\2", line \3, in '),
    (re.compile(r"(?m)^([ \t]*at)(?=[A-Z][\w$]*[.(])"), r"\1 "),
    (re.compile(r"(?m)^([ \t]*-->)(?=\S)"), r"\1 "),
    (re.compile(r"(?m)^([ \t]*at [^\s(]{1,200})\((?=[^\s()]{1,400}:\d+:\d+\))"), r"\1 ("),
    # A zero that begins a word was an O.
    (re.compile(r"\b0(?=[a-wyz][a-z]{2})"), "O"),
)  # fmt: skip


class Told(NamedTuple):
    """What was read; empty or None where the text does not say it."""

    error_type: str
    message: str
    file_path: str | None
    line_number: int | None
    stack_trace: str


class _Head(NamedTuple):
    error_type: str
    message: str
    at: int


def read(text: str) -> Told:
    """Return what a pasted error says; ``Unknown`` and its first line where nothing is known."""
    trace = plain(text[:_MOST]).strip("\n")
    head = next((found for reader in _READERS if (found := reader(trace))), None)
    head = head or _Head(UNKNOWN, _first_line(trace), 0)
    path, line = _place(trace, head)
    has_frames = bool(located_frames(trace))
    message = head.message[:_LONGEST].strip() or head.error_type
    return Told(head.error_type, message, path, line, trace if has_frames else "")


def tidied(text: str) -> str:
    """Return the text of a picture with the blanks that traces have where readers lose them."""
    for pattern, written in _LOST:
        text = pattern.sub(written, text)
    return re.sub(r"(?m), in $", "", text)


def _python(trace: str) -> _Head | None:
    """Read the exception below the last frames; pytest marks its lines with an E."""
    if "File " not in trace and not re.search(r"(?m)^E  +\S|\.py:\d+: ", trace):
        return None
    marked = list(re.finditer(rf"(?m)^E  +(?P<type>{_TYPE}): (?P<message>[^\n]*)$", trace))
    if marked:
        return _Head(marked[-1]["type"], marked[-1]["message"], marked[-1].start())
    ends = [end for frame, _, end in located_frames(trace) if frame.path.endswith((".py", ".pyx"))]
    if not ends:
        return None
    below = re.compile(rf"(?m)^(?:[|+ ]{{0,8}})(?P<type>{_TYPE})(?:: (?P<message>[^\n]*))?$")
    found = below.search(trace, ends[-1])
    if found is None:
        earlier = list(below.finditer(trace))
        found = earlier[-1] if earlier else None
    return _Head(found["type"], found["message"] or "", found.start()) if found else None


def _pattern(expression: str, kind: str = "") -> Callable[[str], _Head | None]:
    def reader(trace: str) -> _Head | None:
        found = re.search(expression, trace, re.MULTILINE)
        if found is None:
            return None
        groups = found.groupdict()
        return _Head(kind or groups["type"], (groups.get("message") or "").strip(), found.start())

    return reader


def _thrown(trace: str) -> _Head | None:
    """Read ``Type: message`` as JavaScript, the JVM and .NET print it; a cause wins."""
    causes = list(re.finditer(rf"(?m)^[ \t]*Caused by: {_SAID}", trace))
    causes = causes or list(re.finditer(rf"(?m)^[ \t]*---> {_SAID}", trace))
    if causes:
        return _head(causes[-1])
    named = re.compile(rf"(?m)^[ \t>*]*{_BEFORE}{_SAID}$")
    found = list(named.finditer(trace))
    # Before its frames; a type that does not look like one counts only just there.
    for match in found:
        below = re.match(_BELOW, trace[match.end() : match.end() + _LONGEST])
        if below and (not below["more"] or re.search(rf"{_NAMED}\Z", match["type"])):
            head = _head(match)
            return head._replace(message=head.message or below["more"].strip())
    likely = [match for match in found if re.search(rf"{_NAMED}\Z", match["type"])]
    return _head(likely[0]) if likely else None


def _head(match: re.Match[str]) -> _Head:
    return _Head(match["type"] + (match["code"] or ""), match["message"] or "", match.start())


def _complaint(trace: str) -> _Head | None:
    """Read what a tool complains of: the first line that names an error."""
    found = re.search(
        r"(?mi)^[^\n]{0,80}?\b(?:fatal )?error:?[ \t]+(?P<message>[^\n]*[a-z]{3}[^\n]*)$", trace
    )
    return _Head("Error", found["message"], found.start()) if found else None


_READERS: Final[tuple[Callable[[str], _Head | None], ...]] = (
    _pattern(r"^error\[(?P<type>E\d{4})\]: (?P<message>[^\n]*)"),
    _pattern(r"\berror (?P<type>TS\d+): (?P<message>[^\n]*)"),
    _pattern(r"^thread '[^'\n]*' ?(?:\(\d+\) ?)?panicked at [^\n]*:\n(?P<message>[^\n]*)", "panic"),
    _pattern(r"panicked at '(?P<message>[^\n]*)', [^\n]+$", "panic"),
    _pattern(r"^WARNING: (?P<type>DATA RACE)"),
    _pattern(r"^(?P<type>fatal error): (?P<message>[^\n:]+)$"),
    _pattern(r"^panic: (?P<message>[^\n]*)", "panic"),
    _pattern(r"(?P<type>rpc error: code = \w+) (?P<message>desc = [^\n]*)"),
    _pattern(r"ERROR: (?P<type>\w+Sanitizer): (?P<message>[^\n]*)"),
    _pattern(r":\d+:\d+: (?P<type>runtime error): (?P<message>[^\n]*)"),
    _pattern(rf":\d+:in [^\n]{{1,200}}?: (?P<message>[^\n]*) \((?P<type>{_TYPE})\)$"),
    _python,
    _thrown,
    _pattern(r"^npm (?:ERR!|error) code (?P<type>[A-Z_0-9]+)"),
    _pattern(r"^[^\s:]+:\d+(?::\d+)?: (?:fatal )?(?P<type>error): (?P<message>[^\n]*)"),
    _complaint,
)


def _first_line(trace: str) -> str:
    return next((line.strip() for line in trace.splitlines() if line.strip()), "")


def _place(trace: str, head: _Head) -> tuple[str | None, int | None]:
    """Return file and line of the innermost own frame, of any frame where none is own."""
    found = [(frame, trace[start:end], start) for frame, start, end in located_frames(trace)]
    if not found:
        return None, None
    outer_first = any(frame.path.endswith((".py", ".pyx")) for frame, _, _ in found)
    inward = found if outer_first else list(reversed(found))
    start = trace.rfind("\n", 0, head.at) + 1
    after = [item for item in inward if item[2] >= start]
    for among in (after, inward) if not outer_first else (inward,):
        own = [item for item in among if item[0].own and item[0].path]
        # What was compiled says a path of where it was built: a library's, nearly always.
        own = [item for item in own if not item[0].path.endswith(".pyx")] or own
        if own:
            return _at(*own[-1][:2])
    named = [item for item in inward if not re.match(_NOWHERE, item[0].path)]
    return _at(*named[-1][:2]) if named else (None, None)


def _at(frame: Frame, stretch: str) -> tuple[str, int | None]:
    line = _LINE.match(stretch, stretch.find(frame.path) + len(frame.path))
    return frame.path.replace("\\", "/"), int(line[1]) if line else None
