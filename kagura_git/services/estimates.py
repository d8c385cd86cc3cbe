"""What an operation of a language model would cost, on the very data it would send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kagura_git.errors import Conflict, NotFound, UsageError
from kagura_git.llm.approval import decide
from kagura_git.llm.operation import Sent, answered_before, messages_of
from kagura_git.services import sessions, summaries

if TYPE_CHECKING:
    from kagura_git.git.links import Links
    from kagura_git.llm.operation import Purse
    from kagura_git.workspace import Workspace

OPERATIONS: Final = (
    "session_summary", "solution_suggestion", "error_patterns", "preferences", "error_screenshot",
    "architecture_diagram", "code_from_image", "pull_request", "contradictions",
    "context_digest",
)  # fmt: skip


def session_summary(ws: Workspace, links: Links, target: str | None) -> Sent:
    """Return what the summary of a session would send; default: the active one, or the last."""
    wanted = target or ws.working.active_session()
    if wanted is None:
        known = sessions.listed(ws)
        if not known:
            raise NotFound("no session on this branch", hint="Start one: git kagura session start")
        wanted = known[0][1].id
    joined = sessions.join(ws, links, sessions.get(ws, wanted)[1])
    data = summaries.blocks(
        ws, joined.session, joined.changes, joined.errors, joined.decisions, joined.commits
    )
    return Sent(summaries.SESSION_SUMMARY, data)


def estimate(purse: Purse, operation: str, sent: Sent | None) -> dict[str, Any]:
    """Return tokens and price of an operation, and whether it would need approval.

    Args:
        sent: the operation and what it would send; None for one that is not known.

    Raises:
        UsageError: no such operation.
        Conflict: no model is configured.
        UnreadableLedger: what was spent this month is not known.
    """
    if sent is None:
        raise UsageError(
            f"no operation {operation!r:.40}",
            hint=f"One of {', '.join(OPERATIONS)}.",
            where="operation",
        )
    what = sent.operation
    if not purse.model_for(what):
        name = "VISION_MODEL" if what.vision else "MODEL"
        raise Conflict(
            "no language model is configured, so nothing would be spent",
            hint=f"CODING_MEMORY_{name} names one, or [coding_memory.defaults] in your settings.",
        )
    messages = messages_of(what, sent.blocks, sent.pictures)
    found = purse.estimate(what, messages)
    spent = purse.spent()
    verdict = decide(found, purse.policy, spent, None)
    known = answered_before(what, purse, messages)
    return found.to_dict() | {
        "answered_before": known,
        "approval_required": verdict.why == "approval_required" and not known,
        "over_budget": verdict.why == "over_budget" and not known,
        "spent_this_month": spent.total,
        "reserved_this_month": spent.reserved,
        "budget": purse.policy.monthly_budget,
        "warning": verdict.warning,
    }
