"""The prompts, one file each: its version, then what the model is told."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple


class Prompt(NamedTuple):
    """What a model is told for one operation; ``version`` is kept with what it answers."""

    name: str
    version: str
    text: str


@cache
def prompt(name: str) -> Prompt:
    """Return a prompt by the name of its file."""
    text = resources.files(__name__).joinpath(f"{name}.md").read_text("utf-8")
    head, _, body = text.partition("\n\n")
    return Prompt(name, head.removeprefix("version: ").strip(), body.strip())
