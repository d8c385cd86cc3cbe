"""``git kagura import`` and ``git kagura export`` as a person types them."""

from __future__ import annotations

import json

import pytest

from kagura_git.cli.app import run
from tests.adr.conftest import Shelf

TEXT = (
    "# 1. Use \x1b[31mRedis\n\nDate: 2021-03-04\n\n## Status\n\nAccepted\n\n## Decision\n\nYes.\n"
)


class Typed:
    """The program in one repository."""

    def __init__(self, shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
        self.shelf, self.capsys = shelf, capsys
        self.code = 0

    def __call__(self, *args: str) -> str:
        self.capsys.readouterr()
        self.code = run(["-C", str(self.shelf.box.top), *args])
        out, self.err = self.capsys.readouterr()
        return out


@pytest.fixture
def typed(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(shelf, capsys)


def test_import_as_json(typed: Typed) -> None:
    typed.shelf.put("0001-x.md", TEXT)
    typed.shelf.put("README.md", "# About\n")
    dry = json.loads(typed("import", "adr", "docs/adr", "--dry-run", "--json"))
    assert (dry["dry_run"], len(dry["imported"])) == (True, 1)
    done = json.loads(typed("import", "adr", "docs/adr", "--json"))
    assert typed.code == 0
    (item,) = done["imported"]
    assert item["path"].startswith(".kagura/decisions/2021-03/")
    assert (item["title"], item["status"], item["date_from"]) == (
        "Use Redis",
        "accepted",
        "the date it names",
    )
    assert done["skipped"] == [{"source": "docs/adr/README.md", "reason": "a README"}]
    again = json.loads(typed("import", "adr", "docs/adr", "--json"))
    assert (len(again["unchanged"]), again["imported"]) == (1, [])


def test_import_for_a_person(typed: Typed) -> None:
    typed.shelf.put("0001-x.md", TEXT)
    typed.shelf.put("0002-\x1b[2J.md", TEXT)
    out = typed("import", "adr", "docs/adr")
    assert out.endswith("1 imported, 0 updated, 0 unchanged, 1 skipped\n")
    assert "\x1b" not in out


def test_a_decision_tells_which_file_it_was_read_from(typed: Typed) -> None:
    typed.shelf.put("0001-x.md", TEXT.replace("Accepted", "Approved"))
    done = json.loads(typed("import", "adr", "docs/adr", "--json"))
    assert "Read from docs/adr/0001-x.md (Approved)" in typed(
        "decision", "show", done["imported"][0]["id"]
    )


def test_errors_of_import(typed: Typed) -> None:
    told = json.loads(typed("import", "adr", "docs/none", "--json"))
    assert (typed.code, told["error"]["message"]) == (1, "no such file or folder")
    typed("import", "adr")
    assert typed.code == 2


def test_export(typed: Typed) -> None:
    typed.shelf.put("0001-x.md", TEXT)
    typed("import", "adr", "docs/adr")
    assert json.loads(typed("export", "json"))["records"][0]["decision"] == "Use Redis"
    assert json.loads(typed("export", "json", "--json"))["schema"] == "kagura/export/1"
    assert typed("export", "csv", "--kind", "decision").startswith('"kind","id","title"')
    assert json.loads(typed("export", "csv", "--json"))["records"] == 1
    assert typed("export", "csv", "--output", "out.csv") == ""
    assert "1 records written to out.csv" in typed.err
    done = json.loads(typed("export", "adr", "--output", "decisions", "--json"))
    assert (done["folder"], len(done["written"])) == ("decisions", 1)
    typed("export", "adr", "--kind", "error")
    assert typed.code == 2
    typed("export", "xml")
    assert typed.code == 2
