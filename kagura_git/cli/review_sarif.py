"""A review as SARIF 2.1.0, for code scanning.

What records say is data: neither a placeholder nor a link of a SARIF message,
nor a control character, comes out of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from kagura_git.cli.review_help import HELP
from kagura_git.model.printable import one_line
from kagura_git.services.review.report import RULES, Finding, Report
from kagura_git.version import __version__

SCHEMA_URI: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
# GitHub refuses a file with more.
_MOST_RESULTS: Final = 25_000
_ROOT: Final = "%SRCROOT%"
_CATEGORY: Final = "kagura-git/review"
# What has no file of its own is told of the repository's settings: a result without a
# location is not shown.
_WHOLE: Final = "kagura.toml"
# At most one of each for a record (or for the whole change), in words that tell counts and
# names of the moment: the words are left out of what makes such a finding the same again.
_ONE_EACH: Final = {
    "conflict", "deleted", "edited-accepted", "governed", "history", "merge-conflict",
    "no-alternatives", "recurring", "unexplained",
}  # fmt: skip
_NO_FIXED_PLACE: Final = {"governed", "history", "unexplained"}
_NUMBER: Final = re.compile(r"\b\d+\b")
_PROBLEM: Final = {"error": "error", "warning": "warning", "note": "recommendation"}


def sarif(report: Report, remote: str | None = None) -> dict[str, Any]:
    """Return a review as the SARIF document.

    Args:
        remote: the address of the repository, as git has it; passwords are left out.
    """
    shown = report.findings[:_MOST_RESULTS]
    run: dict[str, Any] = {
        "tool": {"driver": _driver()},
        "automationDetails": {"id": f"{_CATEGORY}/{report.head}"},
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The top of the repository's work tree."}}
        },
        "invocations": [_invocation(len(report.findings) - len(shown))],
        "results": list(_results(shown)),
    }
    address = public_address(remote) if remote else None
    if address:
        run["versionControlProvenance"] = [
            {
                "repositoryUri": address,
                "revisionId": report.head,
                "mappedTo": {"uriBaseId": _ROOT},
            }
        ]
    return {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}


def public_address(remote: str) -> str | None:
    """Return a remote's address as a URI without user, password or query; None for a path."""
    scheme, mark, rest = remote.strip().partition("://")
    if not mark:
        # What scp takes: [user@]host:path; a path of this machine has its slash first.
        host, colon, path = remote.strip().partition(":")
        if not colon or "/" in host or not path or path[0] in ":\\":
            return None
        scheme, rest = "ssh", f"{host}/{path.lstrip('/')}"
    if scheme not in ("http", "https", "ssh", "git"):
        return None
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not name:
        return None
    place = f"[{name}]" if ":" in name else quote(name, safe="")
    shown = f"{place}:{port}" if port else place
    return f"{scheme}://{shown}{_quoted(parts.path)}"


def fingerprint(finding: Finding) -> str:
    """Return what stays the same of a finding while other lines and files are edited."""
    words = "" if finding.rule in _ONE_EACH else _NUMBER.sub("#", finding.message)
    place = "" if finding.rule in _NO_FIXED_PLACE else finding.path or ""
    parts = (finding.rule, finding.record or "", "" if finding.record else place, words)
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:32]


def numbered(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """Yield findings with fingerprints of which no two are equal."""
    seen: dict[str, int] = {}
    for finding in findings:
        name = fingerprint(finding)
        seen[name] = seen.get(name, 0) + 1
        yield finding, f"{name}:{seen[name]}"


def _driver() -> dict[str, Any]:
    return {
        "name": "kagura-git",
        "version": __version__,
        "rules": [_rule(name) for name in RULES],
    }


def _rule(name: str) -> dict[str, Any]:
    severity, said = RULES[name]
    help_ = HELP.get(name, said)
    return {
        "id": name,
        "shortDescription": {"text": said},
        "fullDescription": {"text": said},
        "help": {"text": help_.replace("`", ""), "markdown": f"**{name}**: {said}\n\n{help_}\n"},
        "defaultConfiguration": {"level": severity},
        "properties": {"tags": ["decisions"], "problem.severity": _PROBLEM[severity]},
    }


def _invocation(left_out: int) -> dict[str, Any]:
    found: dict[str, Any] = {"executionSuccessful": True}
    if left_out:
        told = f"{left_out} more findings are left out: a file holds {_MOST_RESULTS} at most."
        found["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": told}}]
    return found


def _results(findings: Sequence[Finding]) -> Iterator[dict[str, Any]]:
    index = {name: number for number, name in enumerate(RULES)}
    for finding, mark in numbered(findings):
        physical: dict[str, Any] = {
            "artifactLocation": {"uri": _quoted(finding.path or _WHOLE), "uriBaseId": _ROOT}
        }
        if finding.path and finding.line and finding.line > 0:
            physical["region"] = {"startLine": finding.line}
        yield {
            "ruleId": finding.rule,
            "ruleIndex": index[finding.rule],
            "level": finding.severity,
            "message": {"text": _text(finding)},
            "locations": [{"physicalLocation": physical}],
            # GitHub reads the first name; the second says what it is.
            "partialFingerprints": {"primaryLocationLineHash": mark, "kaguraFinding/v1": mark},
        }


def _text(finding: Finding) -> str:
    said = one_line(finding.message, 2000)
    said = f"{said}." if said[-1:] not in (".", "!", "?", "…") else said
    text = f"{said} {one_line(finding.mend, 2000)}".rstrip()
    # A placeholder is written with single braces, a link as [text](target).
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")


def _quoted(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"), safe="/-._~")
