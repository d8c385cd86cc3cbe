"""When two errors are the same error.

With a trace: same type and same own frames (file name and function, or the line
of source where there is no function to name), line numbers and folders aside.
Without one: same type, same file and same message
with its volatile tokens masked. Type and message alone never join two errors
(precision .62 on labelled traces, against .985 for type and own frames).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final, NamedTuple


class Frame(NamedTuple):
    """One call of a stack trace; ``own`` tells the user's code from libraries."""

    path: str
    function: str
    own: bool


# Every pattern is linear: a trace of 1 MB may be anything. So no \s where a newline
# would let one start run over the rest, and nothing optional between two stars.
_FORMATS: Final = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        # Python: File "src/a.py", line 4, in run
        r"^[ \t|]*File (?P<quote>[\"'])(?P<path>[^\n]+?)(?P=quote), line \d+(?:, in (?P<fn>.+))?",
        # Rust (before JavaScript, whose pattern would take its second line alone):
        # 4: shop::cart::add\n   at ./src/cart.rs:12:5
        r"^[ \t]*\d+: (?:[ \t]*0x[0-9a-f]+ - )?(?P<fn>[^\n]+)\n[ \t]+at (?P<path>[^\s:]+):\d+",
        # JavaScript: at async run (src/a.ts:4:5) and at src/a.ts:4:5
        r"^[ \t]*at (?:async )?(?:(?P<fn>[^\s(][^(\n]*?) \()?"
        r"(?P<path>[^\s()](?:(?! \()[^\n])*?):\d+:\d+\)?[ \t]*$",
        # Java and Kotlin: at com.shop.Cart.add(Cart.java:12)
        r"^[ \t]*at (?:[\w.@-]*/){0,2}(?P<fn>[^\s(/][^(/\n]*)\("
        r"(?P<path>[^\s():]+\.(?:java|kts?|scala|groovy)|Native Method|Unknown Source)(?::\d+)?\)",
        # C#: at Shop.Cart.Add(Int32 n) in /src/Cart.cs:line 12
        r"^[ \t]*at (?P<fn>[^\s(]+)\([^)\n]*\) in (?P<path>[^\n]+?):line \d+",
        # Go: shop/cart.(*Cart).Add(0xc0000)\n\t/src/cart.go:12 +0x1d
        r"^(?:created by )?(?P<fn>[^\s()][^\n]*)\n\t(?P<path>[^\n:]+\.go):\d+",
        # rustc and friends: --> src/cart.rs:12:5
        r"^[ \t]*-->[ \t](?P<path>[^\s:]+):\d+:\d+(?P<fn>)",
        # Ruby: src/cart.rb:12:in 'add'
        r"^[ \t]*(?:from )?(?P<path>[^\s:]+\.rb):\d+:in [`'\"](?P<fn>[^'\"\n]+)",
        # C and C++ sanitizers: #1 0x4f in add src/cart.cc:12:3
        r"^[ \t]*#\d+[ \t]+0x[0-9a-f]+ in (?P<fn>[^\n]+?) (?P<path>[^\s:()]+):\d+",
    )
)
# What each cannot do without: a word is looked for a hundred times faster than a pattern.
_WORDS: Final = ("File ", "at ", "at ", "at ", ":line ", ".go:", "-->", ".rb:", "#")
_FRAMES: Final = tuple(zip(_WORDS, _FORMATS, strict=True))
_LIBRARY_PATH: Final = re.compile(
    r"site-packages|dist-packages|node_modules|^node:|^internal/|/lib/python\d|<frozen |<string>|"
    r"/usr/(?:lib|local/lib|local/go|include)/|/rustc/|\.cargo/registry|/go/pkg/mod/|"
    r"/libexec/|/gems/|webpack/bootstrap|\.rustup|/go/src/runtime/|^Native Method$|"
    r"^Unknown Source$|/build/libs/|/vendor/|^<anonymous>$"
)
_LIBRARY_FUNCTION: Final = re.compile(
    r"(?:java|javax|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|org\.(?:springframework|apache|"
    r"hibernate|junit|mockito|gradle|jetbrains|eclipse|postgresql|flywaydb|slf4j)|"
    r"com\.(?:fasterxml|zaxxer|mysql|google)|io\.(?:netty|grpc|micrometer)|reactor|"
    r"System|Microsoft)\.|(?:std|core|alloc|tokio)::|rust_begin_unwind$|__rust_|"
    r"(?:runtime|testing|reflect|net/http|database/sql|encoding/json|sync)\."
)
_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://\S+")
_PAIR: Final = re.compile(r"(?<=[=])[^\s,;)\]}'\"]+")
_DIGITS: Final = re.compile(r"(?<![\w.:/\\+-])[\w.:/\\+-]*\d[\w.:/\\+-]*")
# A script's own lines stand outside any function; some test runners print `?` for each one.
_NAMELESS: Final = ("", "?", "<module>")
_BELOW: Final = re.compile(r"\n[ \t|]++(?!File [\"'])([^\n]{1,300})")
# Addresses; the name before them may hold parentheses of its own: shop.(*Cart).Add(0xc00).
_GO_ARGUMENTS: Final = re.compile(r"\([^()\n]*\)$| in goroutine \d+$")


