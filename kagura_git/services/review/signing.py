"""What the signatures of a change's accepted decisions are worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kagura_git.model.records import Decision
from kagura_git.services import signatures
from kagura_git.services.review.report import DecisionChange, Finding, SignatureState, finding
from kagura_git.services.review.trees import Step, Trees


def states(trees: Trees, steps: Iterable[Step]) -> dict[str, SignatureState]:
    """Return, by id, what became of the signatures of decisions that the change touches."""
    held = [
        step.after
        for step in steps
        if isinstance(step.after, Decision)
        if step.after.status == "accepted" or step.after.signature is not None
    ]
    found = signatures.states(trees.git, held)
    return {name: SignatureState(**one._asdict()) for name, one in found.items()}


def findings(
    trees: Trees, changed: Iterable[DecisionChange], *, required: bool
) -> Iterator[Finding]:
    """Yield the bad signatures, and with ``required`` the acceptances without a verified one."""
    for change in changed:
        place: dict[str, Any] = {"path": change.path, "record": change.id}
        if _was_taken_away(trees, change.id):
            yield finding(
                "bad-signature", f"{change.id} was signed, and its signature was taken away",
                f"Restore it, or accept it again: `git kagura decision accept {change.id} --sign`.",
                **place,
            )  # fmt: skip
            continue
        if change.signature is None:
            continue
        state, why = change.signature.state, change.signature.why
        if state == "bad":
            yield finding(
                "bad-signature",
                f"{change.id} is {change.status}, with a bad signature: {why}",
                f"If it still holds, accept it again: `git kagura decision accept {change.id} "
                "--sign`.",
                **place,
            )
        elif required and change.status == "accepted" and not _by_reviewer(change.signature):
            told = "is not signed" if state == "unsigned" else f"not by its reviewer's key: {why}"
            yield finding(
                "unsigned", f"{change.id} is accepted, and {told}",
                f"`git kagura decision accept {change.id} --sign`; git must know the key "
                "(gpg.ssh.allowedSignersFile, or the keyring).",
                **place,
            )  # fmt: skip


def _by_reviewer(signature: SignatureState) -> bool:
    return signature.state == "verified" and signature.why != signatures.OTHER


def _was_taken_away(trees: Trees, name: str) -> bool:
    old, new = (trees.record(side.get(name)) for side in (trees.before, trees.after))
    if not isinstance(old, Decision) or not isinstance(new, Decision):
        return False
    same = (old.reviewed_by, old.reviewed_at) == (new.reviewed_by, new.reviewed_at)
    return old.signature is not None and new.signature is None and same
