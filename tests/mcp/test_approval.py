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
