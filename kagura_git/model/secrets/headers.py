"""Secrets in HTTP headers: Authorization, cookies, and the key headers of services."""

from __future__ import annotations

import re
from typing import Final

from kagura_git.model.secrets.plausibility import is_placeholder, is_random, is_token
from kagura_git.model.secrets.scan import Shape

_SEPARATOR: Final = r"\\{0,3}[\"']?\]?[ \t]{0,4}(?:[:=,]|=>)[ \t]{0,4}\\{0,3}[\"']?"


def _credential(match: re.Match[str]) -> tuple[int, int] | None:
    value = match["secret"].rstrip(".,;:")
    start = match.start("secret")
    plain = is_placeholder(value) or not any(sign.isdigit() for sign in value)
    if plain and not is_random(value, 16):
        return None
    return start, start + len(value)


def _cookies(match: re.Match[str]) -> tuple[int, int] | None:
    """Return all values of a cookie header from the first that looks secret."""
    pairs = re.compile(r"(?P<name>[\w.%$-]{1,80})=(?P<value>[^;\s\"']{6,4000})")
    start, end = match.span("cookies")
    secret = [
        pair.span("value") for pair in pairs.finditer(match.string, start, end) if _is_session(pair)
    ]
    return (secret[0][0], secret[-1][1]) if secret else None


def _is_session(pair: re.Match[str]) -> bool:
    value = pair["value"]
    if is_placeholder(value):
        return False
    named = re.search(r"(?i)sess|sid\b|auth|token|jwt|csrf|xsrf|remember|login", pair["name"])
    return is_random(value, 8 if named else 16) or (named is not None and is_token(value, True))


SHAPES: Final = (
    # RFC 9110, section 11.4: a scheme and its credentials, or only these.
    Shape(
        "bearer-token",
        ("authorization",),
        re.compile(
            rf"(?i:authorization){_SEPARATOR}(?!(?i:basic|digest|negotiate)\b)"
            r"(?i:(?:bearer|token|apikey|api-key|key|oauth|jwt|splunk|genie[kK]ey|bot|dpop|pve\w+)"
            r"[ \t:=]{1,4})?[\"']?(?P<secret>[A-Za-z0-9._~+/=:%-]{8,4000})"
        ),
        _credential,
    ),
    # A token holds a digit; "bearer authentication-scheme" does not.
    Shape(
        "bearer-token",
        ("bearer ",),
        re.compile(r"(?i:bearer)[ \t]{1,20}[\"']?(?P<secret>[A-Za-z0-9._~+/-]{16,4000}+=*)"),
        _credential,
    ),
    # RFC 7617: base64 of user:password, not the next word of "basic authentication".
    Shape(
        "basic-auth",
        ("basic ",),
        re.compile(
            r"(?i:basic)[ \t]{1,20}(?=[A-Z0-9+/=]{0,200}[a-z])(?=[a-z0-9+/=]{0,200}[A-Z])"
            r"(?=[A-Za-z+/]{0,200}[0-9=])(?P<secret>[A-Za-z0-9+/]{12,1000}+={0,2})(?=[\s\"',;\\]|$)"
        ),
    ),
    # RFC 7616
    Shape(
        "digest-auth",
        ("response=",),
        re.compile(r"(?<!\w)response=[\"']?(?P<secret>[a-f0-9]{32})(?![a-f0-9])"),
    ),
    Shape(
        "key-header",
        (
            "x-",
            "private-token",
            "job-token",
            "ocp-apim-",
            "dd-a",
            "api-key",
            "apikey",
            "circle-token",
        ),
        re.compile(
            r"(?<![\w-])(?i:(?:x-[a-z0-9-]{0,40}?|private-|job-|ocp-apim-subscription-|circle-|"
            r"dd-(?:api|application)-|api-?)(?:token|key|secret|auth|password|credential|signature))"
            rf"{_SEPARATOR}(?P<secret>[^\s\"'<>,;]{{8,4000}})"
        ),
        _credential,
    ),
    # RFC 6265
    Shape(
        "cookie",
        ("cookie",),
        re.compile(rf"(?i:(?:set-)?cookie){_SEPARATOR}(?P<cookies>[^\n\"']{{4,8000}})"),
        _cookies,
    ),
    Shape(
        "cookie",
        ("curl ",),
        re.compile(r"curl [^\n|;]{0,200}?(?:-b|--cookie)[ =][\"']?(?P<cookies>[^\n\"']{4,8000})"),
        _cookies,
    ),
)
