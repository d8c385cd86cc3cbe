"""Secrets in URLs and connection strings, and in the files and statements that name an account."""

from __future__ import annotations

import re
from typing import Final

from kagura_git.model.secrets.plausibility import is_given, is_password, is_placeholder, is_random
from kagura_git.model.secrets.scan import Shape


def _given(match: re.Match[str]) -> tuple[int, int] | None:
    value = match["secret"]
    return match.span("secret") if is_given(value) and not value.startswith("$") else None


def _generated(match: re.Match[str]) -> tuple[int, int] | None:
    return match.span("secret") if is_random(match["secret"], 16) else None


def _said(match: re.Match[str]) -> tuple[int, int] | None:
    """Return the value that prose gives for a password."""
    value = match["secret"].rstrip(".,;:!?)")
    if "link" in match.re.groupindex and not match["link"] and not match["quote"]:
        return _span_of(match, value) if is_random(value, 10) else None
    digit = any(sign.isdigit() for sign in value)
    fit = digit and is_password(value, quoted=False) and any(sign.isalpha() for sign in value)
    if not fit or is_placeholder(value):
        return None
    return _span_of(match, value)


def _span_of(match: re.Match[str], value: str) -> tuple[int, int]:
    return match.start("secret"), match.start("secret") + len(value)


SHAPES: Final = (
    # RFC 3986, section 3.2.1. A password may hold "@"; the last one before the host's end counts.
    Shape(
        "url-password",
        ("://",),
        re.compile(r"://[^\s:/@\"'<>]{0,200}:(?P<secret>[^\s/\"'<>]{2,500})@(?=[\w\[$.{-])"),
        _given,
    ),
    Shape(
        "url-password",
        ("://",),
        re.compile(
            r"://[^\s:/@\"'<>]{0,200}:(?P<secret>[^\s\"'<>@]{3,200})@(?=[\w.-]{1,200}(?::\d|/|\s|$))"
        ),
        _generated,
    ),
    # A token instead of a user's name.
    Shape(
        "url-token",
        ("://",),
        re.compile(r"://(?P<secret>[A-Za-z0-9_.~%-]{16,400}):?@"),
        _generated,
    ),
    # jdbc:oracle:thin:user/password@host
    Shape(
        "url-password",
        ("jdbc:oracle:",),
        re.compile(r"(?i:jdbc:oracle:)\w{2,6}:[\w$#.-]{1,60}/(?P<secret>[^\s@\"'/]{3,100})@"),
        _given,
    ),
    # npmrc(5); also as arguments of npm config set.
    Shape(
        "npm-token",
        (":_auth", ":_password", "_authtoken"),
        re.compile(
            r"(?i::?_(?:authToken|auth|password))[ \t]{0,5}[= \t][ \t]{0,5}[\"']?"
            r"(?P<secret>[^\s\"'$<{][^\s\"'<>]{5,500})"
        ),
        _given,
    ),
    # netrc(5)
    Shape(
        "netrc-password",
        ("login ", "login\t", "login\n"),
        re.compile(
            r"(?i:login)\s{1,20}[^\s]{1,200}\s{1,20}(?:account\s{1,9}\S{1,100}\s{1,20})?"
            r"password\s{1,20}[\"']?(?P<secret>[^\s\"']{3,200})"
        ),
        _given,
    ),
    # ~/.pgpass: host:port:database:user:password
    Shape(
        "pgpass",
        (":5432:",),
        re.compile(r":5432:[\w*.-]{1,60}:[\w*.-]{1,60}:(?P<secret>[^\s:\"']{4,200})"),
        _given,
    ),
    # CREATE USER, ALTER ROLE, SET PASSWORD in PostgreSQL, MySQL, Oracle and SQL Server.
    Shape(
        "sql-password",
        ("identified ", "password ", "password(", "password="),
        re.compile(
            r"(?i:identified[ \t]{1,4}(?:with[ \t]{1,4}\w{1,40}[ \t]{1,4})?(?:by|as)"
            r"|(?:(?<=with )|(?<=encrypted )|(?<=login )|(?<=user )|(?<== ))"
            r"password[ \t]{0,4}[=(]?)"
            r"[ \t]{0,4}'(?P<secret>[^'\s]{4,200})'"
        ),
        _given,
    ),
    # Files and commands that separate name and value by blanks: redis.conf, Dockerfile, fish, aws.
    Shape(
        "assigned-secret",
        ("requirepass ", "masterauth ", "auth "),
        re.compile(
            r"(?<![\w-])(?:requirepass|masterauth|AUTH)[ \t]{1,9}[\"']?"
            r"(?P<secret>[^\s\"'<$]{6,300})"
        ),
        _said,
    ),
    Shape(
        "assigned-secret",
        ("env ", "set ", "setx ", "setenv "),
        re.compile(
            r"(?<![\w-])(?i:env|set|setx|setenv)[ \t]{1,4}(?:-\w{1,4}[ \t]{1,4}){0,3}"
            r"[\w./:-]{0,60}?"
            r"(?i:password|passwd|secret|token|api_?key|access_key|private_key|auth)\w{0,20}"
            r"[ \t]{1,4}[\"']?(?P<secret>[^\s\"'<$=]{8,300})"
        ),
        _said,
    ),
    Shape(
        "stated-secret",
        ("password", "passphrase", "passcode", "token", "secret", "api key"),
        re.compile(
            r"(?i:password|passphrase|passcode|token|secret|api key)"
            r"(?P<link>(?:[ \t](?:is|was|are|set|now)){0,2}(?:[ \t](?:to|now|changed|still)){0,2})"
            r"[ \t]{1,2}(?P<quote>[\"'`]?)(?P<secret>[^\s\"'`<>(){}\[\]]{6,200})"
            r"(?=[\"'`\s.,;!?)]|$)"
        ),
        _said,
    ),
)
