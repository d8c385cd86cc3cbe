"""A review as SARIF: valid, within what code scanning takes, the same finding the same again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from kagura_git.cli.review_sarif import fingerprint, public_address, sarif
from kagura_git.services.review.report import RULES, Finding, Reasons, Report, finding
from tests.cli.conftest import Shell, new_shell, shell
from tests.review.conftest import Desk

__all__ = ["new_shell", "shell"]

# As it stands in oasis-tcs/sarif-spec, sarif-2.1/schema/.
_HERE = Path(__file__).parents[1] / "data" / "sarif-schema-2.1.0.json"
SCHEMA = Path(os.environ.get("KAGURA_SARIF_SCHEMA") or _HERE)
HOSTILE = "[x](http://e.org) {0} {{1}} \x1b[31m \u202e \udc80 ::error::x\n##[error]y"


def report(*findings: Finding) -> Report:
    return Report(
        base="b" * 40, head="a" * 40, merge_base=None, commits=1, decisions=[], governing=[],
        pairs=[], contradictions=[], conflicts=[], errors=[], findings=list(findings),
        reasons=Reasons(files=0, explained=0, told=[], unexplained=[]),
    )  # fmt: skip


def run_of(*findings: Finding, remote: str | None = None) -> Any:
    return sarif(report(*findings), remote)["runs"][0]


def every_rule() -> list[Finding]:
    return [
        finding(rule, f"{rule} {HOSTILE}", "Do `this`.", path="src/ä b%.py", line=3, record="D-1")
        for rule in RULES
    ]


@pytest.fixture
def valid() -> Draft4Validator:
    if not SCHEMA.exists():
        pytest.skip("no schema: KAGURA_SARIF_SCHEMA may name a copy from oasis-tcs/sarif-spec")
    return Draft4Validator(json.loads(SCHEMA.read_text()), format_checker=FormatChecker())


@pytest.mark.parametrize("remote", [None, "https://me:pw@host.example/o/n.git", "h:o/n.git"])
def test_it_is_as_the_official_schema_says(valid: Draft4Validator, remote: str | None) -> None:
    without_place = finding("history", "history is missing")
    found = sarif(report(*every_rule(), without_place), remote)
    valid.validate(json.loads(json.dumps(found)))
    valid.validate(sarif(report(), remote))


def test_a_real_review_is_as_the_official_schema_says(valid: Draft4Validator, desk: Desk) -> None:
    desk.branch()
    desk.decide(related_files=["gone.py"])
    desk.box.commit("work", **{"src/app.py": "1\n", "src/a b#ü.py": "1\n"})
    found = sarif(desk.report())
    valid.validate(found)
    rules = {result["ruleId"] for result in found["runs"][0]["results"]}
    assert {"broken-link", "no-alternatives", "unexplained"} <= rules


def test_it_has_no_property_that_the_standard_does_not_know() -> None:
    known = {
        "automationDetails", "artifactLocation", "defaultConfiguration", "description", "driver",
        "executionSuccessful", "fullDescription", "help", "id", "invocations", "kaguraFinding/v1",
        "level", "locations", "mappedTo", "markdown", "message", "name", "originalUriBaseIds",
        "partialFingerprints", "physicalLocation", "primaryLocationLineHash",
        "problem.severity", "properties", "region", "repositoryUri", "results", "revisionId",
        "ruleId", "ruleIndex", "rules", "runs", "shortDescription", "startLine", "tags", "text",
        "tool", "uri", "uriBaseId", "version", "versionControlProvenance", "$schema", "%SRCROOT%",
    }  # fmt: skip

    def names(value: Any) -> set[str]:
        if isinstance(value, dict):
            return {*value, *(name for item in value.values() for name in names(item))}
        return (
            {name for item in value for name in names(item)} if isinstance(value, list) else set()
        )

    assert names(sarif(report(*every_rule()), "https://host.example/o/n")) == known


def test_what_code_scanning_requires_is_there() -> None:
    run = run_of(*every_rule(), finding("history", "history is missing"))
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] == RULES[rule["id"]][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"]
    assert run["automationDetails"]["id"] == f"kagura-git/review/{'a' * 40}"


def test_a_place_is_a_relative_uri_with_its_line_where_one_is_known() -> None:
    found = [
        finding("invalid", "x", path="src/ä b%#?:{}.py", line=7),
        finding("invalid", "x", path="a\udc80"),
        finding("invalid", "x", path="a", line=0),
        finding("history", "x"),
    ]
    places = [result["locations"][0]["physicalLocation"] for result in run_of(*found)["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == [
        "src/%C3%A4%20b%25%23%3F%3A%7B%7D.py", "a%80", "a", "kagura.toml",
    ]  # fmt: skip
    assert [place.get("region") for place in places] == [{"startLine": 7}, None, None, None]
    assert {place["artifactLocation"]["uriBaseId"] for place in places} == {"%SRCROOT%"}


def test_what_records_say_is_no_link_placeholder_or_control_character() -> None:
    text = run_of(finding("duplicate", HOSTILE, "Do it."))["results"][0]["message"]["text"]
    assert "](" not in text
    assert "{{0}} {{{{1}}}}" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\n" not in text


def test_a_finding_stays_the_same_when_lines_and_counts_move() -> None:
    one = finding("governed", "this changes a.py, which D-1 governs", path="a.py", record="D-1")
    two = finding(
        "governed", "this changes 0.py and 3 more, which D-1 governs", path="0.py", line=9,
        record="D-1",
    )  # fmt: skip
    assert fingerprint(one) == fingerprint(two)
    left = finding("unexplained", "1 of 2 files: a", path="a")
    assert fingerprint(left) == fingerprint(finding("unexplained", "3 of 9: b, a", path="b"))
    broken = finding("invalid", "no value in line 3", path="a.yaml", line=3)
    moved = finding("invalid", "no value in line 40", path="a.yaml", line=40)
    assert fingerprint(broken) == fingerprint(moved)


def test_two_findings_are_never_the_same_one() -> None:
    found = [
        finding("broken-link", "D-1 names a, which is not there", path="r", record="D-1"),
        finding("broken-link", "D-1 names b, which is not there", path="r", record="D-1"),
        finding("broken-link", "D-1 names b, which is not there", path="r", record="D-1"),
        finding("governed", "x", path="r", record="D-1"),
        finding("governed", "x", path="r", record="D-2"),
    ]
    marks = [
        result["partialFingerprints"]["primaryLocationLineHash"]
        for result in run_of(*found)["results"]
    ]
    assert len(set(marks)) == len(marks)
    alone = run_of(found[1])["results"][0]["partialFingerprints"]["primaryLocationLineHash"]
    assert alone == marks[1]


def test_more_findings_than_a_file_may_hold_are_counted() -> None:
    one = finding("history", "x")
    run = run_of(*[one] * 25_003)
    assert len(run["results"]) == 25_000
    told = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert told.startswith("3 more findings")


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://host.example/o/n.git", "https://host.example/o/n.git"),
        ("https://user:pa%20ss@host.example:8443/o/n", "https://host.example:8443/o/n"),
        ("https://token@host.example/o/n?key=1#x", "https://host.example/o/n"),
        ("git@host.example:o/n.git", "ssh://host.example/o/n.git"),
        ("ssh://git@host.example:22/o/n é", "ssh://host.example:22/o/n%20%C3%A9"),
        ("https://u:p@[::1]:80/x", "https://[::1]:80/x"),
        ("/srv/git/n.git", None),
        ("../n", None),
        ("C:\\code\\n", None),
        ("file:///srv/n", None),
        ("ext::sh -c x", None),
        ("https://host:port/x", None),
        ("https:///x", None),
        ("", None),
    ],
)
def test_an_address_shows_no_credentials_and_no_path_of_this_machine(
    remote: str, shown: str | None
) -> None:
    assert public_address(remote) == shown


def test_the_command_prints_one_document_and_json_stays_the_review(shell: Shell) -> None:
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "set up")
    shell.git("branch", "base")
    shell.commit("app.py", "1\n")
    shell.git("remote", "add", "origin", "https://me:hunter2@host.example/o/n.git")
    text = shell("review", "base...HEAD", "--format", "sarif")
    found = json.loads(text)
    assert "hunter2" not in text
    (provenance,) = found["runs"][0]["versionControlProvenance"]
    assert provenance["repositoryUri"] == "https://host.example/o/n.git"
    assert provenance["revisionId"] == shell.git("rev-parse", "HEAD")
    assert shell.code == 0
    shell("review", "base...HEAD", "--format", "sarif", "--strict", "--rule", "unexplained")
    assert shell.code == 1
    assert shell.json("review", "base...HEAD", "--format", "sarif")["schema"] == "kagura/review/1"
