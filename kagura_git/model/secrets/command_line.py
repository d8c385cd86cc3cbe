"""Secrets on command lines: long options, and the short ones of the programs that take them."""

from __future__ import annotations

import re
from typing import Final

from kagura_git.model.secrets.plausibility import is_given, is_placeholder
from kagura_git.model.secrets.scan import Shape

_KIND: Final = "command-line-secret"
_QUOTE: Final = r"\\{0,3}[\"']"
# A value in quotes, or up to a blank or what closes a list of arguments.
_VALUE: Final = (
    rf"(?:(?P<quote>{_QUOTE})(?P<secret>(?:(?!(?P=quote))[^\n]){{1,400}}+)(?P=quote)"
    r"|(?P<bare>[^\s\"'`|;<>()]{1,500}+))"
)
# Between an option and its value: a blank, or the next item of a list.
_NEXT: Final = r"(?:[ \t]{1,8}|[\"'],?[ \t]{0,4}[\"'])"
_GAP: Final = r"[^\n|;&]{0,200}?"
_ABOUT: Final = (
    r"(?!-?(?:stdin|file|path|env|fd|ref|id|name|type|url|ttl|length|policy|command|prompt|from|"
    r"only|arn|min|max|hash|manager|store|provider|expir\w*)\b)"
)
_TRAILING: Final = ",]})`"


def _value(match: re.Match[str]) -> tuple[int, int]:
    if match["bare"] is None:
        return match.span("secret")
    start = match.start("bare")
    text = match["bare"]
    while text and text[-1] in _TRAILING:
        text = text[:-1]
    return start, start + len(text)


def _given(match: re.Match[str]) -> tuple[int, int] | None:
    start, end = _value(match)
    value = match.string[start:end]
    return (start, end) if is_given(value) and not _is_other(value) else None


def _spaced(match: re.Match[str]) -> tuple[int, int] | None:
    """Return the value behind an option and a blank, which may also be a word of its help."""
    start, end = _value(match)
    value = match.string[start:end]
    if not is_given(value) or _is_other(value):
        return None
    listed = match["next"].strip() != ""
    if not listed and match["bare"] is not None and re.fullmatch(r"[a-z]+|[A-Z_]+|[a-z]+,", value):
        return None
    return start, end


def _is_other(value: str) -> bool:
    """Tell whether a value is an option, a mount of a build or a file instead of a secret."""
    return value.startswith(("-", "id=", "/", "./", "@", "file:", "env:", "$", "%")) and not (
        value.startswith("/") and any(sign.isupper() for sign in value)
    )


def _with_user(match: re.Match[str]) -> tuple[int, int] | None:
    start, end = match.span("secret")
    value = match["secret"]
    if is_placeholder(value) or value.startswith("$"):
        return None
    return start, end


def _option(words: str, *, blank: bool) -> re.Pattern[str]:
    between = rf"(?P<next>{_NEXT})" if blank else "(?P<next>=)"
    return re.compile(rf"(?i:--?(?:[a-z]{{1,20}}[-._])*(?:{words})){_ABOUT}{between}{_VALUE}")


_WORDS: Final = (
    "password|passwd|pass|passphrase|passcode|pwd|secret|token|api[-_]?key|apikey|access[-_]?key|"
    "secret[-_]?key|secret[-_]?access[-_]?key|private[-_]?key|auth[-_]?key|account[-_]?key|"
    "client[-_]?secret|credentials?|storepass|keypass|license[-_]?key|encryption[-_]?key"
)
_ASSIGNED: Final = re.compile(
    rf"(?<![\w])(?i:--?(?:[a-z0-9]{{1,20}}[-._]){{0,5}}(?:{_WORDS})){_ABOUT}(?P<next>=){_VALUE}"
)
_FOLLOWING: Final = re.compile(
    rf"(?<![\w])(?i:--?(?:[a-z0-9]{{1,20}}[-._]){{0,5}}(?:{_WORDS})){_ABOUT}(?P<next>{_NEXT}){_VALUE}"
)


def _tool(names: str, flag: str) -> Shape:
    """Return the shape of a program's option; names and flag are patterns."""
    words = tuple(names.split("|"))
    return Shape(
        _KIND,
        words,
        re.compile(rf"(?<![\w.-])(?:{names})\b(?P<next>{_GAP}[ \t\"',]{{1,4}}{flag}){_VALUE}"),
        _given,
    )


_BLANK: Final = r"(?:[ \t]{1,8}|[\"'],?[ \t]{0,4})"

SHAPES: Final = (
    Shape(_KIND, ("--", "-s", "-p", "-t", "-k", "-a", "-c"), _ASSIGNED, _given),
    Shape(_KIND, ("--", "-s", "-p", "-t", "-k", "-a", "-c"), _FOLLOWING, _spaced),
    # The client programs of MySQL and MariaDB take the password without a blank.
    _tool("mysql|mysqldump|mysqladmin|mysqlimport|mysqlshow|mysqlcheck|mariadb|mariadb-dump|"
          "mariadb-admin|xtrabackup", r"-p(?=[^\s])"),
    _tool("sshpass", rf"-p{_BLANK}?"),
    _tool("docker login|podman login|helm registry login|buildah login|skopeo login|oras login|"
          "crane auth login|nerdctl login|az login|az acr login|oc login|cf login|mongosh|mongo|"
          "mongodump|mongorestore|twine|rabbitmqadmin|mosquitto_sub|vault login|influx|clickhouse|"
          "cqlsh|nmcli|artifactory|jf", rf"-p{_BLANK}"),
    _tool("redis-cli|valkey-cli", rf"-a{_BLANK}"),
    _tool("ldapsearch|ldapadd|ldapmodify|ldapdelete|ldapwhoami|ldappasswd", rf"-w{_BLANK}"),
    _tool("sqlcmd|bcp|osql|zip|unzip|mosquitto_pub|ipmitool|db2", rf"-P{_BLANK}"),
    _tool("smbclient|rpcclient|net|smbmap", rf"-U{_BLANK}[\"']?[\w.\\-]{{1,60}}%"),
    _tool("openssl|keytool", r"-pass(?:in|out)?[ \t]{1,4}pass:"),
    _tool("7z|7za|rar", r"-p(?=\S)"),
    _tool("rabbitmqctl add_user|rabbitmqctl change_password|htpasswd -b|htpasswd -cb|htpasswd -bc",
          r"[\w.@/-]{1,80}[ \t]{1,4}(?:[\w.@-]{1,60}[ \t]{1,4})?"),
    # curl(1): -u user:password, --user, --proxy-user; also within a group of short options.
    Shape(
        _KIND,
        ("curl", "http -a", "https -a", "wget", "xh -a", "http --auth"),
        re.compile(
            rf"(?<![\w.-])(?:curl|https?|xh|wget){_GAP}"
            rf"[ \t\"',](?:-[a-zA-Z]{{0,10}}[uUa]|--(?:proxy-|ftp-)?user|--auth){_NEXT}?=?"
            r"[\"']?[^\s:\"'<>$|/]{0,100}:(?P<secret>[^\s\"'<>]{3,300})"
        ),
        _with_user,
    ),
)  # fmt: skip
