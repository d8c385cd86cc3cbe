"""Random values in the form of secrets, built from pieces so that no scanner finds one here."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable

Value = Callable[[random.Random], str]
_ALNUM = string.ascii_letters + string.digits
_WORDS = "summer winter dragon monkey tiger orange castle silver rocket planet".split()


def chars(alphabet: str, size: int) -> Value:
    """Return a maker of random texts of one alphabet and size."""
    return lambda r: "".join(r.choice(alphabet) for _ in range(size))


def alnum(size: int) -> Value:
    """Return a maker of letters and digits."""
    return chars(_ALNUM, size)


def hexed(size: int) -> Value:
    """Return a maker of hexadecimal digits."""
    return chars("0123456789abcdef", size)


def upper(size: int) -> Value:
    """Return a maker of base32 characters."""
    return chars(string.ascii_uppercase + "234567", size)


def digits(size: int) -> Value:
    """Return a maker of decimal digits."""
    return chars(string.digits, size)


def url64(size: int) -> Value:
    """Return a maker of URL-safe base64 characters."""
    return chars(_ALNUM + "-_", size)


def base64_of(size: int) -> Value:
    """Return a maker of padded base64 of so many bytes."""
    return lambda r: base64.b64encode(r.randbytes(size)).decode()


def uuid() -> Value:
    """Return a maker of UUIDs."""
    return joined(hexed(8), "-", hexed(4), "-4", hexed(3), "-a", hexed(3), "-", hexed(12))


def joined(*parts: str | Value) -> Value:
    """Return a maker that joins literal texts and values."""
    return lambda r: "".join(part if isinstance(part, str) else part(r) for part in parts)


def password(r: random.Random) -> str:
    """Return a password as people and generators make them."""
    match r.randrange(4):
        case 0:
            return alnum(r.randrange(12, 25))(r)
        case 1:
            return r.choice(_WORDS).title() + digits(2)(r) + r.choice("!#*")
        case 2:
            return alnum(6)(r) + r.choice("!#%^*+") + alnum(6)(r)
        case _:
            return r.choice(_WORDS) + "-" + r.choice(_WORDS) + "-" + digits(2)(r)


def jwt(r: random.Random) -> str:
    """Return a JSON web token with a random signature."""
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": digits(8)(r), "iat": r.randrange(10**9)}]
    coded = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    ]
    return ".".join([*coded, url64(43)(r)])


def basic(r: random.Random) -> str:
    """Return base64 of a name and a password."""
    return base64.b64encode(f"ada:{alnum(16)(r)}".encode()).decode()


def pem(label: str, lines: int = 12) -> Value:
    """Return a maker of armoured private keys."""

    def make(r: random.Random) -> str:
        dash = "-" * 5
        body = "\n".join(base64.b64encode(r.randbytes(48)).decode() for _ in range(lines))
        name = f"{label} PRIVATE KEY".strip()
        return f"{dash}BEGIN {name}{dash}\n{body}\n{dash}END {name}{dash}"

    return make
