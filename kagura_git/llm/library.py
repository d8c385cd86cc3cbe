"""The files that litellm brings, read without importing it: that takes three seconds."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from kagura_git.errors import MissingExtra


@cache
def folder() -> Path | None:
    """Return litellm's folder, or None if it is not installed."""
    spec = find_spec("litellm")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def required() -> Path:
    """Return litellm's folder; raises ``MissingExtra`` if it is not installed."""
    found = folder()
    if found is None:
        raise MissingExtra(
            "a language model needs litellm",
            hint='Install it: pip install "kagura-git[llm]"',
        )
    return found
