"""Whether a language model is paid, asked through the assistant, in both protocol eras."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import mcp_types
import pytest
from assistant import ERAS, Assistant, assistant
from git_repo import Sandbox
from mcp.server.mcpserver import AcceptedElicitation
from PIL import Image

from kagura_git.llm.approval import Estimate
from kagura_git.mcp_server.approval import Approval, answer_of

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "llm"))

from provider import Provider

SAID = {
    "what": ["The cart adds."], "why": [], "problems": [], "decisions": [], "open_ends": [],
    "recommendations": [],
}  # fmt: skip
Open = Callable[..., Assistant]


class User:
    """A user who is asked, and answers always the same."""

    def __init__(self, action: str, content: dict[str, Any] | None = None) -> None:
        self.action = action
        self.content = content
        self.asked: list[str] = []

    async def __call__(self, _: Any, params: Any) -> mcp_types.ElicitResult:
        self.asked.append(params.message)
        return mcp_types.ElicitResult(action=self.action, content=self.content)  # type: ignore[arg-type]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    found = Provider()
    found.says(json.dumps(SAID))
    for name, value in found.environ.items():
        monkeypatch.setenv(name, value)
    yield found
    found.close()


@pytest.fixture(params=ERAS)
def opened(kagura: Sandbox, provider: Provider, request: pytest.FixtureRequest) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_(user: User | None, threshold: str = "0") -> Assistant:
            environ = {
                **kagura.env, "CODING_MEMORY_MODEL": "gpt-5-mini",
                "CODING_MEMORY_COST_THRESHOLD": threshold,
                "XDG_STATE_HOME": os.environ.get("XDG_STATE_HOME", ""),
            }  # fmt: skip
            made = assistant(str(kagura.top), environ, request.param, user)
            found = stack.enter_context(made)
            found("coding_start_session", description="Let the cart add")
            found("coding_record_decision", decision="Keep a list", rationale="Order matters")
            return found

        yield open_


def test_who_approves_gets_the_models_summary(opened: Open, provider: Provider) -> None:
    user = User("accept", {"approve": True})
    done = opened(user)("coding_end_session", success=True)
    assert "- The cart adds." in done["summary"]
    assert (done["llm"]["status"], done["llm"]["model"]) == ("answered", "gpt-5-mini")
    (question,) = user.asked
    assert "gpt-5-mini? Estimated cost: $0.0" in question
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("user", "status"),
    [
        (User("accept", {"approve": False}), "declined"),
        (User("decline"), "declined"),
        (User("cancel"), "declined"),
        (None, "approval_required"),
    ],
    ids=["no", "decline", "cancel", "cannot be asked"],
)
def test_otherwise_the_session_ends_all_the_same_with_our_own(
    opened: Open, provider: Provider, user: User | None, status: str
) -> None:
    done = opened(user)("coding_end_session", success=True)
    assert "Keep a list" in done["summary"]
    assert done["llm"]["status"] == status
    assert done["llm"]["cost"] > 0
    assert provider.asked == []


def test_below_the_threshold_nobody_is_asked(opened: Open, provider: Provider) -> None:
    user = User("decline")
    done = opened(user, "0.5")("coding_end_session")
    assert done["llm"]["status"] == "answered"
    assert (user.asked, len(provider.asked)) == ([], 1)


def test_ones_own_summary_asks_nothing(opened: Open, provider: Provider) -> None:
    user = User("accept", {"approve": True})
    done = opened(user)("coding_end_session", summary="It adds.")
    assert (done["summary"], done["llm"], user.asked, provider.asked) == ("It adds.", None, [], [])


HABIT = {
    "pattern_type": "error_handling", "name": "guard clauses first",
    "description": "Functions check what is missing first.", "examples": ["number = 30"],
    "confidence": 0.7, "severity": "low", "recommendation": "Return early.",
}  # fmt: skip


@pytest.fixture
def busy(kagura: Sandbox) -> None:
    """So many changes that habits are looked for in depth."""
    for number in range(31):
        kagura.write("shop.py", f"number = {number}\n")
        kagura.run("add", "shop.py")
        kagura.run("commit", "-q", "-m", f"fix: change number {number}")


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("approves", [True, False])
def test_habits_are_asked_of_a_model_if_the_user_approves(
    opened: Open, provider: Provider, approves: bool
) -> None:
    provider.says(json.dumps({"patterns": [HABIT]}))
    user = User("accept", {"approve": approves})
    done = opened(user)("coding_analyze_patterns")
    (question,) = user.asked
    assert question.startswith("Look for habits that counting cannot see with gpt-5-mini?")
    assert done["llm"]["status"] == ("answered" if approves else "declined")
    names = [item["name"] for item in done["patterns"]]
    assert ("guard clauses first" in names) is approves
    assert len(names) > approves
    assert len(provider.asked) == approves


def test_with_little_history_nobody_is_asked_for_habits(opened: Open, provider: Provider) -> None:
    user = User("accept", {"approve": True})
    assert not opened(user)("coding_analyze_patterns")["enough"]
    assert (user.asked, provider.asked) == ([], [])


SEEN = {
    "error_type": "KeyError", "message": "'total'", "file_path": "shop/cart.py",
    "line_number": 12, "stack_trace": "", "visible_code": "", "suggested_cause": "No total yet.",
}  # fmt: skip


@pytest.fixture
def picture(kagura: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """A picture in the repository, and a model that sees it."""
    monkeypatch.setitem(kagura.env, "CODING_MEMORY_VISION_MODEL", "gpt-4o")
    Image.new("RGB", (640, 200), "white").save(kagura.top / "shot.png")
    return "shot.png"


@pytest.mark.parametrize("approves", [True, False])
def test_a_screenshot_is_read_by_a_model_if_the_user_approves(
    opened: Open, provider: Provider, picture: str, approves: bool
) -> None:
    provider.says(json.dumps(SEEN))
    user = User("accept", {"approve": approves})
    done = opened(user)("coding_record_error", error_type="", message="", screenshot=picture)
    (question,) = user.asked
    assert question.startswith("Read the screenshot of this error with gpt-4o?")
    assert len(provider.asked) == approves
    assert done["read"]["llm"]["status"] == ("answered" if approves else "declined")
    if approves:
        assert done["read"]["by"] == "model"
        assert (done["read"]["title"], done["read"]["file"]) == (
            "KeyError: 'total'", "shop/cart.py:12",
        )  # fmt: skip
        assert done["read"]["cause"] == "No total yet."


def test_a_screenshot_beside_a_full_account_asks_nothing(
    opened: Open, provider: Provider, picture: str
) -> None:
    user = User("accept", {"approve": True})
    done = opened(user)(
        "coding_record_error", error_type="KeyError", message="x", stack_trace="y",
        file_path="shop.py", line_number=1, screenshot=picture,
    )  # fmt: skip
    assert done["read"]["by"] is None
    assert (user.asked, provider.asked) == ([], [])


def test_one_answer_of_a_user_is_no_answer_to_another_question() -> None:
    ask = answer_of(AcceptedElicitation(data=Approval(approve=True)))
    assert ask
    price = Estimate(operation="o", purpose="p", model="m", tokens_in=1, tokens_out=1, cost=0.5)
    assert ask(price) is True
    assert ask(price) is None
