"""Judge whether the value beside a name such as ``password`` is a secret or a word of code."""

from __future__ import annotations

import re
from typing import Final

_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_PLACEHOLDER: Final = re.compile(
    r"(?i)(?:<.*|\[.*|\{.*|\$[\w({].*|\$$|%[\w(].*%?|#\{.*|@[\w{(].*|&\w+;?.*|\*+\S?|\.{2,}.*"
    r"|[x*.\-_?#]{3,}.*|.*\*{3,}.*|.*\.{3}|x+|0+|none|null|nil|undefined|true|false|yes|no|empty|unset"
    r"|(?:my|your|the|an?|some|new|old|this|enter|insert|add|put|set|replace|change|fill)[-_ ]?"
    r"(?:own|me|this|it|here|in|[a-z_-]*(?:pass|key|token|secret|value|credential)[a-z_-]*)"
    r"|change_?me\w*|todo|tbd|fixme|redacted|masked|hidden|filtered|removed|omitted|secret|scrubbed"
    r"|example|placeholder|dummy|sample|string|str|bytes|text|value|int|number|boolean|any|object"
    r"|optional|required|default|invalid|missing|expired|unknown|not_?set|n/a"
    r"|(?:user_?|db_?)?pass(?:word|wd)?|pwd?|pw|token|key|api[-_]?key|access[-_]?token"
    r"|[a-z-]*(?:placeholder|example|your)[a-z-]*)"
)
_PATH: Final = re.compile(
    r"(?:~|\.{1,2}|[A-Za-z]:)?[\\/](?:[\w.@-]++[\\/]?+)*+|[\w.-]++(?:/[\w.-]++){2,}+"
)
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+")
_CODE: Final = re.compile(
    r"[({\[]|=>|==(?=.)|\|\||&&|\?\?|::|^(?:not|new|await|lambda|self|this|b['\"])\b"
)
_HEX: Final = re.compile(r"(?:0x)?[0-9a-fA-F]+")
_DATE: Final = re.compile(
    r"\d{4}-\d\d(?:-\d\d\S*)?|\d+(?:\.\d+)*(?:ms|s|m|h|d|days?|min\w*|kb|mb|%)?"
)
_SPECIAL: Final = re.compile(r"[A-Za-z0-9][!@#%^&*+~=|;,/?-]+[A-Za-z0-9]")
_TRAILING: Final = "?!.:,;…"
_LONGEST: Final = 400
_LONGEST_PLACEHOLDER: Final = 120
# A word of a programming language has humps of several letters; random characters have not.
# Of 24 random letters and digits .62 ± .10 differ in class from the one before; of names a third.
_HUMP: Final = 2.6
_CHANGES: Final = 0.43
_CONSONANTS: Final = re.compile(r"(?i)[bcdfghjklmnpqrstvwxz]{5}")
_CHANGE: Final = re.compile(r"(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[a-z0-9]|(?<=[0-9])[A-Za-z]")


def is_placeholder(value: str) -> bool:
    """Tell whether a value stands for a secret that is somewhere else."""
    return (
        len(set(value)) == 1
        or (len(value) <= _LONGEST_PLACEHOLDER and _PLACEHOLDER.fullmatch(value) is not None)
        or value.startswith(("[redacted:", "process.env", "os.environ", "os.getenv", "ENV["))
    )


def is_random(value: str, least: int = 12) -> bool:
    """Tell whether a value looks generated: no words of a language, constants or paths in it."""
    head = value[:_LONGEST]
    if len(value) < least or not head.isascii():
        return False
    if _HEX.fullmatch(head):
        return len(set(head)) >= 6 and any(sign.isdigit() for sign in head)
    letters = [part for part in _PARTS.findall(head) if part[0].isalpha()]
    number_of_digits = sum(sign.isdigit() for sign in head)
    if not letters:
        return False
    if head.isalnum() and head.isupper() and number_of_digits >= 2 and len(head) >= 16:
        return True  # base32
    average = sum(map(len, letters)) / len(letters)
    mixed = average < _HUMP or _changes(head) >= _CHANGES or _is_unspeakable(head)
    return mixed and (number_of_digits > 0 or (len(head) >= 14 and len(letters) >= 5))


def _is_unspeakable(value: str) -> bool:
    """Tell whether a long value without separators has five consonants in a row."""
    return (
        len(value) >= 20
        and value.isalnum()
        and not value.isupper()
        and not value.islower()
        and _CONSONANTS.search(value) is not None
    )


def _changes(value: str) -> float:
    """Return how often the class of characters changes, per pair of neighbours."""
    return len(_CHANGE.findall(value)) / max(1, len(value) - 1)


def is_password(value: str, quoted: bool) -> bool:
    """Tell whether the value of a field named password may be one.

    Letters alone may be a translation, a type or a variable; a digit among
    letters or a sign between them is what passwords have.
    """
    value = value.rstrip(_TRAILING)
    if len(value) < 5 or _is_expression(value, quoted):
        return False
    if not value.isascii():
        return any(sign.isdigit() for sign in value) and len(value) >= 8
    has_letter = any(sign.isalpha() for sign in value)
    has_digit = any(sign.isdigit() for sign in value)
    if not has_letter:
        return has_digit and len(value) >= 6 and (quoted or _DATE.fullmatch(value) is None)
    if re.search(r"(?i)passw|secret|token|_?key\b", value) and not is_random(value):
        return has_digit and _SPECIAL.search(value) is not None and "_" not in value
    if has_digit:
        return quoted or not re.fullmatch(r"[a-z]+_\w*|[a-z]{1,4}\d", value)
    if is_random(value):
        return True
    plain = re.sub(r"[-/,;|=?]", "", value)
    return _SPECIAL.search(plain) is not None


def is_token(value: str, quoted: bool) -> bool:
    """Tell whether the value of a field named token, secret or key may be one."""
    value = value.rstrip(_TRAILING)
    if len(value) < 8 or _is_expression(value, quoted):
        return False
    if is_random(value):
        return True
    has_digit = any(sign.isdigit() for sign in value)
    return has_digit and _SPECIAL.search(value) is not None and not _is_wordlike(value)


def is_given(value: str) -> bool:
    """Tell whether a value that stands in a password's own place is one, however weak."""
    return len(value) >= 3 and not is_placeholder(value)


def _is_expression(value: str, quoted: bool) -> bool:
    head = value[:_LONGEST]
    if is_placeholder(head) or (_PATH.fullmatch(head) and not is_random(head, 20)):
        return True
    if "://" in head or head.startswith(("sha256:", "sha1:", "arn:", "data:")):
        return True
    if quoted:
        return False
    return _CODE.search(head) is not None or (
        _DOTTED.fullmatch(head) is not None and not is_random(head, 20)
    )


def _is_wordlike(value: str) -> bool:
    """Tell whether a value consists of words and short numbers, as names and versions do."""
    return all(
        len(part) >= 3 if part[0].isalpha() else len(part) <= 4
        for part in _PARTS.findall(value[:_LONGEST])
    )
