"""The mode ``review``: annotations, a job summary, report files, one comment."""

from __future__ import annotations

from typing import Any

from kagura_git.action import clone, log, outputs
from kagura_git.action.api import Api, ApiError
from kagura_git.action.comment import post
from kagura_git.action.event import Target, target
from kagura_git.action.inputs import Inputs
from kagura_git.cli.review import signatures_required, verdict
from kagura_git.cli.review_github import commands, link_base
from kagura_git.cli.review_markdown import markdown
from kagura_git.cli.review_sarif import sarif
from kagura_git.git.run import Git
from kagura_git.model.printable import json_text
from kagura_git.services.review import Report
from kagura_git.services.review import review as reviewed


def review(given: Inputs) -> int:
    """Review what the event or the inputs name; returns 1 where strict rules find something.

    Raises:
        KaguraError: the commits cannot be had, or a file cannot be written.
    """
    wanted = target(given)
    environ = clone.environment(given)
    ws = clone.workspace(given, environ)
    git = ws.repo.git
    address = clone.remote(git)
    base, head = clone.compared(git, address, wanted)
    noted = clone.take_in_notes(ws, address)
    required = "unsigned" in given.rules or signatures_required(git, base, environ)
    report = reviewed(git, base, head, signatures_required=required)
    text = markdown(report, link_base(given.environ, head))
    for line in commands(report.findings):
        log.command(line)
    outputs.summarise(given, text)
    if not noted:
        outputs.warn(given, "the notes could not be fetched: recorded reasons may be missing")
    outputs.set_outputs(given, _files(given, git, address, report, text))
    _comment(given, wanted, report, text)
    code = verdict(report, given.strict, given.rules)
    if code:
        log.say("strict: the step fails because of what was found")
    return code


def _files(given: Inputs, git: Git, address: str, report: Report, text: str) -> dict[str, object]:
    import msgspec

    data: Any = msgspec.to_builtins(report)
    code_scanning = sarif(report, git.config(f"remote.{address}.url"))
    return {
        "findings": len(report.findings),
        "report": outputs.write(given, "review.json", json_text(data, indent=2)),
        "sarif": outputs.write(given, "review.sarif", json_text(code_scanning, indent=2)),
        "markdown": outputs.write(given, "review.md", text),
    }


def _comment(given: Inputs, wanted: Target, report: Report, text: str) -> None:
    if not given.comment or wanted.number is None:
        return
    if not given.token or not given.repository:
        outputs.warn(given, "no comment: the step has no token")
        return
    api = Api(given.api, given.token, given.first_wait)
    try:
        done = post(
            api, given.repository, wanted.number, text, given.author, empty=_is_empty(report)
        )
    except ApiError as error:
        _explain(given, wanted, error)
    else:
        log.say(f"comment {done.what} {done.url}")


def _is_empty(report: Report) -> bool:
    told = (report.decisions, report.governing, report.conflicts, report.errors, report.findings)
    return not any(told) and not report.reasons.told


def _explain(given: Inputs, wanted: Target, error: ApiError) -> None:
    """Say why there is no comment; the review stands in the job summary all the same."""
    if error.status in (403, 404) and not error.passing and wanted.fork:
        outputs.inform(
            given,
            "No comment: this pull request comes from a fork, for which the workflow's token "
            "can only read. The review stands here.",
        )
    elif error.status in (403, 404) and not error.passing:
        outputs.warn(
            given,
            "No comment: the token may not write one. The job needs `permissions: "
            f"pull-requests: write`. GitHub said: {error.message}",
        )
    elif error.status == 401:
        outputs.warn(given, f"No comment: the token is not valid. GitHub said: {error.message}")
    else:
        outputs.warn(given, f"No comment: GitHub's API failed: {error.message}")
