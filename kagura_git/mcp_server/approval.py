"""Asking the user, through the assistant, whether a language model may be paid.

By a resolver, so that it works in both eras of the protocol. A client that cannot be
asked, a decline and a cancel all mean the local answer, never a failed tool.
"""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel, Field

from kagura_git.errors import KaguraError
from kagura_git.llm.approval import Ask
from kagura_git.llm.terminal import dollars
from kagura_git.mcp_server.arguments import Text
from kagura_git.mcp_server.home import Ctx, home_of
from kagura_git.mcp_server.sizes import clip


class Approval(BaseModel):
    """What the user is asked."""

    approve: bool = Field(title="Approve", description="Let the model be asked at this price.")


def for_summary(
    ctx: Ctx, summary: Text = "", user_id: Text = "", project_id: Text = ""
) -> Elicit[Approval] | None:
    """Return the question whether a session's summary may cost what it would cost, if it is one."""
    if summary.strip() or not _can_be_asked(ctx):
        return None
    with home_of(ctx).memory(user_id, project_id) as memory:
        if not memory.ws.settings.summarize_on_end or not memory.purse().model:
            return None
        try:
            found = memory.estimate("session_summary")
        except KaguraError:
            return None  # the tool itself says what is wrong
    if not found["approval_required"]:
        return None
    price = dollars(found["estimated_cost"])
    return Elicit(
        f"Summarise this session with {clip(found['model'], 80)}? Estimated cost: {price} "
        f"({found['tokens_in']:,} tokens in, about {found['tokens_out']:,} out). "
        "Otherwise the summary is made of what was recorded, for nothing.",
        Approval,
    )


def answer_of(outcome: ElicitationResult[Approval]) -> Ask | None:
    """Return what answers the question that the user has answered; None if nobody was asked."""
    if isinstance(outcome, AcceptedElicitation):
        if outcome.data is None:
            return None
        approved = bool(outcome.data.approve)
        return lambda _: approved
    return lambda _: False


def _can_be_asked(ctx: Ctx) -> bool:
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


SummaryApproval = Annotated[ElicitationResult[Approval], Resolve(for_summary)]
