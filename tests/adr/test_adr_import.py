"""Importing a folder: once, again, after edits on either side, linked, and hostile."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from kagura_git.errors import Conflict, KaguraError, NotFound
from kagura_git.memory import SyncCodingMemory
from kagura_git.services import decisions
from kagura_git.services.adr import importing
from tests.adr.conftest import Shelf
from tests.git_repo import Sandbox

ADR = "# {0}. {1}\n\nDate: 2021-03-04\n\n## Status\n\n{2}\n\n## Decision\n\nWe do it.\n"


def adr(number: int, title: str, status: str = "Accepted") -> str:
    return ADR.format(number, title, status)


def marks(shelf: Shelf) -> dict[str, bytes]:
    files = sorted((shelf.box.top / ".kagura").rglob("*.yaml"))
    return {str(file): file.read_bytes() for file in files}


def test_a_decision_is_recorded_with_where_it_came_from(shelf: Shelf) -> None:
    found = shelf.one(adr(1, "Use Redis", "Approved by Ada"))
    assert (found.decision, found.status) == ("Use Redis", "accepted")
    assert found.imported_status == "Approved by Ada"
    assert found.imported_from == "docs/adr/0001-x.md"
    assert found.imported_blob == shelf.box.out("hash-object", "docs/adr/0001-x.md")
    assert f"{found.created_at:%F}" == "2021-03-04"
    assert found.project_id == "repo"


def test_importing_again_changes_nothing(shelf: Shelf) -> None:
    shelf.put("0001-x.md", adr(1, "Use Redis"))
    shelf.put("0002-y.md", adr(2, "Use files", "Accepted\n\nSupersedes [1](0001-x.md)"))
    assert len(shelf.take().imported) == 2
    before = marks(shelf)
    again = shelf.take()
    assert (again.imported, again.updated, len(again.unchanged)) == ([], [], 2)
    assert marks(shelf) == before


def test_two_clones_give_a_file_the_same_id(shelf: Shelf, another: Callable[[str], Shelf]) -> None:
    other = another("elsewhere/repo")
    for one in (shelf, other):
        one.put("0001-x.md", adr(1, "Use Redis"))
    assert shelf.take().imported[0].id == other.take().imported[0].id


def test_a_dry_run_only_tells(shelf: Shelf) -> None:
    shelf.put("0001-x.md", adr(1, "Use Redis"))
    report = shelf.take(dry_run=True)
    assert report.dry_run
    assert [done.title for done in report.imported] == ["Use Redis"]
    assert shelf.all() == {}


def test_an_edited_file_updates_what_changed(shelf: Shelf) -> None:
    first = shelf.one(adr(1, "Use Redis", "Proposed"))
    shelf.put("0001-x.md", adr(1, "Use Redis", "Accepted") + "\n## Consequences\n\nA service.\n")
    (done,) = shelf.take().updated
    assert done.fields == ["status", "impact"]
    now = shelf.all()["0001-x.md"]
    assert (now.id, now.status, now.impact) == (first.id, "accepted", "A service.")
    assert shelf.take().updated == []


def test_what_a_person_edited_is_left_alone(shelf: Shelf) -> None:
    first = shelf.one(adr(1, "Use Redis", "Proposed"))
    mine = replace(first, rationale="My own words.", tags=["mine"])
    shelf.memory.store(mine.id, mine)
    decisions.review(shelf.memory.ws, mine.id, "rejected")
    text = adr(1, "Use Valkey", "Accepted").replace("We do it.", "We do it now.")
    shelf.put("0001-x.md", text)
    (done,) = shelf.take().updated
    assert (done.fields, done.kept) == (["decision"], ["status", "rationale"])
    now = shelf.all()["0001-x.md"]
    assert (now.decision, now.rationale) == ("Use Valkey", "My own words.")
    assert (now.status, now.tags) == ("rejected", ["mine"])
    again = shelf.take()
    assert [item.kept for item in again.unchanged] == [["status", "rationale"]]


def test_a_moved_file_keeps_its_record(shelf: Shelf) -> None:
    first = shelf.one(adr(1, "Use Redis"))
    (shelf.box.top / "docs/adr/0001-x.md").rename(shelf.box.top / "docs/adr/0007-x.md")
    (done,) = shelf.take().updated
    assert (done.id, done.fields) == (first.id, ["imported_from"])


def test_a_file_that_is_gone_leaves_its_record(shelf: Shelf) -> None:
    first = shelf.one(adr(1, "Use Redis"))
    os.unlink(shelf.box.top / "docs/adr/0001-x.md")
    shelf.put("0002-y.md", adr(2, "Use files"))
    assert shelf.take().gone == [first.id]
    assert "0001-x.md" in shelf.all()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Superseded by [2. Use files](0002-y.md)", "Accepted"),
        ("Accepted", "Accepted\n\nSupersedes [1. Use Redis](0001-x.md)"),
        ("Superseded by ADR-0002", "Accepted, supersedes ADR 1"),
        ("Superseded by 2", "Accepted"),
    ],
)
def test_a_link_holds_in_both_directions(shelf: Shelf, old: str, new: str) -> None:
    shelf.put("0001-x.md", adr(1, "Use Redis", old))
    shelf.put("0002-y.md", adr(2, "Use files", new))
    shelf.take()
    first, second = shelf.all()["0001-x.md"], shelf.all()["0002-y.md"]
    assert (first.status, first.superseded_by) == ("superseded", second.id)
    assert (second.status, second.supersedes) == ("accepted", [first.id])


def test_a_later_file_supersedes_one_that_is_not_read_again(shelf: Shelf) -> None:
    first = shelf.one(adr(1, "Use Redis"))
    path = shelf.put("0002-y.md", adr(2, "Use files", "Accepted\n\nSupersedes [1](0001-x.md)"))
    report = shelf.take(path)
    assert [done.id for done in report.updated] == [first.id]
    assert shelf.all()["0001-x.md"].superseded_by == shelf.all()["0002-y.md"].id
    assert shelf.take("docs/adr/0001-x.md").updated == []
    assert shelf.take().updated == []


def test_what_is_only_proposed_ends_nothing(shelf: Shelf) -> None:
    shelf.put("0001-x.md", adr(1, "Use Redis"))
    shelf.put("0002-y.md", adr(2, "Use files", "Proposed\n\nSupersedes [1](0001-x.md)"))
    shelf.take()
    assert shelf.all()["0001-x.md"].status == "accepted"
    assert shelf.all()["0002-y.md"].supersedes == [shelf.all()["0001-x.md"].id]


def test_two_that_supersede_each_other_make_no_circle(shelf: Shelf) -> None:
    shelf.put("0001-x.md", adr(1, "Use Redis", "Accepted\n\nSupersedes [2](0002-y.md)"))
    shelf.put("0002-y.md", adr(2, "Use files", "Accepted\n\nSupersedes [1](0001-x.md)"))
    report = shelf.take()
    assert any("name each other" in note for done in report.imported for note in done.notes)
    found = shelf.all().values()
    assert len([record for record in found if record.superseded_by]) == 1


def test_a_link_that_leads_nowhere_is_told(shelf: Shelf) -> None:
    shelf.put("0001-x.md", adr(1, "Use Redis", "Superseded by [9](0009-z.md)"))
    (done,) = shelf.take().imported
    assert done.notes == ["superseded by '9', which was not found"]
    assert (shelf.all()["0001-x.md"].status, shelf.all()["0001-x.md"].superseded_by) == (
        "superseded",
        None,
    )


def test_without_a_date_the_first_commit_tells_it_and_the_author(shelf: Shelf) -> None:
    shelf.put("old-name.md", "# Use Redis\n\n## Decision\n\nWe do it.\n")
    shelf.box.run("add", "-A")
    who = {"GIT_AUTHOR_DATE": "2020-05-06T07:08:09+02:00", "GIT_AUTHOR_NAME": "Grace"}
    shelf.box.run("commit", "-q", "-m", "one", **who)
    shelf.box.run("mv", "docs/adr/old-name.md", "docs/adr/0001-x.md")
    shelf.box.run("commit", "-q", "-m", "two")
    (done,) = shelf.take().imported
    found = shelf.all()["0001-x.md"]
    assert (f"{found.created_at:%FT%T}", done.date_from) == ("2020-05-06T05:08:09", "git")
    assert found.author == "Grace <ada@example.org>"


def test_a_file_is_followed_to_the_folder_it_came_from(shelf: Shelf) -> None:
    shelf.put("x.md", "# X\n\n## Decision\n\nWe do it.\n", "notes/old")
    shelf.box.run("add", "-A")
    shelf.box.run("commit", "-q", "-m", "one", GIT_AUTHOR_DATE="2019-01-02T00:00:00Z")
    for old, new in (("notes/old/x.md", "notes/x.md"), ("notes/x.md", "docs/adr/0001-x.md")):
        (shelf.box.top / new).parent.mkdir(parents=True, exist_ok=True)
        shelf.box.run("mv", old, new)
        shelf.box.run("commit", "-q", "-m", "moved")
    shelf.take("docs")
    assert f"{shelf.all()['0001-x.md'].created_at:%F}" == "2019-01-02"


def test_history_that_is_cut_off_dates_nothing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("0001-x.md", "# X\n\n## Decision\n\nWe do it.\n")
    shelf.box.run("add", "-A")
    shelf.box.run("commit", "-q", "-m", "one")
    shelf.box.run("commit", "-q", "-m", "two", "--allow-empty")
    shelf.box.run("clone", "-q", "--depth=1", f"file://{shelf.box.top}", str(tmp_path / "shallow"))
    (done,) = shelf.take(str(tmp_path / "shallow" / "docs")).imported
    assert done.date_from == "the file's own time"


def test_what_a_merge_could_not_decide_is_settled_by_the_file(shelf: Shelf) -> None:
    first = shelf.one(adr(1, "Use Redis"))
    disputed = {"imported_blob": ["a", "b"], "decision": ["Use Redis", "Use files"], "tags": ["x"]}
    shelf.memory.store(first.id, replace(first, conflicts=disputed))
    shelf.put("0001-x.md", adr(1, "Use Valkey"))
    shelf.take()
    assert shelf.all()["0001-x.md"].conflicts == {"tags": ["x"]}


def test_an_ambiguous_date_is_the_one_near_the_first_commit(shelf: Shelf) -> None:
    shelf.put("0001-x.md", "# X\n\nDate: 03/04/2020\n\n## Decision\n\nWe do it.\n")
    shelf.box.run("add", "-A")
    shelf.box.run("commit", "-q", "-m", "one", GIT_AUTHOR_DATE="2020-03-05T10:00:00Z")
    shelf.take()
    assert f"{shelf.all()['0001-x.md'].created_at:%F}" == "2020-03-04"


def test_without_a_status_it_is_what_the_caller_says(shelf: Shelf) -> None:
    shelf.put("0001-x.md", "# X\n\n## Decision\n\nWe do it.\n")
    report = shelf.take(status="accepted")
    assert report.imported[0].notes == ["no status: accepted"]
    assert shelf.all()["0001-x.md"].status == "accepted"


def test_what_is_no_decision_is_skipped_with_a_reason(shelf: Shelf) -> None:
    for name in ("README.md", "index.md", "adr-template.md", "guide.md"):
        shelf.put(name, "# About\n\n## Decision\n\nx\n" if name != "guide.md" else "# Guide\n")
    shelf.put("form.md", "# {short title}\n\n## Decision Outcome\n\nx\n")
    shelf.put("picture.png", b"\x89PNG")
    report = shelf.take()
    assert {item.source.rpartition("/")[2]: item.reason for item in report.skipped} == {
        "README.md": "a README",
        "adr-template.md": "a template",
        "form.md": "a template",
        "guide.md": "no section that says what was decided",
        "index.md": "an index",
    }
    assert report.imported == []


def test_a_folder_a_decision(shelf: Shelf) -> None:
    shelf.put("README.md", adr(1, "Use Redis"), "docs/adr/2021-03-04-redis")
    assert [done.title for done in shelf.take().imported] == ["Use Redis"]


def test_a_folder_outside_the_repository(shelf: Shelf, another: Callable[[str], Shelf]) -> None:
    other = another("elsewhere/shop")
    other.put("0001-x.md", adr(1, "Use Redis"))
    (done,) = shelf.take(str(other.box.top / "docs")).imported
    assert done.source == "../shop/docs/adr/0001-x.md"
    assert str(other.box.top) not in str(marks(shelf))


def test_files_that_cannot_be_read_have_a_reason(shelf: Shelf) -> None:
    shelf.put("0001-binary.md", b"# X\0\1\2")
    shelf.put("0002-huge.md", b"# X\n" + b"x" * 300_000)
    shelf.put("0003-latin.md", "# Caf\xe9\n\n## Decision\n\nx\n".encode("latin-1"))
    shelf.put("0004-utf16.md", adr(4, "Café").encode("utf-16"))
    os.mkfifo(shelf.box.top / "docs/adr/0005-pipe.md")
    os.symlink("/etc/passwd", shelf.box.top / "docs/adr/0006-link.md")
    os.symlink("/etc", shelf.box.top / "docs/adr/folder")
    os.makedirs(shelf.box.top / "docs/adr/0007-folder.md")
    shelf.put("0008-empty.md", b"")
    shelf.put("0009-\x1b[31m.md", adr(9, "Red"))
    (shelf.box.top / os.fsdecode(b"docs/adr/0010-\xff.md")).write_text(adr(10, "Byte"))
    report = shelf.take()
    reasons = {item.source.rpartition("/")[2][:6]: item.reason for item in report.skipped}
    assert reasons == {
        "0001-b": "binary data, not text",
        "0002-h": "larger than 256 KiB",
        "0003-l": "not UTF-8 text",
        "0005-p": "no regular file",
        "0006-l": "a symbolic link",
        "0008-e": "no section that says what was decided",
        "0009-\x1b": "its name is not plain text",
        "0010-?": "its name is not plain text",
    }
    assert [done.title for done in report.imported] == ["Café"]


@pytest.mark.parametrize(
    "text",
    [
        "# X\n\n## Decision\n\n" + "> " * 20_000 + "x\n",
        "# X\n\n## Decision\n\n" + "- " * 20_000 + "x\n",
        "# X\n\n## Considered Options\n\n" + "* [" * 20_000 + "\n\n## Decision\n\nx\n",
        "# X\n\n## Status\n\n" + "superseded by " * 10_000 + "\n\n## Decision\n\nx\n",
        "# X\n\n## Decision\n\nChosen option: " + '"' * 50_000 + "\n",
        "in the context of facing we decided " * 6_000,
        "---\n" + "status: [" * 20_000 + "\n---\n# X\n\n## Decision\n\nx\n",
        "# " + "*_" * 40_000 + "\n\n## Decision\n\nx\n",
        "# X\n\n## Decision\n\n" + "<!-- " * 40_000 + "\n",
        "# X\n" + "Status: \\\n" * 20_000 + "\n## Decision\n\nx\n",
        "# X\n\n## Decision\n\n" + "`a <" * 40_000,
        "".join(f"# {n}\n\n## Decision\n\nx\n\n" for n in range(5_000)),
    ],
    ids=range(12),
)
@pytest.mark.timeout(60)
def test_hostile_text_is_read_in_bounded_time(shelf: Shelf, text: str) -> None:
    shelf.put("0001-x.md", text[:250_000])
    report = shelf.take()
    assert len(report.imported) + len(report.skipped) == 1


def test_secrets_are_taken_out_and_controls_too(shelf: Shelf) -> None:
    token = "ghp_" + "a1B2" * 9
    text = adr(1, "Use \x1b[31mRedis").replace("We do it.", f"With {token}.")
    shelf.put("0001-x.md", text)
    report = shelf.take()
    assert report.redacted == ["github-token"]
    assert token not in str(marks(shelf))
    found = shelf.all()["0001-x.md"]
    assert (found.decision, found.rationale) == ("Use Redis", "With [redacted:github-token].")
    assert shelf.take().updated == []


def test_a_broken_record_is_not_written_over(shelf: Shelf) -> None:
    shelf.one(adr(1, "Use Redis"))
    (file,) = (shelf.box.top / ".kagura/decisions").rglob("*.yaml")
    file.write_text("broken: [")
    (skipped,) = shelf.take().skipped
    assert "cannot be read" in skipped.reason
    assert file.read_text() == "broken: ["


def test_a_path_that_is_not_there_is_an_error(shelf: Shelf) -> None:
    with pytest.raises(NotFound, match="no such file"):
        shelf.take("docs/none")
    with pytest.raises(KaguraError):
        shelf.take("a\0b")


def test_nothing_is_imported_before_init(box: Sandbox) -> None:
    box.write("docs/adr/0001-x.md", adr(1, "Use Redis"))
    memory = SyncCodingMemory(box.top, environ=box.env)
    with pytest.raises(Conflict, match="not set up"):
        importing.run(memory.ws, "docs/adr", str(box.top))
