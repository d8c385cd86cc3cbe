"""What made the workflow run: which commits to compare, and which pull request it is about."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from kagura_git.action.inputs import Inputs
from kagura_git.errors import UsageError

_COMMIT: Final = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_ZEROS: Final = re.compile(r"0+\Z")


@dataclass(frozen=True)
class Wanted:
    """A commit by the names it may be fetched by, its id or a revision first."""

    name: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """What to compare.

    Attributes:
        base: None where neither the inputs nor the event name one.
        number: of the pull request; None where the event is about none.
        fork: whether its branch lies in another repository, so that the token may only read.
    """

    base: Wanted | None
    head: Wanted
    number: int | None = None
    fork: bool = False


def target(given: Inputs) -> Target:
    """Return what to compare: what the inputs say, else what the event is about.

    Raises:
        UsageError: the event cannot be read.
    """
    found = _of_event(given, payload(given))
    base = Wanted(given.base, (f"refs/heads/{given.base}",)) if given.base else found.base
    head = Wanted(given.head, (f"refs/heads/{given.head}",)) if given.head else found.head
    return Target(base, head, found.number, found.fork)


def payload(given: Inputs) -> dict[str, Any]:
    """Return the event as GitHub tells it; empty where there is none.

    Raises:
        UsageError: the file is no JSON object.
    """
    if not given.event_path:
        return {}
    try:
        with open(given.event_path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"the event cannot be read: {error}", where="GITHUB_EVENT_PATH") from None
    if not isinstance(found, dict):
        raise UsageError("the event is no JSON object", where="GITHUB_EVENT_PATH")
    return found


def _of_event(given: Inputs, event: dict[str, Any]) -> Target:
    here = Wanted(given.sha or "HEAD")
    pull = event.get("pull_request")
    if isinstance(pull, dict):
        return _of_pull(pull)
    group = event.get("merge_group")
    if isinstance(group, dict):
        return Target(_commit(group.get("base_sha")), _commit(group.get("head_sha")) or here)
    before, after = _commit(event.get("before")), _commit(event.get("after"))
    if before is None and "before" in event:
        # A branch that is new: what the whole of it brings to the default one.
        name = _text(event.get("repository"), "default_branch")
        before = Wanted(name, (f"refs/heads/{name}",)) if name else None
    return Target(before, after or here)


def _of_pull(pull: dict[str, Any]) -> Target:
    number = pull.get("number")
    number = number if isinstance(number, int) else None
    base, head = _sides(pull)
    theirs = _text(head.get("repo"), "full_name")
    refs = (f"refs/pull/{number}/head",) if number is not None else ()
    under_review = _commit(head.get("sha"))
    if under_review is None:
        raise UsageError("the event names no head commit", where="GITHUB_EVENT_PATH")
    base_commit = _commit(base.get("sha"))
    branch = _text(base, "ref")
    return Target(
        base=Wanted(base_commit.name, (f"refs/heads/{branch}",)) if base_commit else None,
        head=Wanted(under_review.name, refs),
        number=number,
        # A fork that was deleted has no repository any more.
        fork=not theirs or theirs != _text(base.get("repo"), "full_name"),
    )


def _sides(pull: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    base, head = pull.get("base"), pull.get("head")
    return base if isinstance(base, dict) else {}, head if isinstance(head, dict) else {}


def _commit(value: object) -> Wanted | None:
    if isinstance(value, str) and _COMMIT.match(value) and not _ZEROS.match(value):
        return Wanted(value)
    return None


def _text(holder: object, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""
