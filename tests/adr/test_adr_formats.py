"""Each format that teams write decisions in, told by small examples."""

from __future__ import annotations

import pytest

from kagura_git.services.adr import reading
from kagura_git.services.adr.reading import Adr

NYGARD = """# 7. Keep sessions in Redis

Date: 2021-03-04

## Status

Accepted

## Context

Sessions are lost at every deployment.

## Decision

We will keep them in Redis.

## Consequences

One more service to run.
"""
MADR_2 = """# Which queue do we use?

* Status: accepted
* Deciders: Ada, Grace
* Date: 2022-01-05

Technical Story: #12

## Context and Problem Statement

Jobs get lost.

## Decision Drivers <!-- optional -->

* No new service

## Considered Options

* RabbitMQ
* PostgreSQL with `SKIP LOCKED`
* Do nothing

## Decision Outcome

Chosen option: "PostgreSQL with `SKIP LOCKED`", because it is there already.

### Positive Consequences <!-- optional -->

* Nothing to install

### Negative Consequences <!-- optional -->

* Polling

## Pros and Cons of the Options <!-- optional -->

### RabbitMQ

* Good, because it is fast
* Bad, because it is one more service

### PostgreSQL with `SKIP LOCKED`

* Good, because it is there
"""
MADR_4 = """---
# These are optional metadata elements.
status: "accepted"
date: 2024-07-01
decision-makers: [Ada Lovelace, Grace Hopper]
consulted: Security
tags:
  - build
  - java
---
# Build with Gradle

## Context and Problem Statement

Maven is slow here.

<!-- This is an optional element. -->
## Considered Options

1. Stay with Maven
2. Gradle
3. Bazel

## Decision Outcome

Chosen option: "Gradle", because the team knows it.

### Consequences

* Good, because builds are incremental
* Bad, because two languages

### Confirmation

The build server runs it.

## More Information

Discussed in the weekly.
"""
LOG4BRAINS = """# Use Lunr for search

- Status: draft
- Deciders: Ada
- Date: 2020-11-03
- Tags: search, web

## Context and Problem Statement

Pages must be found.

## Considered Options

- Option 1: Fuse.js
- Option 2: Lunr.js

## Decision Outcome

Chosen option: "Option 2: Lunr.js".

## Links

- Supersedes [20200101-no-search](20200101-no-search.md)
"""


def read(text: str, path: str = "docs/adr/0001-x.md") -> Adr:
    found = reading.read(text, path)
    assert isinstance(found, Adr), found
    return found


def test_nygard() -> None:
    adr = read(NYGARD)
    assert adr.title == "Keep sessions in Redis"
    assert (adr.status, f"{adr.date:%F}") == ("accepted", "2021-03-04")
    assert adr.rationale == "Sessions are lost at every deployment.\n\nWe will keep them in Redis."
    assert adr.impact == "One more service to run."
    assert adr.alternatives == ()


def test_madr_2() -> None:
    adr = read(MADR_2)
    assert adr.title == "Which queue do we use?"
    assert adr.chosen == "PostgreSQL with `SKIP LOCKED`"
    assert adr.alternatives == (
        "RabbitMQ: Good, because it is fast; Bad, because it is one more service",
        "Do nothing",
    )
    assert adr.status == "accepted"
    assert adr.deciders == ("Ada", "Grace")
    assert "Drivers:\n\n* No new service" in adr.rationale
    assert "because it is there already." in adr.rationale
    assert "Polling" not in adr.rationale
    assert "Nothing to install" in adr.impact
    assert "Negative Consequences:\n\n* Polling" in adr.impact


def test_madr_4() -> None:
    adr = read(MADR_4)
    assert (adr.title, adr.chosen) == ("Build with Gradle", "")
    assert adr.alternatives == ("Stay with Maven", "Bazel")
    assert adr.deciders == ("Ada Lovelace", "Grace Hopper")
    assert adr.tags == ("build", "java")
    assert f"{adr.date:%F}" == "2024-07-01"
    assert adr.impact.startswith("* Good, because builds are incremental")
    assert "The build server runs it." in adr.rationale
    assert "optional" not in adr.rationale
    assert "not kept: consulted Security" in adr.notes


