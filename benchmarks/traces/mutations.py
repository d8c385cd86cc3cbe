"""A stack trace as it looks when the same error comes again elsewhere."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

Mutation = Callable[[str, random.Random], str]

_ROOTS: Final = ("/home/kim/src/shop/", "/opt/build/workspace/", "/app/", "C:\\Users\\Kim\\shop\\")
_PATH: Final = re.compile(
    r"(?<![\w.:/\\@-])(?P<root>/(?:home|srv|app|opt|builds?|Users|work|code|root)/)"
    r"(?P<rest>(?:[\w.@+()-]+/)*[\w.@+()-]+\.\w+)(?=[\"':\s?)])"
)
_RELATIVE: Final = re.compile(
    r"(?<=File \")(?![/<])(?P<rest>[\w./-]+)(?=\")|(?<=\()(?P<js>(?:src|tests|app)/[\w./-]+)(?=:\d)"
)
_INSTALLED: Final = re.compile(r"(?<![\w.])/[^\s\"'():]*/(?:site|dist)-packages/")
_STANDARD: Final = re.compile(
    r"(?<=\")/[^\s\"'():]*/lib/python3\.\d+/(?!site-packages|dist-packages)"
)
_NUMBER: Final = re.compile(r"(?<![\w.#\[<:/-])\d+(?![\w.\]>:/-])|(?<=[a-z\d]:)\d{4,5}\b")
_DATE: Final = re.compile(r"\b20\d\d([-/])\d\d\1\d\d(?=[ T]\d\d:)")
_CLOCK: Final = re.compile(r"\b\d\d:\d\d:\d\d\b")
_FRAME: Final = re.compile(r"^\s|^[\w./$*()-]+\.\w+[:(]|^\d+:|^#\d")


def lines(trace: str, rng: random.Random) -> str:
    """Other line and column numbers: the file was edited above."""
    more = rng.randint(1, 400)

    def moved(match: re.Match[str]) -> str:
        return f"{match[1]}{int(match[2]) + more}"

    trace = re.sub(r"(\bline )(\d+)", moved, trace)
    trace = re.sub(r"(\.\w{1,5}\??:)(\d+)", moved, trace)
    trace = re.sub(r"(\.\w{1,5}\??:\d+:)(\d+)", moved, trace)
    return re.sub(r"\+0x[0-9a-f]+", lambda _: f"+{rng.randint(16, 4000):#x}", trace)


def paths(trace: str, rng: random.Random) -> str:
    """Another home, build folder, container or Windows; libraries of another Python and venv."""
    root = rng.choice(_ROOTS)
    version = rng.randint(7, 14)
    trace = _INSTALLED.sub(
        f"/srv/venv-{rng.randint(1, 99)}/lib/python3.{version}/site-packages/", trace
    )
    trace = _STANDARD.sub(f"/usr/local/lib/python3.{version}/", trace)

    def elsewhere(match: re.Match[str]) -> str:
        rest = match["rest"] or match["js"]
        # What installs packages keeps its own layout; only one's own checkout moves.
        if "-packages/" in rest or "/lib/python3" in rest:
            return match[0]
        if "root" in match.groupdict() and "/" in rest:
            rest = rest.split("/", 1)[1]
        return root + (rest.replace("/", "\\") if "\\" in root else rest)

    return _RELATIVE.sub(elsewhere, _PATH.sub(elsewhere, trace))


def addresses(trace: str, rng: random.Random) -> str:
    """Other memory addresses, object ids, symbol hashes and uuids."""

    def digits(match: re.Match[str]) -> str:
        return "".join(rng.choice("0123456789abcdef") if c not in "-" else c for c in match[0])

    trace = re.sub(r"(?<=\b0x)[0-9a-f]{3,}", digits, trace)
    trace = re.sub(r"(?<=::h)[0-9a-f]{16}\b", digits, trace)
    return re.sub(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", digits, trace)


def values(trace: str, rng: random.Random) -> str:
    """Other numbers, ports, pids, times and temporary files in what the error says."""

    day = rng.randint(1, 9)

    def said(line: str) -> str:
        if _FRAME.match(line):
            return line
        line = _DATE.sub(lambda found: f"2027{found[1]}0{day}{found[1]}1{day}", line)
        line = _CLOCK.sub(f"1{day}:2{day}:3{day}", line)
        line = re.sub(r"/tmp/[\w.-]+", lambda _: f"/tmp/tmp{rng.getrandbits(40):x}", line)
        return _NUMBER.sub(lambda _: str(rng.randint(1, 99_999)), line)

    return "\n".join(map(said, trace.split("\n")))


def colour(trace: str, rng: random.Random) -> str:
    """Every line in a terminal's colour."""
    return "\n".join(f"\x1b[{rng.randint(30, 37)}m{line}\x1b[0m" for line in trace.split("\n"))


