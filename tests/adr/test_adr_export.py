"""Decisions out as files and back, and records as tables."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kagura_git.errors import Conflict, KaguraError
from kagura_git.model.mapping import to_mapping
from kagura_git.model.records import Decision
from kagura_git.services.adr import exported, exporting, markdown, tables
from tests.adr.conftest import Shelf
from tests.record_strategies import decision, decisions

_LINES = st.sampled_from(
    ["# Heading", "## Decision Outcome", "Title", "=====", "---", "* item", "  more", "1. one",
     "```", "    code", "<script>alert(1)</script>", "a <b> c & d &lt;", "\\# no heading", "",
     "Chosen option: \"x\", because", "> quoted", "| a | b |", "[x]: http://x", "<!--", "plain"]
)  # fmt: skip
_MARKDOWN = st.lists(_LINES, min_size=1, max_size=8).map("\n".join).filter(str.strip)
_documents = st.builds(
    lambda text, why, others, impact: decision(
        decision=text, rationale=why, alternatives=others, impact=impact
    ),
    _MARKDOWN,
    _MARKDOWN,
    st.lists(_MARKDOWN, max_size=3),
    st.none() | _MARKDOWN,
)


def carried(record: Decision) -> object:
    """Return what an exported file can carry of a decision."""
    bare = replace(
        record, extra={}, conflicts={}, imported_fields={}, imported_from=None,
        imported_blob=None, imported_status=None,
    )  # fmt: skip
    return to_mapping(bare)


@given(decisions | _documents)
def test_a_decision_comes_back_from_its_file(record: Decision) -> None:
    found = exported.read_back(exported.text_of(record))
    assert found is not None
    assert carried(found) == carried(record)


@given(_documents)
def test_texts_end_no_section_and_hold_no_html(record: Decision) -> None:
    body = exported.text_of(record).split("\n---\n\n", 1)[1]
    named = [(heading.level, heading.title) for heading in markdown.headings(body)]
    named = [one for one in named if one != (2, "Context and Problem Statement")]
    ends = [(3, "Consequences")] if record.impact else []
    assert named[1:] == [(2, "Considered Options"), (2, "Decision Outcome"), *ends]
    assert not markdown.html_lines(body)


def test_a_file_reads_like_one_of_madr() -> None:
    record = decision(
        decision="Use JWT", rationale="Stateless", alternatives=["Sessions", "mTLS"],
        impact="Tokens live on", status="accepted", tags=["auth"],
    )  # fmt: skip
    lines = exported.text_of(record).split("\n")
    assert lines[:5] == [
        "---",
        "status: accepted",
        "date: 2026-03-01",
        'decision-makers: "Ada <ada@example.org>"',
        'tags: ["auth"]',
    ]
    assert lines[7:] == [
        "", "# Use JWT", "", "## Considered Options", "", "* Use JWT", "* Sessions", "* mTLS", "",
        "## Decision Outcome", "", 'Chosen option: "Use JWT", because', "", "Stateless", "",
        "### Consequences", "", "Tokens live on", "",
    ]  # fmt: skip
    assert '"exact"' not in "\n".join(lines)


def test_the_first_paragraph_of_several_is_the_context() -> None:
    text = exported.text_of(decision(rationale="Jobs get lost.\n\nIt is there already.\n\n* yes"))
    assert "## Context and Problem Statement\n\nJobs get lost.\n\n## Considered" in text
    assert "because\n\nIt is there already.\n\n* yes\n" in text
    assert '"exact"' not in text


def decide(shelf: Shelf, text: str = "Use JWT", **more: object) -> str:
    return str(shelf.memory.record_decision(text, "Stateless", **more).id)  # type: ignore[arg-type]


def out(shelf: Shelf, output: str | None = None, **options: bool) -> exporting.ExportReport:
    return exporting.run(shelf.memory.ws, output, str(shelf.box.top), **options)


def test_an_export_goes_round_over_another_repository(
    shelf: Shelf, another: Callable[[str], Shelf]
) -> None:
    old = decide(shelf, alternatives=["Sessions"], impact="Long", tags=["a"], confidence=0.5)
    decide(shelf, "Use mTLS\n\nEverywhere.", supersedes=old, related_files=["src"])
    out(shelf)
    other = another("other/repo")
    report = other.take(str(shelf.box.top / "docs/adr"))
    assert len(report.imported) == 2
    ours = {r.id: carried(r) for r in shelf.all().values()}
    theirs = {r.id: carried(r) for r in other.all().values()}
    assert ours == theirs
    assert other.take(str(shelf.box.top / "docs/adr")).updated == []


def test_a_second_export_writes_nothing_and_a_change_one_file(shelf: Shelf) -> None:
    name = decide(shelf)
    decide(shelf, "Use mTLS")
    first = out(shelf)
    assert (first.folder, len(first.written)) == ("docs/adr", 2)
    assert first.written[0].startswith(f"{name}-use-jwt")
    again = out(shelf)
    assert (again.written, len(again.unchanged)) == ([], 2)
    shelf.memory.store(name, replace(shelf.all()[name], decision="Use PASETO"))
    assert out(shelf).written == [first.written[0]]


def test_files_of_others_and_edited_ones_are_left_alone(shelf: Shelf) -> None:
    name = decide(shelf)
    (file,) = out(shelf).written
    shelf.memory.store(name, replace(shelf.all()[name], impact="More"))
    path = shelf.box.top / "docs/adr" / file
    path.write_text(path.read_text().replace("Stateless", "Edited"))
    (skipped,) = out(shelf).skipped
    assert skipped.reason.startswith("edited since")
    path.write_text("mine")
    (skipped,) = out(shelf).skipped
    assert skipped.reason.startswith("a file of others")
    assert path.read_text() == "mine"
    assert out(shelf, force=True).written == [file]


def test_a_decision_is_not_exported_beside_the_file_it_came_from(shelf: Shelf) -> None:
    shelf.one("# X\n\n## Decision\n\nYes.\n")
    (skipped,) = out(shelf).skipped
    assert skipped.reason == "read from docs/adr/0001-x.md"
    assert out(shelf, "elsewhere").written != []


def test_an_exported_file_is_not_imported_where_its_record_is(shelf: Shelf) -> None:
    name = decide(shelf)
    out(shelf)
    (skipped,) = shelf.take().skipped
    assert skipped.reason == f"exported from {name}, which is here"


def test_an_export_does_not_leave_the_repository_by_a_link(shelf: Shelf) -> None:
    decide(shelf)
    (shelf.box.top / "docs").mkdir()
    os.symlink("/tmp", shelf.box.top / "docs/adr")
    with pytest.raises(KaguraError, match="out of the repository"):
        out(shelf)


def test_a_file_that_was_edited_by_hand_gives_what_it_says_now() -> None:
    text = exported.text_of(decision(rationale="Stateless\n# not a heading"))
    assert '"exact"' not in text
    found = exported.read_back(text.replace("Stateless", "Small").replace("proposed", "accepted"))
    assert found is not None
    assert (found.rationale, found.status) == ("Small\n# not a heading", "accepted")


def test_json_holds_every_record_in_a_stable_order(shelf: Shelf) -> None:
    name = decide(shelf)
    shelf.memory.record_error("ValueError", "no")
    found = tables.records(shelf.memory.ws)
    data = json.loads(tables.text_of(found, "json"))
    assert data["schema"] == "kagura/export/1"
    assert [row["kind"] for row in data["records"]] == ["decision", "error"]
    assert data["records"][0]["id"] == name
    assert [r.kind for _, r in tables.records(shelf.memory.ws, ["error"])] == ["error"]
    assert tables.text_of(found, "json") == tables.text_of(found[:], "json")


def test_csv_runs_nothing_in_a_spreadsheet(shelf: Shelf) -> None:
    decide(shelf, '=HYPERLINK("http://x","y")', alternatives=["a, b", '"c"'], impact="@SUM(1)\n+2")
    rows = list(csv.DictReader(io.StringIO(tables.table(tables.records(shelf.memory.ws)))))
    assert rows[0]["decision"] == '\'=HYPERLINK("http://x","y")'
    assert rows[0]["impact"] == "'@SUM(1)\n+2"
    assert json.loads(rows[0]["alternatives"]) == ["a, b", '"c"']
    assert rows[0]["confidence"] == "0.8"


@given(st.lists(decisions, min_size=1, max_size=3))
def test_csv_keeps_every_row_and_no_cell_is_a_formula(found: list[Decision]) -> None:
    text = tables.table([("x.yaml", record) for record in found])
    header, *rows = csv.reader(io.StringIO(text))
    assert len(rows) == len(found)
    assert all(len(row) == len(header) for row in rows)
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row
    )


def test_a_table_is_not_written_over_a_file_of_others(shelf: Shelf) -> None:
    shelf.box.write("out.csv", "mine")
    found = tables.records(shelf.memory.ws, ["decision"])
    place, tree = str(shelf.box.top), shelf.memory.ws.repo.tree
    with pytest.raises(Conflict, match="no export wrote"):
        tables.save(tables.text_of(found, "csv"), "csv", "out.csv", place, tree)
    tables.save(tables.text_of(found, "csv"), "csv", "out.csv", place, tree, force=True)
    tables.save(tables.text_of(found, "csv"), "csv", "out.csv", place, tree)
    tables.save(tables.text_of(found, "json"), "json", "out.json", place, tree)
    tables.save(tables.text_of(found, "json"), "json", "out.json", place, tree)
