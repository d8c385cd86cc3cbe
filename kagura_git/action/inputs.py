"""The step's inputs, parsed once: all come from the environment that ``action.yml`` sets."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from kagura_git.errors import UsageError
from kagura_git.services.review.report import RULES

# Whom comments of a workflow's own token come from.
_BOT: Final = "github-actions[bot]"
_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+\Z", re.ASCII)


@dataclass(frozen=True)
class Inputs:
    """What the workflow asks for, and where it runs.

    Attributes:
        base: the revision to compare with; empty: the event's.
        head: the revision under review; empty: the event's.
        rules: with ``strict``: only these rules count.
        author: who writes the comments: others' are never touched.
        first_wait: seconds before the first new attempt at the API.
    """

    mode: Literal["review", "relink"]
    base: str
    head: str
    strict: bool
    rules: tuple[str, ...]
    comment: bool
    token: str
    author: str
    server: str
    api: str
    repository: str
    event_name: str
    event_path: str
    sha: str
    folder: str
    reports: str
    first_wait: float
    environ: Mapping[str, str]


def read(environ: Mapping[str, str]) -> Inputs:
    """Return the inputs.

    Raises:
        UsageError: one of them is not what it must be.
    """
    mode = environ.get("INPUT_MODE") or "review"
    if mode not in ("review", "relink"):
        raise UsageError(f"no mode {mode!r}", hint="`review` or `relink`.", where="mode")
    rules = tuple(re.split(r"[\s,]+", environ.get("INPUT_RULES", "").strip(" ,\n\t")))
    rules = () if rules == ("",) else rules
    unknown = [name for name in rules if name not in RULES]
    if unknown:
        raise UsageError(
            f"no rule {unknown[0]!r}", hint=f"One of {', '.join(RULES)}.", where="rules"
        )
    repository = environ.get("GITHUB_REPOSITORY", "")
    if repository and not _REPOSITORY.match(repository):
        raise UsageError(f"not a repository: {repository!r}", where="GITHUB_REPOSITORY")
    return Inputs(
        mode="relink" if mode == "relink" else "review",
        base=environ.get("INPUT_BASE", "").strip(),
        head=environ.get("INPUT_HEAD", "").strip(),
        strict=_flag(environ, "strict", default=False),
        rules=rules,
        comment=_flag(environ, "comment", default=True),
        token=environ.get("INPUT_TOKEN", "").strip(),
        author=environ.get("INPUT_COMMENT_AUTHOR", "").strip() or _BOT,
        server=environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/"),
        api=environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
        repository=repository,
        event_name=environ.get("GITHUB_EVENT_NAME", ""),
        event_path=environ.get("GITHUB_EVENT_PATH", ""),
        sha=environ.get("GITHUB_SHA", ""),
        folder=environ.get("GITHUB_WORKSPACE") or os.getcwd(),
        reports=_reports(environ),
        first_wait=float(environ.get("KAGURA_ACTION_WAIT") or 1),
        environ=environ,
    )


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    given = environ.get(f"INPUT_{name.upper()}", "").strip().lower()
    if given not in ("", "true", "false"):
        raise UsageError(f"neither true nor false: {given!r}", where=name)
    return given == "true" if given else default


def _reports(environ: Mapping[str, str]) -> str:
    above = environ.get("RUNNER_TEMP")
    return os.path.join(above, "kagura-git-review") if above else tempfile.mkdtemp(prefix="kagura")
