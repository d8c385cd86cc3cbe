"""Asking the user, through the assistant, whether a language model may be paid.

By a resolver, so that it works in both eras of the protocol. A client that cannot be
asked, a decline and a cancel all mean the local answer, never a failed tool.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from mcp.server.mcpserver import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel, Field

from kagura_git.api.screenshots import left_open, picture_path
from kagura_git.errors import KaguraError
from kagura_git.llm.amounts import dollars
from kagura_git.llm.approval import Ask
from kagura_git.mcp_server.arguments import Text, Whole
from kagura_git.mcp_server.home import Ctx, home_of
from kagura_git.mcp_server.sizes import clip

if TYPE_CHECKING:
    from kagura_git.memory import SyncCodingMemory


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
        return _question(
            memory, "session_summary", None, "Summarise this session",
            "Otherwise the summary is made of what was recorded, for nothing.",
        )  # fmt: skip


def for_habits(ctx: Ctx, user_id: Text = "", project_id: Text = "") -> Elicit[Approval] | None:
    """Return the question whether a model may look for habits at its price, if it is one."""
    if not _can_be_asked(ctx):
        return None
    with home_of(ctx).memory(user_id, project_id) as memory:
        if not memory.ws.settings.learn_patterns or not memory.purse().model:
            return None
        if not memory.deep_enough():
            return None
        return _question(
            memory, "preferences", None, "Look for habits that counting cannot see",
            "Otherwise they are those that were measured, for nothing.",
        )  # fmt: skip


def for_screenshot(
    ctx: Ctx,
    error_type: Text = "",
    message: Text = "",
    stack_trace: Text = "",
    file_path: Text = "",
    line_number: Whole = None,
    screenshot: Text = "",
    user_id: Text = "",
    project_id: Text = "",
) -> Elicit[Approval] | None:
    """Return the question whether a model may read a screenshot at its price, if it is one."""
    if not screenshot.strip() or not _can_be_asked(ctx):
        return None
    given = {
        "error_type": error_type, "message": message, "stack_trace": stack_trace,
        "file_path": file_path, "line_number": line_number,
    }  # fmt: skip
    home = home_of(ctx)
    with home.memory(user_id, project_id) as memory:
        if not memory.purse().vision_model or not left_open(given):
            return None
        return _question(
            memory, "error_screenshot", picture_path(screenshot, home.folder),
            "Read the screenshot of this error",
            "Otherwise it is read letter by letter on this machine, for nothing.",
        )  # fmt: skip


def _question(
    memory: SyncCodingMemory, operation: str, target: str | None, what: str, otherwise: str
) -> Elicit[Approval] | None:
    try:
        found = memory.estimate(operation, target)
    except KaguraError:
        return None  # the tool itself says what is wrong
    if not found["approval_required"]:
        return None
    price = dollars(found["estimated_cost"])
    if found["cost_with_repair"] is not None:
        price += f", or {dollars(found['cost_with_repair'])} if the answer has to be repaired"
    return Elicit(
        f"{what} with {clip(found['model'], 80)}? Estimated cost: {price} "
        f"({found['tokens_in']:,} tokens in, about {found['tokens_out']:,} out). {otherwise}",
        Approval,
    )


def answer_of(outcome: ElicitationResult[Approval]) -> Ask | None:
    """Return what answers the question that the user has answered; None if nobody was asked.

    It answers once: a repair that costs more than the user was shown is another question.
    """
    if not isinstance(outcome, AcceptedElicitation):
        return lambda _: False
    if outcome.data is None:
        return None
    given = iter([bool(outcome.data.approve)])
    return lambda _: next(given, None)


def _can_be_asked(ctx: Ctx) -> bool:
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


SummaryApproval = Annotated[ElicitationResult[Approval], Resolve(for_summary)]
HabitsApproval = Annotated[ElicitationResult[Approval], Resolve(for_habits)]
ScreenshotApproval = Annotated[ElicitationResult[Approval], Resolve(for_screenshot)]
