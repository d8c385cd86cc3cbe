"""Private keys: PEM (RFC 7468), OpenPGP armour, PuTTY files, age; whole, cut at any place, escaped.

A body without its armour is known by the DER (PKCS #1, PKCS #8, SEC 1) or
OpenSSH header that its base64 begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kagura_git.model.secrets.scan import Shape, Source, Span, spans

_KIND: Final = "private-key"
# What separates lines of base64: blanks, escaped line ends, quotes of code, marks of a quotation.
_GAP: Final = r"(?:[\s\"'`,>|]|\\[nrt\"]|\\(?=\s)|\+(?=\s))"
_STAMP: Final = r"(?:\d[\d:.,TZ+-]{4,30}[ \t]{1,3})?(?:[\w.-]{1,30}[ \t]{0,9}[|:][ \t]{1,3})?"
_HEADER: Final = r"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): [^\n\\]{0,200}"
_BODY: Final = (
    rf"(?:{_GAP}++{_STAMP}{_HEADER}|{_GAP}*+(?:(?<=\n){_STAMP})?[A-Za-z0-9+/]{{16,}}+={{0,2}})*+"
    rf"(?:{_GAP}++(?:(?<=\n){_STAMP})?(?:[A-Za-z0-9+/]{{1,63}}+={{1,2}}"
    rf"|[A-Za-z0-9+/]{{2,63}}+(?={_GAP}*+(?:-----|\[\.\.\.|\Z))))?+"
)
_END: Final = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"

_SHAPES: Final = (
    # Complete, or cut: then the lines of the armour that are left go as well.
    Shape(
        _KIND,
        ("-----BEGIN ",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            rf"(?:[^-]{{0,20000}}+(?:-(?!----)[^-]{{0,20000}}+){{0,400}}+{_END}|{_BODY})"
        ),
    ),
    # The first line itself is cut.
    Shape(
        _KIND,
        ("PRIVATE KEY", "RIVATE KEY", "IVATE KEY", "VATE KEY", "ATE KEY", "TE KEY", "E KEY",
         " KEY--", "KEY--", "EY--", "Y-----"),
        re.compile(rf"(?:(?<![A-Za-z ])|(?=PRIVATE ))[A-Z ]{{1,11}}(?: BLOCK)?-----"
                   rf"(?P<secret>{_GAP}++"
                   rf"[A-Za-z0-9+/]{{40,}}+={{0,2}}{_BODY})"),
    ),
    # PuTTY's own format (https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html).
    Shape(
        _KIND,
        ("Private-Lines: ",),
        re.compile(r"Private-Lines: \d{1,4}"
                   r"(?P<secret>(?:(?:\s|\\[nr])++[A-Za-z0-9+/]{4,}+={0,2})++)"),
    ),
    # OpenSSH's magic "openssh-key-v1", then DER: sequence, version 0 or 1, what PKCS #1, PKCS #8
    # (RSA, EC, Ed25519) and SEC 1 put next.
    Shape(_KIND, ("b3BlbnNzaC1rZXktdjE",), re.compile(rf"[A-Za-z0-9+/]{{19,}}+={{0,2}}{_BODY}")),
    Shape(
        _KIND,
        ("MII", "MIG", "MHc", "MC4CAQ", "MIH", "MIJ"),
        re.compile(
            r"(?<![A-Za-z0-9+/])(?:MI[A-Za-z0-9+/]{4,5}I(?:BAAK|BADA)|MI[GH][A-Za-z0-9+/]{1,3}AgE"
            r"|MHcCAQEE|MC4CAQAwBQYDK2Vw)"
            rf"[A-Za-z0-9+/]{{16,}}+={{0,2}}{_BODY}"
        ),
    ),
    # base64 of an armoured key, as in a Kubernetes secret: "-----BEGIN " and a key's label.
    Shape(
        _KIND,
        ("LS0tLS1CRUdJTi",),
        re.compile(
            r"LS0tLS1CRUdJTi(?:BSU0EgUF|BQUklW|BFQyBQ|BPUEVOU1NI|BFTkNSWV|BEU0EgUF|BQR1AgUF)"
            r"[A-Za-z0-9+/]{4,}+={0,2}"
        ),
    ),
    # https://age-encryption.org/v1
    Shape("age-key", ("AGE-SECRET-KEY-1",), re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]{20,100}")),
)  # fmt: skip
_LAST_LINE: Final = re.compile(
    r"-----END (?:[A-Z0-9 ]{0,40}PRIVATE KEY"
    r"|(?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP) ?)?P?R?I?V?A?T?E? ?K?E?Y?\Z)|-----(?:E(?:ND?)?)?\Z"
)
_LINE_END: Final = re.compile(r"\r?\n|(?:\\r)?\\n")
_RUN: Final = re.compile(r"[A-Za-z0-9+/]{4,}={0,2}")
_LONGEST: Final = 20_000
_FULL_LINE: Final = 40
_LAST_LINES: Final = 3
# What may stand beside a line's base64: the time and name that a log puts before it, quotes.
_MOST_BESIDE: Final = 45
_MOST_NOISE: Final = 6


def private_keys(source: Source) -> Iterator[Span]:
    """Yield the private keys of a text."""
    yield from spans(source, _SHAPES)
    yield from _without_begin(source.text)


def _without_begin(text: str) -> Iterator[Span]:
    """Yield the lines of base64 above a last line whose first line is cut off."""
    floor = 0
    place = text.find("-----")
    while place >= 0:
        match = _LAST_LINE.match(text, place)
        if match:
            start = _body_start(text, max(floor, place - _LONGEST), place)
            if start is not None:
                yield Span(start, _armour_end(text, match.end()), _KIND)
            floor = match.end()
        place = text.find("-----", place + 5)


def _armour_end(text: str, end: int) -> int:
    for tail in (" BLOCK-----", "-----"):
        if text.startswith(tail, end):
            return end + len(tail)
    return end


def _body_start(text: str, floor: int, end: int) -> int | None:
    """Return where the lines of base64 begin that end at a place, or None without any."""
    first = None
    for number, (start, line) in enumerate(reversed(_lines(text, floor, end))):
        run = max(_RUN.finditer(line), key=_length, default=None)
        beside = len(line) - (_length(run) if run else 0)
        if run is None and beside <= _MOST_NOISE:
            continue
        if "-----" in line:
            break
        full = run is not None and _length(run) >= _FULL_LINE
        # Before the armour stand its own prefix and the last line, which is a short one.
        if beside > _MOST_BESIDE and not (full and number < _LAST_LINES):
            break
        if not full and number >= _LAST_LINES:
            break
        if run and (full or first is not None or _length(run) == len(line.strip())):
            first = start + run.start()
    return first


def _length(run: re.Match[str]) -> int:
    return run.end() - run.start()


def _lines(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """Return the lines between two places with their starts; a line end may be escaped."""
    found = []
    for separator in _LINE_END.finditer(text, start, end):
        found.append((start, text[start : separator.start()]))
        start = separator.end()
    return [*found, (start, text[start:end])]
