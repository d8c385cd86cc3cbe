"""``git kagura picture``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import click

from kagura_git.cli.model_lines import model_lines
from kagura_git.cli.output import Answer, App, command, indented, styled


@click.group()
def picture() -> None:
    """Read what a picture says: a diagram, or code."""


@command(picture)
@click.argument("file", metavar="F")
@click.option("--approve", is_flag=True, help="Approve what the vision model costs.")
def diagram(app: App, file: str, approve: bool) -> Answer:
    """Read an architecture diagram: components, relationships, data flow, decisions."""
    data = app.memory.analyze_architecture_diagram(_path(app, file), approve=approve)
    return Answer(data, [*_diagram(data), *_by(data, "git kagura picture diagram F --approve")])


@command(picture)
@click.argument("file", metavar="F")
@click.option("--approve", is_flag=True, help="Approve what the vision model costs.")
def code(app: App, file: str, approve: bool) -> Answer:
    """Copy source code out of a picture."""
    data = app.memory.extract_code(_path(app, file), approve=approve)
    return Answer(data, [indented(data["code"]), *_by(data, "git kagura picture code F --approve")])


def _path(app: App, file: str) -> str:
    return os.path.join(app.folder, os.path.expanduser(file))


def _diagram(data: Mapping[str, Any]) -> Iterator[str]:
    if data["architecture_pattern"]:
        yield styled("b", data["architecture_pattern"])
    for name in ("components", "technologies", "data_flow", "decisions"):
        if data[name]:
            yield styled("b", name.replace("_", " "))
            yield from (f"  {item}" for item in data[name])
    if data["relationships"]:
        yield styled("b", "relationships")
        for line in data["relationships"]:
            yield f"  {line['source']} -> {line['target']}: {line['label']}"


def _by(data: dict[str, Any], approve: str) -> Iterator[str]:
    if data["read_by"] == "ocr":
        yield styled("d", "read letter by letter (OCR): look it through")
    elif data["read_by"] is None:
        yield styled("y", f"not read: {data['reason']}")
    yield from model_lines(data, approve)
