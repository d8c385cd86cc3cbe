"""What ``doctor`` looks at where the user has named a language model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC

from kagura_git.errors import KaguraError
from kagura_git.llm import library
from kagura_git.llm.prices import price_of
from kagura_git.services.finding import Finding
from kagura_git.services.spending import ledger_of
from kagura_git.workspace import Workspace


def models(ws: Workspace, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Say whether each named model can be asked and priced, and what it may still cost."""
    said = ws.settings
    named = {name for name in (said.llm_model, said.vision_model) if name}
    if not named:
        return
    if library.folder() is None:
        yield Finding(
            "llm", "warning", "a language model is named, but litellm is not installed",
            'Install it: pip install "kagura-git[llm]"',
        )  # fmt: skip
        return
    for name in sorted(named):
        if price_of(name) is None:
            yield Finding(
                "llm", "warning", f"no price is known for {name}: it is asked only after approval",
                "Check its name, such as gpt-5-mini or gemini/gemini-2.5-flash.",
            )  # fmt: skip
    try:
        month = ledger_of(environ).month(f"{ws.now().astimezone(UTC):%Y-%m}")
    except KaguraError as error:
        yield Finding("llm", "error", f"{error.where}: {error.message}", error.hint)
        return
    if month.damaged:
        yield Finding(
            "llm", "warning",
            f"{len(month.damaged)} lines of this month's ledger cannot be read: what they cost "
            "is not counted",
            f"Look at {ledger_of(environ).folder}.",
        )  # fmt: skip
    if month.cost >= said.monthly_budget * said.warn_at / 100:
        yield Finding(
            "llm", "warning",
            f"${month.cost:.2f} of the month's ${said.monthly_budget:.2f} are spent",
            "`git kagura costs` shows on what.",
        )  # fmt: skip
    else:
        yield Finding("llm", "ok", f"{', '.join(sorted(named))}; ${month.cost:.2f} this month")
