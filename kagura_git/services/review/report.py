"""What a review says: one structure, of which every format is a view.

``schemas/review.schema.json`` is generated from it.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct

SCHEMA: Final = "kagura/review/1"
Severity = Literal["error", "warning", "note"]
DecisionStep = Literal["added", "changed", "accepted", "rejected", "superseded", "deleted"]
ContradictionKind = Literal["rejected", "replaced", "opposite", "same-slot", "meaning"]
ErrorStep = Literal["recorded", "seen again", "solved", "reopened", "changed", "deleted"]

# Every rule, with what it finds; ``--rule`` names them.
RULES: Final[dict[str, tuple[Severity, str]]] = {
    "invalid": ("error", "A record cannot be read."),
    "secret": ("error", "A record holds a secret."),
    "bad-signature": ("error", "An acceptance has a bad signature, or has lost its signature."),
    "unsigned": ("warning", "An acceptance is not signed by its reviewer; only where asked for."),
    "edited-accepted": ("warning", "An accepted decision was edited in place."),
    "deleted": ("warning", "A record was deleted."),
    "conflict": ("warning", "A merge kept both sides' values of a field."),
    "merge-conflict": ("warning", "Merging will keep both sides' values of a field."),
    "duplicate": ("warning", "Two decisions say nearly the same."),
    "contradiction": ("warning", "A decision opposes another one that it does not supersede."),
    "broken-link": ("warning", "A decision names a file that is not there."),
    "history": ("warning", "History that the review needs is missing."),
    "governed": ("note", "The change touches files that an accepted decision governs."),
    "governed-nearby": ("note", "The change touches files beside one that a decision names."),
    "unexplained": ("note", "Files were changed without a recorded reason."),
    "no-alternatives": ("note", "A new decision names no alternatives."),
    "thin-rationale": ("note", "A new decision does not say why."),
    "recurring": ("note", "An unsolved error keeps coming back in a file of this change."),
}


class Finding(Struct, frozen=True, kw_only=True):
    """Something a reviewer may want to act on, at a place if it has one."""

    rule: str
    severity: Severity
    message: str
    mend: str = ""
    path: str | None = None
    line: int | None = None
    record: str | None = None


def finding(rule: str, message: str, mend: str = "", **place: Any) -> Finding:
    """Return a finding of one rule, with that rule's severity."""
    return Finding(rule=rule, severity=RULES[rule][0], message=message, mend=mend, **place)


class FieldChange(Struct, frozen=True):
    """A field's value before and after; null where it has none."""

    name: str
    before: Any
    after: Any


class SignatureState(Struct, frozen=True, kw_only=True):
    """What the signature of an acceptance is worth where the review is made.

    Attributes:
        state: ``unknown`` is a good signature by a key that nobody vouches for there.
        signer: who vouches for it, as the keyring or the list of allowed signers says.
        key: the key's fingerprint.
        why: a few words, where the state alone does not say it.
    """

    state: Literal["verified", "unknown", "bad", "unchecked", "unsigned"]
    signer: str | None = None
    key: str | None = None
    why: str | None = None


class DecisionChange(Struct, frozen=True, kw_only=True):
    """What became of one decision.

    Attributes:
        reviewed_by: who accepted or rejected it.
        signature: null where there is nothing to sign: it is not accepted.
    """

    id: str
    path: str
    change: DecisionStep
    status: str
    title: str
    rationale: str
    alternatives: list[str]
    related_files: list[str]
    author: str
    fields: list[FieldChange] = []
    reviewed_by: str | None = None
    signature: SignatureState | None = None


class ErrorChange(Struct, frozen=True, kw_only=True):
    """What became of one error."""

    id: str
    path: str
    change: ErrorStep
    title: str
    file_path: str | None
    occurrences: int
    solution: str | None


class TouchedFile(Struct, frozen=True, kw_only=True):
    """A file of the change that a decision governs.

    Attributes:
        because: the related file or folder that the decision names, the commit that
            links to it, or which file that it names imports this one or is imported by it.
        near: the decision names a file beside this one, not this one.
        lines: first and last line of each stretch that is new or changed, as the head has it.
    """

    path: str
    because: str
    lines: list[tuple[int, int]]
    near: bool = False


class Governing(Struct, frozen=True, kw_only=True):
    """An accepted decision that governs files of the change."""

    id: str
    path: str
    title: str
    files: list[TouchedFile]


class Pair(Struct, frozen=True, kw_only=True):
    """Two decisions, at least one of them new, that say nearly the same."""

    id: str
    other: str
    title: str
    other_title: str
    score: float


class Verdict(Struct, frozen=True, kw_only=True):
    """What the user's language model says of two decisions."""

    contradicts: bool
    explanation: str


class Contradiction(Struct, frozen=True, kw_only=True):
    """A decision of the change, and another one that it opposes without superseding it.

    Attributes:
        kind: ``rejected``: it proposes what the other turned down; ``replaced``: it turns
            down what the other chose; ``opposite``: one wants what the other forbids, or they
            say opposite words; ``same-slot``: they choose differently for one purpose;
            ``meaning``: close in meaning, and the model says that they contradict each other.
        score: how sure the words are, to 1.
        verdict: null unless a language model was asked.
    """

    id: str
    other: str
    kind: ContradictionKind
    message: str
    score: float
    title: str
    other_title: str
    verdict: Verdict | None = None


class Conflict(Struct, frozen=True, kw_only=True):
    """A record with values that a merge could not choose between.

    Attributes:
        fields: the values in dispute, by field.
        on_merge: it is not so yet: merging into the base will make it so.
    """

    id: str
    path: str
    fields: dict[str, list[Any]]
    on_merge: bool


class Reason(Struct, frozen=True, kw_only=True):
    """Why a file was changed, as one commit of the range tells."""

    path: str
    action: str
    reason: str
    commit: str


class Reasons(Struct, frozen=True, kw_only=True):
    """How much of the change is explained.

    Attributes:
        files: how many files the change touches, records left out.
        explained: how many of them have a reason, or a decision of this change names them.
    """

    files: int
    explained: int
    told: list[Reason]
    unexplained: list[str]


class Report(Struct, frozen=True, kw_only=True):
    """A review of ``BASE...HEAD``.

    Attributes:
        merge_base: where the head left the base; null where the two share no known commit.
        llm: what became of the question to a language model; null if none was asked.
    """

    schema: Literal["kagura/review/1"] = "kagura/review/1"
    base: str
    head: str
    merge_base: str | None
    commits: int
    decisions: list[DecisionChange]
    governing: list[Governing]
    pairs: list[Pair]
    contradictions: list[Contradiction]
    conflicts: list[Conflict]
    errors: list[ErrorChange]
    reasons: Reasons
    findings: list[Finding]
    llm: dict[str, Any] | None = None
