"""When two errors are the same error.

A test that fails is known by the test: same type, same test at the same line of
source where that is printed, same file where it went wrong. Any other trace:
same type and same own frames (file name and function, or the line of source
where there is no function to name), line numbers and folders aside; where
nothing of it has a name, the masked message must agree too. Without a trace:
same type, same file and same message with its volatile tokens masked. Type and
message alone never join two errors (precision .5 on labelled traces, against
.98 and more for these rules).

A fingerprint names the rule it was made by. Records keep the one they were
stored with; :func:`of_error` makes it anew where the rule has changed since,
so a record stored under an older rule is still found.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from kagura_git.model.frames import Frame, Located, located_frames
from kagura_git.model.records import Error
from kagura_git.model.trace_lines import bare, plain

__all__ = [
    "PLACE", "RULE", "Call", "calls", "fingerprint", "message_shape", "of_error",
    "without_recursion",
]  # fmt: skip
RULE: Final = "2-"
# How much of a fingerprint tells where an error happened; the rest tells its type.
PLACE: Final = len(RULE) + 24
_ANY_RULE: Final = re.compile(r"(?:\d+-)?[0-9a-f]{32}")

_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://\S+")
_PAIR: Final = re.compile(r"(?<=[=])[^\s,;)\]}'\"]+")
_TEMPORARY: Final = (
    r"(?<![\w.:/\\+~@-])(?:/tmp|/var/tmp|(?:/private)?/var/folders|"
    r"[a-z]:(?:\\[^\s\\:]{1,80}){1,8}\\temp)[/\\][^\s'\":,;)\]]*"
)
_FOLDERS: Final = re.compile(
    r"(?<![\w.:/\\+~@-])(?:[a-z]:|~)?(?:[/\\][\w.@+~-]+)+[/\\](?=[\w.@+-])"
)
_DIGITS: Final = re.compile(r"(?<![\w.:/\\+-])[\w.:/\\+-]*\d[\w.:/\\+-]*")
# A script's own lines stand outside any function; some test runners print `?` for each one.
_NAMELESS: Final = (
    r"(?:\?|<module>|<main>|global code|eval|(?:Object|Context|Suite)\.(?:test|it))?\Z|"
    r".*<(?:anonymous|top \(required\))>"
)
_BELOW: Final = re.compile(r"\n[ \t|]++(?!File [\"'])([^\n]{1,300})")
# How far above a place pytest may have started to print its function.
_FUNCTION: Final = 4_000
# Numbers that a compiler gave; those that somebody chose (test_page2) tell functions apart.
_VOLATILE: Final = re.compile(
    r"0x[0-9a-f]+|::h[0-9a-f]{16}\b|\$\$[0-9a-f]{6,}\b|(?<=[$|#(])\d+(?:_\d+)*|"
    r"(?<=__)\d+(?:_\d+)*|(?<=DisplayClass)\d+_\d+|(?<=\.func)\d+(?:\.\d+)*|(?<=Lambda/)\d+"
)
_NUMBER: Final = re.compile(r"0x[0-9a-f]+|\d+")
_BUNDLE_HASH: Final = re.compile(r"[.-](?=\w*\d)\w{8,}(?=\.[cm]?js$)")
_PYTHON: Final = (".py", ".pyx")
# A file's name and a function that are a test; the helpers of tests are none, nor is a script
# that only goes by such a name. A test runner may print `?` or nothing for the test itself.
_TEST: Final = (
    r"(?:tests?_[^:]*|[^:]*_tests?|tests)\.pyx?:(?:\??\Z|(?i:(?:.*\.)?(?:test|set_?up|tear_?down)))|"
    r"[^:]*_test\.go:.*\.(?:Test|Benchmark|Fuzz|Example)|[^:]*\.rb:(?:.*[#\s])?test_|"
    r"[^:]*(?:Tests?|IT|Spec)\.(?:java|kt|scala|groovy):|(?:[^:]*\.cs)?:(?:.*\.)?\w*Tests?\.\w|"
    r"[^:]*\.rs:(?:.*::)?tests?::"
)
# What every panic or promise passes on its way out says nothing about where it began.
_WAY_OUT: Final = (
    r"/rustc/|/src/runtime/|panicking|rust_begin_unwind|node:internal/process/|^internal/process/"
)
_CHAINED: Final = (
    r"(?m)^(?:During handling of the above exception|The above exception was the direct cause)"
)
_CAUSED: Final = r"(?m)^[ \t]*(?:Caused by|Suppressed): "


class Call(NamedTuple):
    """A frame, where it stands in the trace, and what it is compared by."""

    frame: Frame
    at: int
    key: str
    named: bool


def message_shape(message: str) -> str:
    """Return the message with URLs, folders, assigned values and tokens with digits masked."""
    return _masked(plain(message))


def _masked(text: str) -> str:
    text = _URL.sub("#", text.lower())
    text = _PAIR.sub("#", text)
    text = _FOLDERS.sub("", re.sub(_TEMPORARY, "#", text))
    text = _DIGITS.sub("#", text)
    return " ".join(text.split())


def of_error(error: Error) -> str | None:
    """Return an error's fingerprint by the present rule, whatever rule it was stored under."""
    stored = error.fingerprint
    if stored is None or stored.startswith(RULE) or not _ANY_RULE.fullmatch(stored):
        return stored
    return fingerprint(error.error_type, error.message, error.stack_trace, error.file_path)


