"""A review as GitLab's code quality report."""

from __future__ import annotations

from typing import Any, Final

from kagura_git.cli.review_sarif import numbered
from kagura_git.model.printable import one_line
from kagura_git.services.review.report import Report

_SEVERITIES: Final = {"error": "critical", "warning": "major", "note": "info"}
# Every entry needs a file; what is about the whole change is told of the settings.
_WHOLE: Final = "kagura.toml"


def code_quality(report: Report) -> list[dict[str, Any]]:
    """Return the findings in the form that GitLab documents for tools of one's own."""
    return [
        {
            "description": f"{one_line(found.message, 2000)}. {one_line(found.mend, 2000)}".strip(),
            "check_name": f"kagura-git/{found.rule}",
            "fingerprint": mark,
            "severity": _SEVERITIES[found.severity],
            "location": {
                "path": found.path or _WHOLE,
                # A line is required too.
                "lines": {"begin": found.line if found.path and found.line else 1},
            },
        }
        for found, mark in numbered(report.findings)
    ]
