"""What a signature of an acceptance is made over: a few lines of text, the same everywhere.

They name the decision, a digest of what was agreed on, and the review. Left out is
what others write into an accepted decision later on: that it is superseded, which
decisions it supersedes, tags, and the fields of newer versions.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from kagura_git.model.mapping import iso
from kagura_git.model.records import Decision

FORM: Final = "kagura/acceptance/1"


def agreed(decision: Decision) -> dict[str, Any]:
    """Return what a reviewer agrees to, as JSON values; lists are sets, as they are in a merge."""
    return {
        "id": decision.id,
        "decision": decision.decision,
        "rationale": decision.rationale,
        "alternatives": sorted({*decision.alternatives}),
        "impact": decision.impact or None,
        "related_files": sorted({*decision.related_files}),
        "confidence": decision.confidence + 0.0,
    }


def digest(decision: Decision) -> str:
    """Return the SHA-256 of what was agreed on, as JSON in ASCII with sorted names."""
    text = json.dumps(agreed(decision), sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def statement(decision: Decision) -> str:
    """Return the text that is signed; a decision that is not in force says so in its verdict.

    A superseded decision was accepted once: that its successor came does not unsay it.
    """
    verdict = "accepted" if decision.status == "superseded" else decision.status
    at = iso(decision.reviewed_at) if decision.reviewed_at else ""
    lines = (
        FORM,
        f"id: {decision.id}",
        f"verdict: {verdict}",
        f"digest: {digest(decision)}",
        f"reviewed_by: {json.dumps(decision.reviewed_by or None)}",
        f"reviewed_at: {at}",
        f"note: {json.dumps(decision.review_note or None)}",
    )
    return "\n".join(lines) + "\n"
