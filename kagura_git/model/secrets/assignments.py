"""Values assigned to names such as ``password``, ``api_key`` or ``AUTH_TOKEN``, in any notation.

Environment files, YAML, JSON (also escaped), TOML, INI, XML, shells, the
dumps of Python, Go, Java, Rust and Ruby, connection strings of libpq, JDBC and
ADO.NET, and the parameters of URLs.
"""

from __future__ import annotations

import re
from typing import Final

from kagura_git.model.secrets.plausibility import (
    is_given,
    is_password,
    is_placeholder,
    is_random,
    is_token,
)
from kagura_git.model.secrets.scan import Shape

_KIND: Final = "assigned-secret"
_QUOTE: Final = r"\\{0,3}[\"'`]"
_EMPTY: Final = r"[ \t]{0,20}"
# Between a name and its value: = : := => -> and tags, attributes, columns, option types.
_BETWEEN: Final = (
    rf"(?P<between>(?:{_QUOTE})?\]?(?:"
    rf"{_EMPTY}(?::=|=>|->|==?|:)(?!:){_EMPTY}(?:[|>][+-]?[ \t]{{0,9}}\r?\n[ \t]{{0,40}})?"
    rf"|[ \t]{{0,3}}>(?=[^<>\s])|{_QUOTE}[ \t]{{1,3}}value{_EMPTY}={_EMPTY}|\t{{1,4}}"
    rf"|\*\*:? {{0,3}})(?:Some\(|b(?=[\"']))?)"
)
_VALUE: Final = (
    rf"(?:(?P<quote>{_QUOTE})(?P<quoted>(?:(?!(?P=quote))[^\n]){{1,600}}+)(?P<close>(?P=quote)?)"
    r"|(?P<bare>[^\s\"'`]{3,2000}+))"
)
# What follows the name's keyword: the rest of the name, which may make it something else.
_REST: Final = r"(?P<rest>[\w.-]{0,40}?)"
_PASSWORD: Final = (
    "password", "passwd", "passphrase", "passcode", "pwd", "_pass", "-pass", ".pass",
    "userpass", "pgpass", "dbpass", "pass\":", "pass':", "pass=", "pass:", "pw:", "pw=",
    "masterauth", "requirepass",
)  # fmt: skip
_TOKEN: Final = (
    "secret", "token", "api_key", "api-key", "apikey", "api.key", "api key",
    "access_key", "access-key", "accesskey", "access.key",
    "private_key", "private-key", "privatekey",
    "auth_key", "auth-key", "authkey", "account_key", "accountkey", "account-key",
    "encryption_key", "encryption-key", "encryptionkey", "signing_key", "signing-key",
    "signingkey", "master_key", "master-key", "masterkey", "storage_key", "storagekey",
    "license_key", "licensekey", "deploy_key", "service_key", "servicekey", "admin_key",
    "function_key", "functions-key", "subscription-key", "subscription_key", "shared_key",
    "sharedaccesskey", "session_key", "sessionkey", "hmac_key", "jwt_key", "app_key",
    "app-key", "appkey", "application_key", "client_key", "consumer_key", "write_key",
    "credentials", "credential", "auth\":", "auth':", "_auth=", "auth_sign", "signature=", "sig=",
    "?key=",
    "&key=", "&code=", "?code=",
)  # fmt: skip
# Endings of names that hold something about a secret.
_ABOUT: Final = re.compile(
    r"(?i)(?:.*[_.\-])?(?:min|max|len|length|limits?|ttl|types?|names?|refs?|files?|filename|path|"
    r"paths|dir|uri|urls?|endpoint|ids?|fields?|label|hint|policy|counts?|expiry|expires?|expires_?"
    r"(?:in|at)|expiration|age|size|headers?|prefix|suffix|params?|parameter|regex|pattern|format|"
    r"alg|algorithm|hasher|class|errors?|invalid|reset|required|enabled|disabled|rotation|manager|"
    r"provider|store|arn|version|status|state|valid|validators?|validation|input|placeholder|"
    r"changed|date|at|index|scopes?|issuer|audience|usage|used|budget|cost|in|out|per|text|title|"
    r"message|description|help|stdin|env|var|variable|key_?ref|source|column|s|es|iz\w*|able|ed|"
    r"less|strength|score|level|mode|method|timeout|interval|position|offset|span|kind|set|map|list|"
    r"cookie_?name|cache|service|server|host|port|user|username|owner|group|support|check|forgot)"
    r"(?:\d{0,2})"
)
_ABOUT_CAMEL: Final = re.compile(
    r".*(?:Min|Max|Length|Limit|TTL|Type|Name|Ref|File|Path|Url|URL|Uri|URI|Endpoint|Id|ID|Field|"
    r"Label|Hint|Policy|Count|Expiry|Expires|ExpiresIn|Expiration|Age|Size|Header|Prefix|Param|"
    r"Pattern|Format|Algorithm|Error|Invalid|Reset|Required|Enabled|Rotation|Manager|Provider|"
    r"Store|Version|Status|State|Input|Placeholder|Index|Scope|Usage|Text|Title|Message|Class|"
    r"Source|Service|Server|Mode|Method|Timeout|Position|Kind|List|Map|Set)\d{0,2}"
)
# Beginnings of names of tokens that open nothing: of pages, parsers and models.
_HARMLESS_BEFORE: Final = re.compile(
    r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))"
    r"(?i:next|previous|prev|page|paging|continu\w*|pagination|pad|eos|bos|unk|sep|cls|mask|stop|"
    r"special|sync|resume|max|min|num|prompt|completion|total|cached|cancel\w*|public|unexpected|"
    r"idempotency|per|old|lookahead|string|name|lex\w*|forgot)[\s_.-]{0,2}\Z"
)
_BREAK: Final = re.compile(r"[,;&)}\]|<>]|\\[nrt\"']|[\"'`]")
_LINE_START: Final = re.compile(
    r"(?:^|\n)[ \t>+-]{0,20}(?:export |set |setx |ENV |declare -x |- )?[ \t]{0,3}[\w.-]{0,80}\Z"
)
_CONNECTION: Final = re.compile(
    r"(?i)\b(?:server|data source|host(?:name)?|dbname|user ?(?:id|name)?|uid|port|database|"
    r"initial catalog|endpoint|accountname|databasename|sharedaccesskeyname)=[^\s=]"
)
_NEAR: Final = 200
_ENVIRONMENT: Final = re.compile(r"[A-Z][A-Z0-9_]{3,}")


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _NEAR) : match.start()]


