"""An error as its caller gave it, completed by what a screenshot of it says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kagura_git.errors import KaguraError

if TYPE_CHECKING:
    from kagura_git.llm.operation import Purse

# What callers write where they leave it to the picture.
_LEFT_OPEN: Final = frozenset(
    {"", "unknown", "see screenshot", "see the screenshot", "see picture", "screenshot", "n/a",
     "none", "unknown error"}
)  # fmt: skip
_FIELDS: Final = ("error_type", "message", "file_path", "line_number", "stack_trace")
_ALSO: Final = ("visible_code", "suggested_cause")


@dataclass
class Completed:
    """The fields of an error, and who read the picture (``model``, ``ocr`` or nobody)."""

    fields: dict[str, Any]
    read_by: str | None = None
    reason: str = ""
    llm: dict[str, Any] | None = None


def completed(purse: Purse, given: dict[str, Any], screenshot: str, folder: str) -> Completed:
    """Return an error with what its caller left open read from the screenshot.

    A picture that cannot be read is no reason not to record the error: ``reason`` says why.
    """
    open_ = left_open(given)
    if not open_:
        return Completed(given)
    from kagura_git.services import screens

    try:
        seen = screens.screenshot(purse, picture_path(screenshot, folder))
    except KaguraError as error:
        return Completed(_said(given), None, f"{error.message}. {error.hint}".strip())
    read = {name: getattr(seen.found, name) for name in (*open_, *_ALSO)}
    fields = given | {name: value for name, value in read.items() if value}
    llm = None if seen.outcome.status == "no_model" else seen.outcome.to_dict()
    return Completed(_said(fields), seen.by or None, seen.reason, llm)


def left_open(given: Mapping[str, Any]) -> list[str]:
    """Return the fields of an error that its caller leaves to the picture."""
    return [name for name in _FIELDS if _is_open(given.get(name))]


def picture_path(screenshot: str, folder: str) -> str:
    """Return the path of a picture that is named from a folder."""
    return os.path.join(folder, os.path.expanduser(screenshot))


def _is_open(value: Any) -> bool:
    return not value or (isinstance(value, str) and value.strip().lower() in _LEFT_OPEN)


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with a word for what nobody could read."""
    return fields | {"error_type": fields.get("error_type") or "Unknown"}
