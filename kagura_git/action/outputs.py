"""What the step leaves for others: its outputs, its report files, the job summary."""

from __future__ import annotations

import os
from collections.abc import Mapping

from kagura_git.action import log
from kagura_git.action.inputs import Inputs
from kagura_git.cli.review_github import add_summary, command
from kagura_git.errors import KaguraError


def write(given: Inputs, name: str, text: str) -> str:
    """Write a report file and return its path.

    Raises:
        KaguraError: it cannot be written.
    """
    path = os.path.join(given.reports, name)
    try:
        os.makedirs(given.reports, exist_ok=True)
        with open(path, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise KaguraError(f"cannot be written: {error.strerror}", where=path) from None
    return path


def set_outputs(given: Inputs, values: Mapping[str, object]) -> None:
    """Set the step's outputs; outside a workflow nothing happens.

    Raises:
        KaguraError: the file cannot be written.
    """
    path = given.environ.get("GITHUB_OUTPUT")
    if not path:
        return
    lines = [f"{name}={value}\n" for name, value in values.items()]
    if any(line.count("\n") != 1 or "\r" in line for line in lines):
        raise KaguraError("an output of several lines", where="RUNNER_TEMP")
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        raise KaguraError(f"cannot be written: {error.strerror}", where="GITHUB_OUTPUT") from None


def summarise(given: Inputs, text: str) -> None:
    """Append a text to the job summary; where there is none or it is full, that is said."""
    path = given.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        if not add_summary(path, text):
            log.say("the job summary is full: the report file has the review")
    except KaguraError as error:
        log.say(log.brief(error))


def warn(given: Inputs, text: str) -> None:
    """Say something that whoever set the workflow up should see, without failing."""
    log.command(command("warning", text, title="kagura-git"))
    summarise(given, f"_{_plain(text)}_\n")


def inform(given: Inputs, text: str) -> None:
    """Say something that is as it should be."""
    log.say(text)
    summarise(given, f"_{_plain(text)}_\n")


def _plain(said: str) -> str:
    from kagura_git.cli.review_markdown import text

    return text(said)