def test_log4brains() -> None:
    adr = read(LOG4BRAINS, "docs/adr/20201103-use-lunr.md")
    assert (adr.status, adr.status_word) == ("proposed", "draft")
    assert adr.alternatives == ("Option 1: Fuse.js",)
    assert adr.tags == ("search", "web")
    assert [ref.target for ref in adr.links.supersedes] == ["20200101-no-search.md"]


@pytest.mark.parametrize("marks", ["", "**"])
def test_a_y_statement(marks: str) -> None:
    adr = read(
        "# Sessions in Redis\n\nStatus: accepted\n\n"
        f"{marks}In the context of{marks} the web shop,\n"
        f"{marks}facing{marks} lost sessions, {marks}we decided for{marks} Redis\n"
        f"{marks}and neglected{marks} files, a database or cookies,\n"
        f"{marks}to achieve{marks} deployments without logouts,\n"
        f"{marks}accepting{marks} one more service.\n"
    )
    assert adr.title == "Sessions in Redis"
    assert adr.alternatives == ("files", "a database", "cookies")
    assert adr.rationale == "In the context of the web shop, facing lost sessions."
    assert "To achieve deployments without logouts." in adr.impact
    assert "Accepting one more service." in adr.impact


def test_a_y_statement_without_a_heading_is_named_by_what_was_decided() -> None:
    adr = read(
        "In the context of the shop, facing slow pages, we decided for a cache "
        "to achieve speed, accepting stale prices.\n"
    )
    assert adr.title == "A cache"


def test_restructured_text() -> None:
    adr = read(
        "3. Optional fields\n==================\n\nStatus\n------\n\n**Accepted** *2023-05-11*\n\n"
        "Context\n-------\n\nFields may be missing.\n\nDecision\n--------\n\nThey are None.\n\n"
        "Consequences\n------------\n\nNone is a value.\n\nRejected Alternatives\n"
        "---------------------\n\n* Two classes\n* A marker\n",
        "docs/decisions/0003-optional.rst",
    )
    assert adr.title == "Optional fields"
    assert (adr.status, f"{adr.date:%F}", adr.date_from) == ("accepted", "2023-05-11", "its status")
    assert adr.alternatives == ("Two classes", "A marker")
    assert adr.impact == "None is a value."


def test_asciidoc() -> None:
    adr = read(
        "= ADR-4: Use Kafka\n:status: rejected\n:date: 2019-02-03\n\n== Context\n\nEvents.\n\n"
        "== Decision\n\nNo Kafka.\n",
        "adr/0004-kafka.adoc",
    )
    assert (adr.title, adr.status) == ("Use Kafka", "rejected")
    assert adr.rationale == "Events.\n\nNo Kafka."


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("# ADR 14: Political content", "Political content"),
        ("# ADR-0014 - Political content", "Political content"),
        ("# [ADR-14] Political content", "Political content"),
        ("# 14. Political content", "Political content"),
        ("# Architecture Decision Record: Political content", "Political content"),
        ("# ADR link resolver", "ADR link resolver"),
        ("# Decision for an engine", "Decision for an engine"),
        ("# 2FA for everybody", "2FA for everybody"),
        ("# Use [Redis](https://redis.io) **now**", "Use Redis now"),
    ],
)
def test_a_title_loses_its_number_and_nothing_else(heading: str, title: str) -> None:
    assert read(f"{heading}\n\n## Decision\n\nYes.\n").title == title


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Accepted", "accepted"), ("Approved by the board", "accepted"), ("Draft", "proposed"),
        ("{ accepted }", "accepted"), ("Declined", "rejected"), ("Deprecated", "superseded"),
        ("Superseded by [ADR 9](0009-y.md)", "superseded"),
        ("Accepted\n\nSupersedes [ADR 2](0002-y.md)", "accepted"),
        ("Accepted\n\nSuperceded by [ADR 9](0009-y.md)", "superseded"),
        ("Accepted; partially superseded by ADR 9", "accepted"),
        ("2020-01-01 proposed\n\n2020-02-01 accepted", "accepted"),
        ("proposed | accepted | rejected", None), ("Ask Ada", None),
    ],
)  # fmt: skip
def test_statuses(said: str, status: str | None) -> None:
    assert read(f"# X\n\n## Status\n\n{said}\n\n## Decision\n\nYes.\n").status == status


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("Date: 2016-02-12", "2016-02-12"), ("Date: 12/02/2016", "2016-02-12"),
        ("Date: 25.12.2016", "2016-12-25"), ("Date: 12/25/2016", "2016-12-25"),
        ("* Date: 3rd of March 2020", "2020-03-03"), ("**Date**: March 3, 2020", "2020-03-03"),
        ("| Date | 2020/3/3 |", "2020-03-03"),
    ],
)  # fmt: skip
def test_dates(said: str, day: str) -> None:
    found = read(f"# X\n\n{said}\n\n## Decision\n\nYes.\n").date
    assert f"{found:%F}" == day


