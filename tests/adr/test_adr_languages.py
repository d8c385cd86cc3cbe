"""Decisions with their status in other languages, in tables, and with short dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kagura_git.services.adr import statuses
from kagura_git.services.adr.reading import Adr, is_ambiguous, read

BODY = "## Context\n\nHosts are many.\n\n## Decision\n\nOne tool tends them.\n"


def parsed(text: str, near: datetime | None = None, path: str = "docs/adr/0004-one-tool.md") -> Adr:
    found = read(text, path, near)
    assert isinstance(found, Adr), found
    return found


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Akzeptiert", "accepted"), ("Angenommen am 3. Mai", "accepted"), ("Entwurf", "proposed"),
        ("Verworfen", "rejected"), ("Abgelöst durch ADR-7", "superseded"),
        ("Accepté", "accepted"), ("ACCEPTÉE", "accepted"), ("accepte", "accepted"),
        ("Proposée", "proposed"), ("Rejetée", "rejected"), ("Obsolète", "superseded"),
        ("Remplace\u0301 par ADR-0012", "superseded"),
        ("Aceptada", "accepted"), ("Rechazado", "rejected"), ("Reemplazada", "superseded"),
        ("Aprovado", "accepted"), ("Substituído por 0012", "superseded"), ("Recusada", "rejected"),
        ("Accettata", "accepted"), ("Sostituito", "superseded"), ("Bozza", "proposed"),
        ("Geaccepteerd", "accepted"), ("Vervangen", "superseded"), ("Afgewezen", "rejected"),
        ("Zaakceptowany", "accepted"), ("Zastąpiony", "superseded"), ("Odrzucone", "rejected"),
        ("Godkänd", "accepted"), ("Föreslagen", "proposed"), ("Avslaget", "rejected"),
        ("Принято", "accepted"), ("ОТКЛОНЁН", "rejected"), ("Заменено на 7", "superseded"),
        ("承認済み", "accepted"), ("未承認", "proposed"), ("不採用", "rejected"),
        ("ADR-012に置き換え", "superseded"), ("廃止", "superseded"), ("提案中", "proposed"),
        ("已接受", "accepted"), ("被取代", "superseded"), ("已拒绝", "rejected"),
        ("未通过", "proposed"), ("승인됨", "accepted"), ("제안", "proposed"), ("기각", "rejected"),
        ("대체됨", "superseded"), ("✅ Accepted", "accepted"), ("**Superseded** ❌", "superseded"),
        ("[Accepted](https://example.org)", "accepted"), ("🟢 accepted", "accepted"),
        ("![Accepted](https://img.example.org/badge/status-accepted-green)", "accepted"),
    ],
)  # fmt: skip
def test_a_status_is_read_in_any_of_these_languages(word: str, status: str) -> None:
    assert statuses.read(word)[0] == status


@pytest.mark.parametrize("line", ["Status: {}", "- **Statut :** {}", "Статус: {}", "状態：{}"])
def test_the_name_of_the_field_may_be_of_another_language(line: str) -> None:
    said = line.format("Accepted")
    assert parsed(f"# One tool\n\n{said}\n\n{BODY}").status == "accepted"


@pytest.mark.parametrize(
    ("said", "near", "day"),
    [
        ("10/04/18", None, (2018, 4, 10)),
        ("10/04/18", (2018, 4, 12), (2018, 4, 10)),
        ("10/04/18", (2018, 10, 5), (2018, 10, 4)),
        ("18/04/10", (2018, 4, 12), (2018, 4, 10)),
        ("25/12/18", (2018, 1, 1), (2018, 12, 25)),
        ("12/25/18", None, (2018, 12, 25)),
        ("03.04.21", None, (2021, 4, 3)),
        ("18-04-10", (2018, 5, 1), (2018, 4, 10)),
        ("2021年3月4日", None, (2021, 3, 4)),
        ("2021년 3월 4일", None, (2021, 3, 4)),
    ],
)
def test_a_year_of_two_digits_is_read_by_what_is_near(
    said: str, near: tuple[int, int, int] | None, day: tuple[int, int, int]
) -> None:
    moment = datetime(*near, tzinfo=UTC) if near else None
    assert parsed(f"# One tool\n\nDate: {said}\n\n{BODY}", moment).date == datetime(
        *day, tzinfo=UTC
    )
    assert is_ambiguous(said) or said.startswith("2021")


def test_a_version_is_no_date() -> None:
    assert parsed(f"# One tool\n\nStatus: accepted in 1.2.10 and 3/4\n\n{BODY}").date is None


@pytest.mark.parametrize("line", ["Date 09/04/2018", "**Date** 9 April 2018", "- Date 2018-04-09"])
def test_a_date_may_lack_its_colon(line: str) -> None:
    found = parsed(f"# One tool\n\n{line}\n\nStatus accepted\n\n{BODY}")
    assert found.date == datetime(2018, 4, 9, tzinfo=UTC)
    assert found.status == "accepted"
    assert "2018" not in found.rationale


def test_text_that_begins_like_a_date_stays_text() -> None:
    found = parsed(f"# One tool\n\nDated tools are many.\n\nData: what hosts hold.\n\n{BODY}")
    assert "Dated tools are many." in found.rationale
    assert "Data: what hosts hold." in found.rationale
    assert found.date is None


TABLE = "| Status | Date | Author(s) |\n|:---|:---|---|\n| Accepted | 2025-01-16 | [@mk](x), Bo |\n"


@pytest.mark.parametrize("table", [TABLE, "".join(f"> {row}\n" for row in TABLE.splitlines())])
def test_a_table_under_a_header_says_status_date_and_authors(table: str) -> None:
    found = parsed(f"{table}\n{BODY}")
    assert (found.title, found.status) == ("One tool", "accepted")
    assert found.date == datetime(2025, 1, 16, tzinfo=UTC)
    assert found.authors == ("mk", "Bo")
    assert "Author(s)" not in found.rationale


def test_a_table_may_have_a_row_for_each_field() -> None:
    rows = "| | |\n|---|---|\n| **Status** | Accepted |\n| Date | 16/01/25 |\n| Author(s) | Bo |\n"
    found = parsed(f"# One tool\n\n{rows}\n{BODY}")
    assert (found.status, found.authors) == ("accepted", ("Bo",))
    assert found.date == datetime(2025, 1, 16, tzinfo=UTC)


def test_a_table_of_other_things_stays_text() -> None:
    table = "| Host | Date |\n|---|---|\n| a | b |\n"
    assert "| Host | Date |" in parsed(f"# One tool\n\n{table}\n{BODY}").rationale


@pytest.mark.parametrize(
    "outcome",
    ["We will follow option *C*.", "Option C.", "We choose C: build our own.",
     "Option retenue : « Build our own », parce que petit"],
)  # fmt: skip
def test_a_lettered_option_is_told_by_its_letter(outcome: str) -> None:
    options = "".join(
        f"#### {name}\n\nText.\n\n" for name in ("A: Adopt", "B: Embed", "C: Build our own")
    )
    found = parsed(f"### Possible solutions\n\n{options}## Decision\n\n{outcome}\n\n{BODY}")
    assert "Build our own" in f"{found.title} {found.chosen}"
    assert [name[:1] for name in found.alternatives] == ["A", "B"]


@pytest.mark.parametrize(
    "left_over",
    ["What is it, such as proposed, accepted, rejected or superseded?",
     "proposed, accepted, deprecated, etc.", "Proposed / Accepted / Superseded"],
)  # fmt: skip
def test_the_question_of_a_template_is_no_status(left_over: str) -> None:
    table = "| Status | Date |\n|---|---|\n| Accepted | 2023-11-01 |\n"
    found = parsed(f"# One tool\n\n## Status\n\n{left_over}\n\n{table}\n{BODY}")
    assert found.status == "accepted"
    assert found.date == datetime(2023, 11, 1, tzinfo=UTC)
    assert statuses.read(left_over)[0] is None