def fingerprint(
    error_type: str, message: str, stack_trace: str = "", file_path: str | None = None
) -> str:
    """Return the rule and 32 hexadecimal digits that are equal for the same error.

    The first 24 of them tell the place and are the same for every type of error.
    """
    kind = re.split(r"(?<![.\s:])[.\s:]+(?=[A-Z]\w*$)", error_type.strip())[-1]
    if stack_trace.strip():
        place = _place(plain(stack_trace), message)
    else:
        path = (file_path or "").replace("\\", "/").removeprefix("./")
        place = ("message", path, message_shape(message))
    return f"{RULE}{_digest(place, 12)}{_digest((kind,), 4)}"


def _digest(parts: Iterable[str], size: int) -> str:
    text = "\x00".join(parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def calls(trace: str) -> list[Call]:
    """Return the calls of a trace that :func:`~kagura_git.model.trace_lines.plain` has passed."""
    return [_call(trace, found) for found in located_frames(trace)]


def _place(trace: str, message: str) -> tuple[str, ...]:
    found = calls(trace)
    if not found:
        # Not a known trace format: its own masked lines must agree.
        lines = (_masked(bare(line)) for line in trace.splitlines())
        return ("trace", *filter(None, lines))
    test = _test(found)
    if test:
        return ("test", *test)
    own = [call for call in found if call.frame.own] or _last_thrown(trace, found)
    keys = without_recursion(call.key for call in own)
    said = () if any(call.named for call in own) else ("said", message_shape(message))
    return ("frames", *keys, *said)


def _test(found: Sequence[Call]) -> tuple[str, str] | None:
    """Return the test that a trace began in, and the file where it went wrong.

    The way from one to the other differs with the test's parameters, and what
    is a library in one environment is one's own code in the next.
    """
    outer_first = any(call.frame.path.endswith(_PYTHON) for call in found)
    tests = [call for call in found if call.named and _is_test(call.frame)]
    if not tests:
        return None
    inward = list(found) if outer_first else list(reversed(found))
    inner = next((c for c in reversed(inward) if not _on_the_way_out(c.frame)), inward[-1])
    test = tests[0] if outer_first else tests[-1]
    return test.key, _file_name(inner.frame.path)


def _is_test(frame: Frame) -> bool:
    name = frame.path.replace("\\", "/").rsplit("/", 1)[-1]
    return frame.own and re.match(_TEST, f"{name}:{frame.function}") is not None


def _last_thrown(trace: str, found: Sequence[Call]) -> Sequence[Call]:
    """Return the calls of the exception that came out in the end, not those of its causes.

    Where there are only libraries, what they hide from their caller is theirs.
    """
    start = max((m.end() for m in re.finditer(_CHAINED, trace)), default=0)
    cause = re.search(_CAUSED, trace)
    end = cause.start() if cause else len(trace)
    thrown = [call for call in found if start <= call.at < end] or found
    return [call for call in thrown if not _on_the_way_out(call.frame)] or thrown


def _on_the_way_out(frame: Frame) -> bool:
    return bool(re.search(_WAY_OUT, f"{frame.path} {frame.function}"))


def _call(trace: str, found: Located) -> Call:
    frame, at, _ = found
    nameless = re.match(_NAMELESS, frame.function) is not None
    # What one line of a test asserts is not what the next one does.
    source = _source(trace, found) if nameless or _is_test(frame) else ""
    # A line of source that ends where its arguments begin is any call of that function.
    cut = source.endswith("(")
    key = f"{_file_name(frame.path)}:{_VOLATILE.sub('#', '' if nameless else frame.function)}"
    if source and (nameless or not cut):
        key += f":{_NUMBER.sub('#', source)}"
    return Call(frame, at, key, not nameless or (bool(source) and not cut))


def _file_name(path: str) -> str:
    name = re.sub(r"\?.*$", "", path.replace("\\", "/")).rsplit("/", 1)[-1]
    # A C# function has its full name; its file is known only where there are symbols.
    return "" if name.endswith(".cs") else _BUNDLE_HASH.sub("", name)


def _source(trace: str, found: Located) -> str:
    """Return the line of source printed with a Python frame outside any function; else none.

    It stands below the frame, or above it after a ``>`` where pytest prints the function.
    """
    frame, start, end = found
    if not frame.path.endswith(_PYTHON):
        return ""
    below = _BELOW.match(trace, end)
    if below:
        return " ".join(below[1].split())
    above = trace[max(0, start - _FUNCTION) : start].rpartition("\n_ _ _")[2]
    marked = re.findall(r"(?m)^>[ \t]+([^\n]{1,300})", above) if not frame.function else ()
    return " ".join(marked[-1].split()) if marked else ""


def without_recursion(keys: Iterable[str]) -> list[str]:
    """Return the calls with every cycle of up to eight calls once, however deep it went."""
    out: list[str] = []
    for key in keys:
        out.append(key)
        for length in range(1, 9):
            if out[-length:] == out[-2 * length : -length]:
                del out[-length:]
                break
    return out
