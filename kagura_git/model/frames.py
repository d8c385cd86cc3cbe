"""The calls of a stack trace, in the shapes that runtimes, test runners and compilers print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from kagura_git.model.trace_lines import plain


class Frame(NamedTuple):
    """One call of a stack trace; ``own`` tells the user's code from libraries."""

    path: str
    function: str
    own: bool


Located = tuple[Frame, int, int]
_DRIVE: Final = r"(?:[A-Za-z]:(?=[/\\]))?"
# Every pattern is linear: a trace of 1 MB may be anything. So no \s where a newline
# would let one start run over the rest, and nothing optional between two stars.
# Before each stands what it cannot do without: a word is looked for a hundred
# times faster than a pattern, and most processes need
# none of them compiled.
_FORMATS: Final = (
    # Python: File "src/a.py", line 4, in run
    (
        "File ",
        r"^[ \t|]*File (?P<quote>[\"'])(?P<path>[^\n]+?)(?P=quote), line \d+"
        r"(?:, in (?P<fn>.+))?",
    ),
    # Rust (before JavaScript, whose pattern would take its second line alone):
    # 4: shop::cart::add\n   at ./src/cart.rs:12:5
    (
        "at ",
        r"^[ \t]*\d+: (?:[ \t]*0x[0-9a-f]+ - )?(?P<fn>[^\n]+)\n[ \t]+at "
        rf"(?P<path>{_DRIVE}[^\s:]+):\d+",
    ),
    # JavaScript: at async run (src/a.ts:4:5) and at src/a.ts:4:5
    (
        "at ",
        r"^[ \t]*at (?:async )?(?:(?P<fn>[^\s(][^(\n]*?) \()?"
        r"(?P<path>[^\s()](?:(?! \()[^\n])*?):\d+:\d+\)?[ \t]*$",
    ),
    # Firefox and Safari: add@https://shop.test/js/cart.js:12:5
    (
        "@",
        r"^[ \t]*(?:async\*)?(?P<fn>[^@\n]{0,200})@"
        r"(?P<path>(?:[a-z][a-z-]{0,20}:)?/[^\s]*?):\d+(?::\d+)?[ \t]*$",
    ),
    # Java and Kotlin: at com.shop.Cart.add(Cart.java:12)
    (
        "at ",
        r"^[ \t]*at (?:[\w.@-]*/){0,2}(?P<fn>[^\s(/][^(/\n]*)\("
        r"(?P<path>[^\s():]+\.(?:java|kts?|scala|groovy|clj)|SourceFile|Native Method|"
        r"Unknown Source)(?::\d+)?\)",
    ),
    # C#: at Shop.Cart.Add(Int32 n) in /src/Cart.cs:line 12
    (":line ", r"^[ \t]*at (?P<fn>[^\s(]+)\([^)\n]*\) in (?P<path>[^\n]+?):line \d+"),
    # C# without symbols: at Shop.Cart.Add(Int32 n)
    (
        "at ",
        r"^[ \t]*at (?P<fn>[^\s(/]+\.[^\s(/.]+)\((?!Native M|Unknown S)(?P<path>)"
        r"(?:[\w.`&*\[\]]+ [^()\n]*)?\)$",
    ),
    # Go: shop/cart.(*Cart).Add(0xc0000)\n\t/src/cart.go:12 +0x1d
    (
        ".go:",
        rf"^(?:created by )?(?P<fn>[^\s()][^\n]*)\n\t(?P<path>{_DRIVE}[^\n:]+\.go):\d+",
    ),
    # Go's race detector indents both lines, and always says the offset.
    (
        ".go:",
        rf"^[ \t]+(?P<fn>[^\s()][^\n]*)\n[ \t]+(?P<path>{_DRIVE}[^\s:]+\.go):\d+ \+0x",
    ),
    # rustc and friends: --> src/cart.rs:12:5
    ("-->", rf"^[ \t]*-->[ \t](?P<path>{_DRIVE}[^\s:]+):\d+:\d+(?P<fn>)"),
    # Ruby: src/cart.rb:12:in 'add', before 3.0 also 2: from src/main.rb:4:in `run'
    (
        ":in ",
        rf"^[ \t]*(?:\d+: )?(?:from )?(?P<path>{_DRIVE}[^\s:]+\.(?:rb|erb|rake|ru)):\d+:in "
        r"[`'\"](?P<fn>[^'\"\n]+)",
    ),
    # gdb (before sanitizers, whose functions hold their arguments):
    # #1  0x4f in add (cart=0x7ffe) at src/cart.cc:12
    (
        "#",
        r"^[ \t]*#\d+[ \t]+(?:0x[0-9a-f]+ in )?(?P<fn>[^\s(][^(\n]*) \([^\n]*\) at "
        rf"(?P<path>{_DRIVE}[^\s:]+):\d+",
    ),
    # C and C++ sanitizers: #1 0x4f in add src/cart.cc:12:3
    (
        "#",
        r"^[ \t]*#\d+[ \t]+0x[0-9a-f]+ in (?P<fn>[^\n]+?) "
        rf"(?P<path>{_DRIVE}[^\s:()]+):\d+",
    ),
    # pytest: src/cart.py:12: in add, or the error's type, or nothing
    (
        ".py",
        rf"^(?P<path>{_DRIVE}[^\s:]+\.pyx?):\d+:"
        r"(?: in (?P<fn>[^\n]+)| [A-Za-z][\w.]{0,80}$|[ \t]*$)",
    ),
)
# One place and no calls: looked for only where there is nothing else.
_PLACES: Final = (
    (
        " panicked at ",
        rf" panicked at (?:'[^\n']*', )?(?P<path>{_DRIVE}[^\s:]+\.rs):\d+(?P<fn>)",
    ),
    (
        "error TS",
        rf"^(?P<path>{_DRIVE}[^\s:(]+)(?::\d+:\d+ -|\(\d+,\d+\):) error TS\d+(?P<fn>)",
    ),
    ("rror: ", rf"^(?P<path>{_DRIVE}[^\s:]+):\d+:\d+: (?:[a-z]+ )?error: (?P<fn>)"),
    (".go:", rf"^(?P<path>{_DRIVE}[^\s:]+\.go):\d+:\d+: (?P<fn>)"),
)
_LIBRARY_PATH: Final = (
    r"site-packages|dist-packages|node_modules|^node:|^internal/[\w/]+(?:\.js)?$|/lib/python\d|"
    r"/[Pp]ython\d+/[Ll]ib/|<frozen |<string>|"
    r"/usr/(?:lib|local/lib|local/go|include)/|/rustc/|\.cargo/registry|/go/pkg/mod/|"
    r"/libexec/|/gems/|webpack/bootstrap|\.rustup|/src/runtime/\w+\.(?:go|s)$|^Native Method$|"
    r"^Unknown Source$|/build/libs/|/vendor/|^<anonymous>$|/sanitizer_common/|/sysdeps/"
)
_LIBRARY_FUNCTION: Final = (
    r"(?:java|javax|jdk|sun|com\.sun|kotlin|kotlinx|_COROUTINE|scala|groovy|androidx?|dalvik|"
    r"org\.(?:springframework|apache|hibernate|junit|mockito|gradle|jetbrains|eclipse|"
    r"postgresql|flywaydb|slf4j)|jakarta|okhttp3|retrofit2|"
    r"com\.(?:fasterxml|zaxxer|mysql|google|android)|io\.(?:netty|grpc|micrometer|ktor)|reactor|"
    r"System|Microsoft|Xunit|NUnit)\.|(?:std|core|alloc|tokio)::|rust_begin_unwind$|__rust_|"
    r"(?:runtime|testing|reflect|net/http|database/sql|encoding/json|sync)\.|__asan_|__interceptor_"
)
# Addresses; the name before them may hold parentheses of its own: shop.(*Cart).Add(0xc00).
_GO_ARGUMENTS: Final = re.compile(r"\([^()\n]*\)$| in goroutine \d+$")


def frames(trace: str) -> list[Frame]:
    """Return the frames of a stack trace in its own order; unknown formats give none."""
    return [frame for frame, _, _ in located_frames(plain(trace))]


def located_frames(trace: str) -> list[Located]:
    """Return the frames of a stack trace with the stretch of text that each was read from."""
    return _found(trace, _FORMATS) or _found(trace, _PLACES)


def _found(trace: str, formats: Sequence[tuple[str, str]]) -> list[Located]:
    found: dict[int, Located] = {}
    for word, pattern in formats:
        for match in re.finditer(pattern, trace, re.MULTILINE) if word in trace else ():
            at = match.start("path")
            if at in found:
                continue
            path, function = match["path"].strip(), (match["fn"] or "").strip()
            if path.endswith(".go"):
                function = _GO_ARGUMENTS.sub("", function)
            found[at] = (Frame(path, function, _own(path, function)), *match.span())
    return [found[position] for position in sorted(found)]


def _own(path: str, function: str) -> bool:
    return not (
        re.search(_LIBRARY_PATH, path.replace("\\", "/")) or re.match(_LIBRARY_FUNCTION, function)
    )
