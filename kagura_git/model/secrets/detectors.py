"""Secrets that the detectors of detect-secrets find, on the lines that hold their keywords.

Only its regular-expression plugins: its entropy plugins take the hashes in a
stack trace for secrets, its keyword plugin the words of code. What shapes of
our own cover, with the place of the match, is left out.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from kagura_git.model.secrets.scan import Source, Span

# Module of the plugin, and what a line must hold (in lower case) for the plugin to find anything.
_PLUGINS: Final[dict[str, tuple[str, ...]]] = {
    "artifactory": ("akc", "ap"),
    "aws": ("akia", "asia", "abia", "acca", "aws"),
    "azure_storage_key": ("accountkey",),
    "cloudant": ("cloudant",),
    "discord": (".",),
    "ibm_cloud_iam": ("ibm", "iam", "cloud_iam", "bx", "watson"),
    "ibm_cos_hmac": ("cos", "ibm", "hmac"),
    "mailchimp": ("-us",),
    "pypi_token": ("pypi-",),
    "slack": ("xox", "hooks.slack"),
    "softlayer": ("softlayer", "sl_", "sl-"),
    "square_oauth": ("sq0",),
    "stripe": ("_live_",),
    "telegram_token": (":",),
    "twilio": ("ac", "sk"),
}
# What the commonest letters among these keywords stand for, so that few lines reach a plugin.
_NARROW: Final = {
    "artifactory": re.compile(r"AKC[A-Za-z0-9]{10}|AP[\dABCDEF][a-zA-Z0-9]{8}"),
    "discord": re.compile(r"[MNO][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{27}"),
    "telegram_token": re.compile(r"\d{8,10}:[0-9A-Za-z_-]{35}"),
    "twilio": re.compile(r"(?:AC|SK)[a-z0-9]{32}"),
    "ibm_cloud_iam": re.compile(r"[A-Za-z0-9_-]{44}"),
    "ibm_cos_hmac": re.compile(r"[A-Fa-f0-9]{48}"),
    "cloudant": re.compile(r"[0-9a-f]{64}|[a-z]{24}"),
    "softlayer": re.compile(r"[A-Za-z0-9]{64}"),
    "aws": re.compile(r"[A-Za-z0-9/+=]{40}|(?:AKIA|ASIA|ABIA|ACCA)"),
}
_SHORTEST: Final = 6
_PIECE: Final = 1000
_OVERLAP: Final = 250


def detected(source: Source) -> Iterator[Span]:
    """Yield what the detectors find; a value is redacted wherever its line shows it."""
    names = [
        name
        for name, words in _PLUGINS.items()
        if any(word in source.lower for word in words)
        and (name not in _NARROW or _NARROW[name].search(source.text))
    ]
    for name in names:
        for start, piece in _pieces(source.text):
            if name in _NARROW and not _NARROW[name].search(piece):
                continue
            for plugin in _plugins(name):
                yield from _found(plugin, piece, start)


def _found(plugin: Any, piece: str, start: int) -> Iterator[Span]:
    kind = re.sub(r"[^a-z0-9]+", "-", plugin.secret_type.lower()).strip("-")
    for secret in plugin.analyze_string(piece):
        value = secret if isinstance(secret, str) else "".join(secret)
        if len(value) < _SHORTEST or "[redacted:" in value:
            continue
        place = piece.find(value)
        while place >= 0:
            yield Span(start + place, start + place + len(value), kind)
            place = piece.find(value, place + len(value))


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield the text in overlapping pieces: some of the detectors take quadratic time."""
    start = 0
    while len(text) - start > _PIECE:
        end = _blank_before(text, start + _PIECE // 2, start + _PIECE)
        yield start, text[start:end]
        start = _blank_before(text, start + 1, end - _OVERLAP)
    yield start, text[start:]


def _blank_before(text: str, low: int, high: int) -> int:
    blank = max(text.rfind(" ", low, high), text.rfind("\n", low, high))
    return blank if blank > 0 else high


@cache
def _plugins(name: str) -> tuple[Any, ...]:
    # Imported here: detect-secrets pulls in requests, 0.2 s that a clean text never pays.
    module = importlib.import_module(f"detect_secrets.plugins.{name}")
    return tuple(
        member()
        for _, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__ == module.__name__ and hasattr(member, "denylist")
    )
