"""Signatures of acceptances: made, looked at, and what they are worth here."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple

from kagura_git.errors import KaguraError
from kagura_git.git import signed_text, signing, verifying
from kagura_git.git.run import Git
from kagura_git.model.acceptance import statement
from kagura_git.model.records import Decision

State = Literal["verified", "unknown", "bad", "unchecked", "unsigned"]
SECONDS: Final = 20.0
# Of several addresses that one line of allowed signers gives a key, git tells the first.
OTHER: Final = "another signer than the reviewer it names"


class Signature(NamedTuple):
    """What a decision's signature is worth here.

    Attributes:
        state: ``verified``; ``unknown``: good, by a key that nobody vouches for here; ``bad``;
            ``unchecked``: it could not be looked at; ``unsigned``: there is none.
        signer: who vouches, as the keyring or the list of allowed signers names them.
        key: the key's fingerprint.
        why: a few words, where the state alone does not say it.
    """

    state: State
    signer: str | None = None
    key: str | None = None
    why: str | None = None


def sign(git: Git, decision: Decision, *, terminal: bool) -> str:
    """Return a signature over a decision as it stands, accepted; raises ``KaguraError``."""
    return signing.sign(git, statement(decision), _seconds(decision), terminal=terminal)


def wanted(git: Git, said: bool | None, setting: bool | None) -> bool:
    """Tell whether to sign: as said, else as the user has set, else as git signs commits here."""
    if said is not None:
        return said
    return signing.wanted(git) if setting is None else setting


def states(
    git: Git,
    decisions: Iterable[Decision],
    *,
    seconds: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Signature]:
    """Return what each decision's signature is worth, by id.

    Args:
        seconds: what is not looked at by then is ``unchecked``; default ``SECONDS``.
    """
    found = {}
    signed = []
    for decision in decisions:
        found[decision.id] = Signature("unsigned")
        if decision.signature is not None:
            signed.append(decision)
    asked = [
        verifying.Asked(statement(decision), _seconds(decision), decision.signature or "")
        for decision in signed
    ]
    limit = SECONDS if seconds is None else seconds
    for decision, verdict in zip(signed, _verdicts(git, asked, limit, progress), strict=True):
        why = verdict.why
        if verdict.state == "verified" and not _is(verdict.signer, decision.reviewed_by or ""):
            why = OTHER
        found[decision.id] = Signature(
            verdict.state, verdict.signer or None, verdict.key or None, why or None
        )
    return found


def _verdicts(
    git: Git,
    asked: Sequence[verifying.Asked],
    seconds: float,
    progress: Callable[[int, int], None] | None,
) -> list[verifying.Verdict]:
    if not asked:
        return []
    try:
        return verifying.verify(git, asked, seconds=seconds, progress=progress)
    except (KaguraError, OSError) as error:  # no room for temporary files, say: others can go on
        why = error.message if isinstance(error, KaguraError) else str(error.strerror)
        return [verifying.Verdict("unchecked", why=why)] * len(asked)


def _is(signer: str, reviewer: str) -> bool:
    """Tell whether a signer, maybe a pattern of addresses, is the reviewer that a record names."""
    address = _address(reviewer)
    return fnmatch.fnmatchcase(address, _address(signer))


def _address(text: str) -> str:
    start, end = text.rfind("<"), text.rfind(">")
    return (text[start + 1 : end] if 0 <= start < end else text).strip().casefold()


def in_short(signature: str | None) -> str | None:
    """Return a signature as a table may show it: its format and the head of its digest."""
    if signature is None:
        return None
    digest = hashlib.sha256(signature.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{signed_text.format_of(signature) or 'no signature'} {digest[:12]}"


def told(signature: Signature) -> str:
    """Return what a person wants to know of it, in a few words; its names are untrusted text."""
    by = f" by {signature.signer}" if signature.signer else ""
    key = f" ({signature.key})" if signature.key else ""
    why = f": {signature.why}" if signature.why else ""
    match signature.state:
        case "verified":
            return f"signed{by}{key}{why}"
        case "unknown":
            return f"signed{by}, not verified{key}{why}"
        case "bad":
            return f"BAD signature{key}{why}"
        case "unchecked":
            return f"signed, not looked at{why}"
        case "unsigned":
            return "not signed"


def _seconds(decision: Decision) -> int:
    return int(decision.reviewed_at.timestamp() // 1) if decision.reviewed_at else -1