def frames(trace: str) -> list[Frame]:
    """Return the frames of a stack trace in its own order; unknown formats give none."""
    return [frame for frame, _, _ in located_frames(trace)]


def located_frames(trace: str) -> list[tuple[Frame, int, int]]:
    """Return the frames of a stack trace with the stretch of text that each was read from."""
    found: dict[int, tuple[Frame, int, int]] = {}
    for word, pattern in _FRAMES:
        for match in pattern.finditer(trace) if word in trace else ():
            at = match.start("path")
            if at in found:
                continue
            path, function = match["path"].strip(), (match["fn"] or "").strip()
            if path.endswith(".go"):
                function = _GO_ARGUMENTS.sub("", function)
            found[at] = (Frame(path, function, _own(path, function)), *match.span())
    return [found[position] for position in sorted(found)]


def _own(path: str, function: str) -> bool:
    return not (_LIBRARY_PATH.search(path) or _LIBRARY_FUNCTION.match(function))


def message_shape(message: str) -> str:
    """Return the message with URLs, assigned values and every token that holds a digit masked."""
    text = _URL.sub("#", message)
    text = _PAIR.sub("#", text)
    text = _DIGITS.sub("#", text)
    return " ".join(text.split()).lower()


def fingerprint(
    error_type: str, message: str, stack_trace: str = "", file_path: str | None = None
) -> str:
    """Return 32 hexadecimal digits that are equal for the same error."""
    kind = re.split(r"(?<![.\s:])[.\s:]+(?=[A-Z]\w*$)", error_type.strip())[-1]
    parts: Iterable[str]
    if stack_trace.strip():
        calls = located_frames(stack_trace)
        own = [call for call in calls if call[0].own] or calls
        if own:
            keys = (_call_key(call, _source(stack_trace, call, end)) for call, _, end in own)
            parts = ("frames", *_without_recursion(keys))
        else:
            # Not a known trace format: its own masked lines must agree.
            parts = ("trace", *(message_shape(line) for line in stack_trace.splitlines()))
    else:
        place = (file_path or "").replace("\\", "/").removeprefix("./")
        parts = ("message", place, message_shape(message))
    text = "\x00".join([kind, *parts])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _source(trace: str, call: Frame, end: int) -> str:
    """Return the line of source printed below a Python frame outside any function; else none."""
    if call.function not in _NAMELESS or not call.path.endswith(".py"):
        return ""
    line = _BELOW.match(trace, end)
    return " ".join(line[1].split()) if line else ""


def _call_key(call: Frame, source: str) -> str:
    path = re.sub(r"\?.*$", "", call.path.replace("\\", "/")).rsplit("/", 1)[-1]
    function = re.sub(r"0x[0-9a-f]+|::h[0-9a-f]{16}\b|\d+", "#", source or call.function)
    return f"{path}:{function}"


def _without_recursion(keys: Iterable[str]) -> list[str]:
    """Return the calls with every cycle of up to eight calls once, however deep it went."""
    out: list[str] = []
    for key in keys:
        out.append(key)
        for length in range(1, 9):
            if out[-length:] == out[-2 * length : -length]:
                del out[-length:]
                break
    return out
