"""Secrets out of text before it is stored: ``[redacted:<kind>]`` takes their place.

Two sources: the detectors of detect-secrets (regular-expression plugins only:
its entropy plugins take the hashes in a stack trace for secrets), and the
token shapes of providers that it does not know. Redaction is idempotent.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from kagura_git.model.records import (
    Change,
    Decision,
    Error,
    LearnedPattern,
    Session,
    text_fields,
)

R = TypeVar("R", Decision, Error, Session, LearnedPattern, Change)

_PLUGINS: Final = (
    "artifactory aws azure_storage_key basic_auth cloudant discord github_token gitlab_token "
    "ibm_cloud_iam ibm_cos_hmac jwt mailchimp private_key pypi_token sendgrid slack "
    "softlayer square_oauth stripe telegram_token twilio"
).split()

# Shapes as the providers publish them (prefix, alphabet, length). Every pattern is linear
# in the text: what may stand before or after a keyword is bounded or left out.
_SHAPES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            # Complete, or cut: then the lines of the armour that are left go as well.
            "private-key",
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:[^-]{0,20000}+(?:-(?!----)[^-]{0,20000}+){0,200}+-----END [A-Z0-9 ]{0,40}"
            r"PRIVATE KEY(?: BLOCK)?-----"
            r"|(?:\s|\\[nrt]|(?:Proc-Type|DEK-Info|Version|Comment|Hash): [^\n]{0,200}"
            r"|[A-Za-z0-9+/=])*+)",
        ),
        (
            "private-key",
            r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{16,}+(?:(?:\s|\\[nr])++[A-Za-z0-9+/=]{1,200}+){0,120}+"
            r"(?:\s|\\[nr])*+-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",
        ),
        ("private-key", r"Private-Lines: \d{1,4}\s{1,3}(?P<secret>[A-Za-z0-9+/=\s]{16,20000}+)"),
        ("anthropic-key", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
        ("openai-key", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}"),
        ("google-api-key", r"\bAIza[0-9A-Za-z_-]{35}"),
        ("google-oauth-token", r"\bya29\.[0-9A-Za-z_-]{20,}"),
        ("github-token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
        ("gitlab-token", r"\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas)-[A-Za-z0-9_-]{20,}"),
        ("hugging-face-token", r"\bhf_[A-Za-z0-9]{30,}"),
        ("slack-token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("slack-webhook", r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,}"),
        ("stripe-key", r"\b(?:[sr]k|whsec)_(?:live_|test_)?[A-Za-z0-9]{20,}"),
        ("npm-token", r"\bnpm_[A-Za-z0-9]{36}"),
        # An .npmrc's line; the detector for it takes quadratic time in slashes.
        (
            "npm-token",
            r":_(?:authToken|auth|password)\s{0,5}=\s{0,5}(?P<secret>(?!\[redacted:)\S{6,500})",
        ),
        ("pypi-token", r"\bpypi-[A-Za-z0-9_-]{40,}"),
        ("aws-access-key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
        ("digitalocean-token", r"\bdo[oprt]_v1_[a-f0-9]{64}"),
        ("shopify-token", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
        ("databricks-token", r"\bdapi[a-f0-9]{32}\b"),
        ("sendgrid-key", r"\bSG\.[A-Za-z0-9_-]{16,100}\.[A-Za-z0-9_-]{16,}"),
        ("jwt", r"\beyJ[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}"),
        # A token holds a digit; "bearer authentication-scheme" does not.
        (
            "bearer-token",
            r"(?i:\bbearer\s{1,20})(?=[A-Za-z._~+/-]{0,200}\d)(?P<secret>[A-Za-z0-9._~+/-]{16,}+=*)",
        ),
        # base64 of user:password, not the next word of "basic authentication".
        (
            "basic-auth",
            r"(?i:\bbasic\s{1,20})(?=[A-Z0-9+/=]{0,200}[a-z])(?=[a-z0-9+/=]{0,200}[A-Z])"
            r"(?=[A-Za-z+/]{0,200}[0-9=])(?P<secret>[A-Za-z0-9+/]{12,}+={0,2})(?=[\s\"',;]|$)",
        ),
        (
            "url-password",
            r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s:/@\"']{0,200}:"
            r"(?P<secret>(?!\[redacted:)[^\s/\"']{3,500})@",
        ),
        (
            "assigned-secret",
            r"(?i:(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|access[_-]?key"
            r"|private[_-]?key|(?:access|auth|refresh|session|bearer)[_-]?token)[\w-]{0,40}"
            r"(?:\\?[\"'])?\s{0,20}[:=]\s{0,20})(?P<quote>\\?[\"'])"
            r"(?P<secret>(?!\[redacted:)[^\"'\s]{6,500})(?P=quote)",
        ),
        (
            # A shell's or an .env file's; code (a call, a subscript) and plain numbers are not.
            "assigned-secret",
            r"(?:PASSWORD|PASSWD|SECRET|API_?KEY|TOKEN(?!IZ)|PRIVATE_KEY|ACCESS_KEY)[A-Z0-9_]{0,40}="
            r"(?P<secret>(?!\[redacted:|\d+(?:\s|$))[^\s\"'$(){}\[\]<>,;]{6,}+)(?![(\[{<$])",
        ),
    )
)
# Beside the free texts: what a caller may have put an address with a password into.
_ALSO: Final = (
    "related_files", "screenshot", "project_id", "imported_from", "imported_status", "extra",
    "conflicts",
)  # fmt: skip
_ROUNDS: Final = 5
_PIECE: Final = 1000
_OVERLAP: Final = 250
# A text with none of these cannot match any pattern above or in detect-secrets.
_SUSPECT: Final = re.compile(
    r"[A-Za-z0-9_+/=.-]{16,}|://|(?i:passw|pwd|secret|token|key|bearer|basic|credential|softlayer)"
)


def redact(text: str) -> tuple[str, list[str]]:
    """Return the text without its secrets, and the kinds that were found, each once."""
    if not _SUSPECT.search(text):
        return text, []
    kinds: dict[str, None] = {}
    for _ in range(_ROUNDS):
        clean = _redact_once(text, kinds)
        if clean == text:
            break
        text = clean  # what stood behind a secret without a gap may be one itself
    return text, list(kinds)


def _redact_once(text: str, kinds: dict[str, None]) -> str:
    for kind, pattern in _SHAPES:

        def put(match: re.Match[str], kind: str = kind) -> str:
            kinds[kind] = None
            if "secret" not in match.re.groupindex:
                return f"[redacted:{kind}]"
            start, end = (i - match.start() for i in match.span("secret"))
            whole = match[0]
            return f"{whole[:start]}[redacted:{kind}]{whole[end:]}"

        text = pattern.sub(put, text)
    for kind, secret in _detected(text):
        if secret in text and "[redacted:" not in secret:
            kinds[kind] = None
            text = text.replace(secret, f"[redacted:{kind}]")
    return text


def _detected(text: str) -> Iterator[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for plugin in _plugins():
        kind = re.sub(r"[^a-z0-9]+", "-", plugin.secret_type.lower()).strip("-")
        for piece in _pieces(text):
            for secret in plugin.analyze_string(piece):
                value = secret if isinstance(secret, str) else "".join(secret)
                if len(value) >= 6:
                    found.append((kind, value))
    return iter(sorted(set(found), key=lambda pair: (-len(pair[1]), pair)))


def _pieces(text: str) -> Iterator[str]:
    """Yield the text in overlapping pieces: some of the detectors take quadratic time."""
    start = 0
    while len(text) - start > _PIECE:
        end = _blank_before(text, start + _PIECE // 2, start + _PIECE)
        yield text[start:end]
        start = _blank_before(text, start + 1, end - _OVERLAP)
    yield text[start:]


def _blank_before(text: str, low: int, high: int) -> int:
    blank = max(text.rfind(" ", low, high), text.rfind("\n", low, high))
    return blank if blank > 0 else high


@cache
def _plugins() -> tuple[Any, ...]:
    # Imported here: detect-secrets pulls in requests, 0.2 s that a clean text never pays.
    plugins = []
    for name in _PLUGINS:
        module = importlib.import_module(f"detect_secrets.plugins.{name}")
        for _, member in inspect.getmembers(module, inspect.isclass):
            if member.__module__ == module.__name__ and hasattr(member, "denylist"):
                plugins.append(member())
    return tuple(plugins)


def redact_record(record: R) -> tuple[R, list[str]]:
    """Return the record with every text redacted, its free-form fields too, and the kinds found.

    The paths of a change stay to the letter: its commit is found by them.
    """
    changes: dict[str, Any] = {}
    kinds: dict[str, None] = {}
    also: tuple[str, ...] = () if isinstance(record, Change) else _ALSO
    values: dict[str, Any] = {**text_fields(record)}
    values.update((name, getattr(record, name, None)) for name in also)
    for name, value in values.items():
        clean, found = _redacted(value)
        if found:
            changes[name] = clean
            kinds.update(dict.fromkeys(found))
    return (msgspec.structs.replace(record, **changes) if changes else record), list(kinds)


def _redacted(value: Any) -> tuple[Any, list[str]]:
    """Return a value of texts, lists and mappings, redacted, and the kinds found in it."""
    kinds: dict[str, None] = {}

    def clean(item: Any) -> Any:
        match item:
            case str():
                text, found = redact(item)
                kinds.update(dict.fromkeys(found))
                return text
            case list():
                return [clean(inner) for inner in item]
            case dict():
                return dict(zip(item, map(clean, item.values()), strict=True))
            case _:
                return item

    return clean(value), list(kinds)
