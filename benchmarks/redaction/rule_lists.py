"""Redact by the public rule lists of other scanners, read from files that the caller names.

gitleaks: ``config/gitleaks.toml``. trufflehog: the folder ``pkg/detectors``. Their patterns
are matched as they stand, with keywords, entropy and allow lists of gitleaks; trufflehog's
results are not verified with the providers, and its filters in Go code are left out.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex  # RE2's syntax: scoped inline flags and POSIX classes

_PREFIX = "(?i:{})(?:.|[\n\r]){{0,40}}?"  # trufflehog's detectors.PrefixRegex
_PATTERN = re.compile(r"regexp\.MustCompile\(((?:[^`\n]|`[^`]*`)*?)\)\s*(?:\n|$)")
_PARTS = re.compile(r"PrefixRegex\(\[\]string\{([^}]*)\}\)|`([^`]*)`|\"((?:[^\"\\]|\\.)*)\"")
_KEYWORDS = re.compile(r"Keywords\(\) \[\]string \{\s*return \[\]string\{([^}]*)\}")
_QUOTED = re.compile(r"\"([^\"]*)\"|`([^`]*)`")


@dataclass(frozen=True)
class Rule:
    """A pattern, the words that must occur in a text, and what its secret must be."""

    pattern: Any
    keywords: tuple[str, ...]
    accepts: Callable[[str, str], bool]
    group: int = 0


def gitleaks(path: Path) -> Callable[[str], str]:
    """Return a redactor by the rules of a gitleaks configuration."""
    data = tomllib.loads(path.read_text("utf-8"))
    everywhere = data.get("allowlist", {})
    rules = [
        Rule(
            _compiled(rule["regex"]),
            tuple(word.lower() for word in rule.get("keywords", ())),
            _accepts(rule.get("entropy", 0.0), [everywhere, *rule.get("allowlists", ())]),
            rule.get("secretGroup", 0),
        )
        for rule in data["rules"]
        if "regex" in rule
    ]
    return _redactor(rules)


def trufflehog(folder: Path) -> Callable[[str], str]:
    """Return a redactor by the patterns of trufflehog's detectors, unverified."""
    rules = []
    for path in sorted(folder.rglob("*.go")):
        if path.name.endswith("_test.go"):
            continue
        source = path.read_text("utf-8")
        said = _KEYWORDS.search(source)
        keywords = tuple(word.lower() for word in _words(said[1])) if said else ()
        for pattern in _patterns(source):
            if keywords:
                rules.append(Rule(pattern, keywords, lambda secret, match: len(secret) >= 6))
    return _redactor(rules)


def _redactor(rules: list[Rule]) -> Callable[[str], str]:
    def redact(text: str) -> str:
        lower, found = text.lower(), set()
        for rule in rules:
            if rule.keywords and not any(word in lower for word in rule.keywords):
                continue
            for match in rule.pattern.finditer(text):
                groups = [group for group in match.groups() if group]
                secret = match[rule.group] if rule.group else (groups or [match[0]])[0]
                if secret and rule.accepts(secret, match[0]):
                    found.add(secret)
        for secret in sorted(found, key=len, reverse=True):
            text = text.replace(secret, "[redacted]")
        return text

    return redact


def _accepts(entropy: float, allowed: list[dict[str, Any]]) -> Callable[[str, str], bool]:
    lists = [
        (
            [_compiled(pattern) for pattern in part.get("regexes", ())],
            [word.lower() for word in part.get("stopwords", ())],
            part.get("regexTarget", "secret"),
        )
        for part in allowed
    ]

    def accepts(secret: str, match: str) -> bool:
        if entropy and _entropy(secret) <= entropy:
            return False
        for patterns, stopwords, target in lists:
            if any(p.search(secret if target == "secret" else match) for p in patterns):
                return False
            if any(word in secret.lower() for word in stopwords):
                return False
        return True

    return accepts


def _patterns(source: str) -> Iterator[Any]:
    for call in _PATTERN.finditer(source):
        text = ""
        for part in _PARTS.finditer(call[1]):
            if part[1] is not None:
                text += _PREFIX.format("|".join(_words(part[1])))
            else:
                text += part[2] if part[2] is not None else part[3]
        if text:
            try:
                yield _compiled(text)
            except regex.error:
                continue


def _compiled(pattern: str) -> Any:
    return regex.compile(pattern.replace(r"\z", r"\Z"), regex.VERSION1)


def _words(text: str) -> list[str]:
    return [match[1] or match[2] for match in _QUOTED.finditer(text) if match[1] or match[2]]


def _entropy(text: str) -> float:
    """Return Shannon's entropy in bits for each character."""
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)