def _value(match: re.Match[str]) -> tuple[int, int, bool]:
    """Return the span of the value, and whether it is quoted."""
    if match["quote"] is not None:
        start, end = match.span("quoted")
        if match["close"]:
            return start, end, True
        blank = re.search(r"\s", match["quoted"])  # the text is cut before the closing quote
        return start, start + blank.start() if blank else end, True
    start, end = match.span("bare")
    text = match["bare"]
    if _environment_line(match):
        return start, end, False
    stop = _BREAK.search(text)
    return start, start + stop.start() if stop else end, False


def _environment_line(match: re.Match[str]) -> bool:
    """Tell whether the assignment is a line of its own, whose value ends with the line."""
    if match["between"].strip() not in ("=", ":"):
        return False
    after = match.string[match.end() : match.end() + 1]
    return after in ("", "\n", "\r") and _LINE_START.search(_before(match)) is not None


def _called(match: re.Match[str], end: int) -> bool:
    """Tell whether a bare value goes on as a call, a subscript or a generic type."""
    follows = match.string[end : end + 1]
    return follows in {"(", "[", "{"} or (follows == "<" and not match["between"].endswith(">"))


def _is_about(match: re.Match[str]) -> bool:
    rest = match["rest"]
    before = _before(match)
    if _HARMLESS_BEFORE.search(before[-24:]):
        return True
    return bool(rest) and bool(_ABOUT.fullmatch(rest) or _ABOUT_CAMEL.fullmatch(rest))