def prefix(trace: str, rng: random.Random) -> str:
    """Every line with what a logger, docker compose or a CI server writes before it."""
    second = rng.randint(10, 59)
    form = rng.choice(
        (
            f"2026-03-01T12:30:{second}.{rng.randint(100, 999)}Z ",
            f"2026-03-01 12:30:{second},{rng.randint(100, 999)} ERROR [worker-{second}] ",
            f"web-{rng.randint(1, 9)}  | ",
            f"Mar  1 12:30:{second} host shop[{rng.randint(100, 9999)}]: ",
        )
    )
    return "\n".join(form + line for line in trace.split("\n"))


def endings(trace: str, _: random.Random) -> str:
    """Windows line endings."""
    return trace.replace("\n", "\r\n")


def indented(trace: str, rng: random.Random) -> str:
    """The whole trace moved to the right, as in a report or a log."""
    left = rng.choice(("  ", "    ", "\t"))
    return "\n".join(left + line for line in trace.split("\n"))


_CHAIN: Final = """\
Traceback (most recent call last):
  File "/srv/venv/lib/python3.12/site-packages/urllib3/connection.py", line 198, in _new_conn
    sock = connection.create_connection(
OSError: [Errno 101] Network is unreachable

During handling of the above exception, another exception occurred:

"""
_CAUSE: Final = """
Caused by: java.net.SocketException: Connection reset
\tat java.base/sun.nio.ch.NioSocketImpl.implRead(NioSocketImpl.java:328)
\tat java.base/java.net.Socket$SocketInputStream.read(Socket.java:966)
\t... {} more"""
_TICKS: Final = "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"


def noise(trace: str, rng: random.Random) -> str:
    """A library's exception before it, a cause below it, frames of the event loop in it."""
    if "Traceback (most recent call last)" in trace:
        return _CHAIN + trace
    if re.search(r"^\tat .+\.(?:java|kt):\d+\)$", trace, re.MULTILINE):
        trace = re.sub(r"\.\.\. \d+ more", f"... {rng.randint(3, 90)} more", trace)
        return trace.rstrip("\n") + _CAUSE.format(rng.randint(3, 90))
    if re.search(r"^    at .+:\d+:\d+\)?$", trace, re.MULTILINE):
        return re.sub(r"(?m)(^    at .+:\d+:\d+\)?$)(?!\n    at )", rf"\1\n{_TICKS}", trace)
    return trace


def recursion(trace: str, rng: random.Random) -> str:
    """One call deeper and deeper, cut short where the runtime does so."""
    times = rng.randint(2, 60)

    def deeper(match: re.Match[str]) -> str:
        said = "" if "File" not in match[0] else "  [Previous line repeated 975 more times]\n"
        return match[0] * times + said

    return re.sub(
        r"(?m)^  File \"[^\n]+, in [^\n<?]+\n(?:    [^\n]+\n)*|^\tat [^\n]+\(\w+\.\w+:\d+\)\n",
        deeper,
        trace,
        count=1,
    )


SINGLE: Final[dict[str, Mutation]] = {
    "lines and columns": lines,
    "paths": paths,
    "addresses, ids, hashes": addresses,
    "numbers in the message": values,
    "colours": colour,
    "a log's prefix": prefix,
    "Windows line endings": endings,
    "indentation": indented,
    "chained and async noise": noise,
    "a recursion's depth": recursion,
}


def several(*chosen: Mutation) -> Mutation:
    """Return the mutation that does all of them in turn."""

    def mutate(trace: str, rng: random.Random) -> str:
        for mutation in chosen:
            trace = mutation(trace, rng)
        return trace

    return mutate


WANTED: Final = "lines, paths, addresses"
ALL: Final[dict[str, Mutation]] = {
    **SINGLE,
    WANTED: several(lines, paths, addresses),
    "all of them": several(
        lines, paths, addresses, values, noise, recursion, indented, prefix, colour, endings
    ),
}