def test_the_date_may_stand_in_the_name() -> None:
    adr = read("# X\n\n## Decision\n\nYes.\n", "docs/adr/20200927-x.md")
    assert (f"{adr.date:%F}", adr.date_from) == ("2020-09-27", "its name")


@pytest.mark.parametrize(
    ("outcome", "left"),
    [
        ('Chosen option: "B, the second", because x.', ["Alpha", "C"]),
        ("Chosen option: **2. B, the second** as it is short.", ["Alpha", "C"]),
        ("Chosen option 3, since it is new.", ["Alpha", "B, the second"]),
        ("We decided to go with Alpha. B is slow.", ["B, the second", "C"]),
        ("Something else.", ["Alpha", "B, the second", "C"]),
    ],
)
def test_the_chosen_option_is_no_alternative(outcome: str, left: list[str]) -> None:
    adr = read(
        "# X\n\n## Considered Options\n\n1. Alpha\n2. B, the second\n3. C\n\n"
        f"## Decision Outcome\n\n{outcome}\n"
    )
    assert list(adr.alternatives) == left
    told = "which of the options was chosen could not be told" in adr.notes
    assert told == (len(left) == 3)


def test_options_may_be_headings() -> None:
    adr = read(
        "# X\n\n## Considered Options\n\n### Option 1: Keep it\n\nAs it is.\n\n"
        "### Option 2: Drop it (chosen)\n\nGone.\n\n## Decision Outcome\n\nSee above.\n"
    )
    assert adr.alternatives == ("Option 1: Keep it",)


def test_code_is_no_heading_and_a_comment_says_nothing() -> None:
    adr = read(
        "# X\n\n## Decision\n\n```sh\n# not a heading\n<!-- kept -->\n```\n\n<!--\n## Status\n"
        "rejected\n-->\n"
    )
    assert adr.status is None
    assert "# not a heading\n<!-- kept -->" in adr.rationale
    assert "rejected" not in adr.rationale


def test_sections_that_have_no_place_are_named() -> None:
    adr = read("# X\n\n## Decision\n\nYes.\n\n## Rollout plan\n\nSlowly.\n")
    assert adr.notes == ("not kept: 1 other sections (Rollout plan)",)


def test_what_is_no_decision_is_told_from_one() -> None:
    assert reading.read("# Guide\n\n## Install\n\nRun it.\n", "docs/guide.md") == (
        "no section that says what was decided"
    )
    form = '# [short title]\n\n## Decision Outcome\n\nChosen option: "[option 1]", because [x]\n'
    assert reading.read(form, "docs/form.md") == "a template"


@pytest.mark.parametrize(
    ("said", "older", "newer"),
    [
        ("Superseded: [9](0009-y.md)", [], [9]),
        ("Superseded. Issue #148 pointed out that 0.5 is too slow.", [], []),
        ("Superseded by 9", [], [9]),
        ("Supersedes 0003, 4 of it by hand", [3], []),
        ("Accepted 2020-01-01; replaces ADR-3 and ADR 4", [3, 4], []),
        ("Partially supersedes [3](0003-y.md)", [], []),
        ("Superseded by https://example.org/adr/0009-y.md", [], [9]),
        ("Amended by [9](0009-y.md)", [], []),
    ],
)
def test_links_are_told_from_other_numbers(said: str, older: list[int], newer: list[int]) -> None:
    links = read(f"# X\n\n## Status\n\n{said}\n\n## Decision\n\nYes.\n").links
    assert [ref.number for ref in links.supersedes] == older
    assert [ref.number for ref in links.superseded_by] == newer


@pytest.mark.parametrize("name", ["0012-use-templates.md", "adr-014-project-templates.md"])
def test_a_decision_about_templates_is_one(name: str) -> None:
    assert read("# Templates\n\n## Decision\n\nYes.\n", f"docs/adr/{name}").title == "Templates"