def _in_resource_name(match: re.Match[str]) -> bool:
    """Tell whether the keyword is a part of a resource's name, as in Amazon's ``:secret:name``."""
    return (
        match["between"] == ":" and match.string[max(0, match.start() - 1) : match.start()] == ":"
    )


def _resume(match: re.Match[str]) -> int:
    """Return where the next assignment may begin: behind this value or its first part."""
    start, end = match.span("bare") if match["quote"] is None else match.span("quoted")
    stop = _BREAK.search(match.string, start, end)
    return stop.start() if stop else match.end()


def _connection_string(match: re.Match[str], end: int) -> bool:
    if match["between"].strip() != "=":
        return False
    after = match.string[end : end + _NEAR].partition("\n")[0]
    before = _before(match).rpartition("\n")[2]
    return _CONNECTION.search(before) is not None or _CONNECTION.search(after) is not None


def _looks_secret(match: re.Match[str], value: str, quoted: bool) -> bool:
    return (is_token if _is_token_name(match) else is_password)(value, quoted)


def _is_token_name(match: re.Match[str]) -> bool:
    return "token" in match.re.groupindex


def _checked(match: re.Match[str]) -> tuple[int, int] | None:
    start, end, quoted = _value(match)
    value = match.string[start:end]
    if _is_about(match) or _in_resource_name(match):
        return None
    if match["between"].startswith("\t") and not is_random(value):
        return None
    if not quoted and _called(match, end) and not _environment_line(match):
        return None
    if any(sign.isspace() for sign in value):
        return None
    if _looks_secret(match, value, quoted):
        return start, end
    if not _is_token_name(match) and _connection_string(match, end) and is_given(value):
        return (start, end) if re.fullmatch(r"[^\s(){}$<>.]+", value) else None
    return None


def _base64_40(match: re.Match[str]) -> tuple[int, int] | None:
    return None if is_placeholder(match["secret"]) else match.span("secret")


def _pattern(group: str, keywords: tuple[str, ...]) -> re.Pattern[str]:
    """Return the pattern of an assignment; a keyword that ends in a separator brings its own."""
    plain = "|".join(re.escape(word) for word in keywords if word[-1].isalnum())
    return re.compile(rf"(?i:(?P<{group}>{plain})){_REST}{_BETWEEN}{_VALUE}")


def _own_separator(group: str, keywords: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(word) for word in keywords if not word[-1].isalnum())
    return re.compile(
        rf"(?:(?<![A-Za-z])|(?=[^A-Za-z]))(?i:(?P<{group}>{words}))(?P<rest>)(?P<between>{_EMPTY}){_VALUE}"
    )


def _shapes(group: str, keywords: tuple[str, ...]) -> tuple[Shape, ...]:
    plain = tuple(word for word in keywords if word[-1].isalnum())
    closed = tuple(word for word in keywords if not word[-1].isalnum())
    return (
        Shape(_KIND, plain, _pattern(group, keywords), _checked, resume=_resume),
        Shape(_KIND, closed, _own_separator(group, keywords), _checked, resume=_resume),
    )


SHAPES: Final = (
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html: 40 of base64
    Shape(
        "aws-secret-key",
        ("secret_access_key", "secretaccesskey", "secret-access-key", "aws_secret_key"),
        re.compile(
            rf"(?i:[a-z_-]{{14,20}})[\"'\\\]]{{0,4}}{_EMPTY}[:=>]{{0,2}}{_EMPTY}(?:value=)?[\"'\\]{{0,4}}"
            r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"
        ),
        _base64_40,
    ),
    *_shapes("password", _PASSWORD),
    *_shapes("token", _TOKEN),
)
