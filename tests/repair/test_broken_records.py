"""Records that a text merge broke: conflict markers, fields twice, two files for one record."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from team import ID, Team, opened

from kagura_git.memory import SyncCodingMemory
from kagura_git.services.repair import repair
from kagura_git.store import codec


def with_markers(team: Team) -> None:
    """Leave both sides in one file, as a careless `git add` and commit do."""
    team.edit_on("side", impact="Theirs", confidence=0.5)
    team.edit(impact="Ours", tags=["storage"])
    team.merge(ok=False)
    team.box.run("add", team.path)
    assert b"<<<<<<<" in (team.box.top / team.path).read_bytes()


def is_merged(team: Team) -> bool:
    record = team.now()
    kept = sorted(record.conflicts["impact"]) == ["Ours", "Theirs"]
    return kept and (record.confidence, record.tags) == (0.5, ["storage"])


def test_markers_that_were_committed(team: Team) -> None:
    with_markers(team)
    team.box.run("commit", "-q", "--no-verify", "-m", "oops")
    (done,) = team.repair()
    assert is_merged(team)
    assert "conflict markers" in done.wrong
    assert team.status() == f"M  {team.path}"
    assert team.repair() == []
    team.box.run("commit", "-q", "-m", "repaired")
    assert team.repair() == []


def test_markers_that_were_staged_while_the_merge_waits(team: Team) -> None:
    with_markers(team)
    assert len(team.repair()) == 1
    assert is_merged(team)
    assert team.at("") == team.now()


def test_markers_below_later_commits(team: Team) -> None:
    with_markers(team)
    team.box.run("commit", "-q", "--no-verify", "-m", "oops")
    for number in range(3):
        team.box.commit("work", code=f"{number}\n")
    assert len(team.repair()) == 1
    assert is_merged(team)


def test_markers_of_a_merge_older_than_those_looked_at(team: Team) -> None:
    with_markers(team)
    team.box.run("commit", "-q", "--no-verify", "-m", "oops")
    assert len(team.repair(merges=[])) == 1
    assert is_merged(team)


def test_markers_that_a_stash_left(team: Team) -> None:
    """No merge commit tells of it: the file's own two sides do."""
    ws = team.ws
    ws.save(replace(team.now(), impact="Stashed"), team.path)
    team.box.run("stash", "-q")
    team.edit(impact="Committed")
    team.box.run("stash", "pop", "-q", ok=False)
    team.box.run("add", team.path)
    assert len(team.repair()) == 1
    assert sorted(team.now().conflicts["impact"]) == ["Committed", "Stashed"]


def test_what_somebody_has_resolved_between_the_markers_stays(team: Team) -> None:
    with_markers(team)
    file = team.box.top / team.path
    file.write_text(file.read_text().replace("Many readers", "Many readers, one writer"))
    assert len(team.repair()) == 1
    assert is_merged(team)
    assert "one writer" in team.now().rationale


def test_markers_in_the_diff3_style(team: Team) -> None:
    team.box.run("config", "merge.conflictStyle", "diff3")
    with_markers(team)
    team.box.run("commit", "-q", "--no-verify", "-m", "oops")
    assert len(team.repair()) == 1
    assert is_merged(team)


def doubled_field(team: Team) -> None:
    """Add one field at two places: git merges the lines, and both stay.

    Written by hand, a field may stand anywhere; far enough apart the two
    additions are no conflict for git.
    """
    lines = (team.box.top / team.path).read_text().splitlines(keepends=True)
    team.on("side")
    team.box.write(team.path, "".join([*lines, "impact: Theirs\n"]))
    team.box.commit("impact below")
    team.on("main")
    at = next(n for n, line in enumerate(lines) if line.startswith("decision:"))
    team.box.write(team.path, "".join([*lines[:at], "impact: Ours\n", *lines[at:]]))
    team.box.commit("impact above")
    team.merge()
    assert (team.box.top / team.path).read_text().count("impact:") == 2


def test_a_field_that_stands_twice_after_a_clean_merge(team: Team) -> None:
    doubled_field(team)
    (done,) = team.repair()
    assert sorted(team.now().conflicts["impact"]) == ["Ours", "Theirs"]
    assert "stands twice" in done.wrong
    assert team.repair() == []


def test_a_field_that_stands_twice_without_a_merge_keeps_both_values(team: Team) -> None:
    text = (team.box.top / team.path).read_text() + "impact: a\nimpact: b\n"
    team.box.write(team.path, text)
    assert len(team.repair()) == 1
    assert sorted(team.now().conflicts["impact"]) == ["a", "b"]


def test_a_record_that_nothing_can_be_read_from_is_left_to_a_person(team: Team) -> None:
    team.box.write(team.path, "<<<<<<< ours\nnot yaml: [\n=======\n]\n>>>>>>> theirs\n")
    before = (team.box.top / team.path).read_bytes()
    assert not any(item.done for item in team.repair())
    assert (team.box.top / team.path).read_bytes() == before


def test_a_shallow_clone_keeps_a_broken_record_and_says_why(team: Team, tmp_path: Path) -> None:
    doubled_field(team)
    shallow = team.clone(tmp_path / "shallow", "--depth=2")
    before = (shallow.top / team.path).read_bytes()
    found = repair(opened(shallow))
    assert any(item.path == team.path and "shallow" in item.wrong for item in found)
    assert not any(item.done for item in found)
    assert (shallow.top / team.path).read_bytes() == before


def test_an_octopus_merges_line_by_line_whatever_driver_there_is(team: Team) -> None:
    lines = (team.box.top / team.path).read_text().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.startswith("decision:"))
    texts = {
        "one": [*lines[:at], "impact: One\n", *lines[at:]],
        "two": [*lines, "impact: Two\n"],
        "three": [line.replace("Many readers", "Any reader") for line in lines],
    }
    for branch, text in texts.items():
        team.box.run("checkout", "-q", "-b", branch, "side")
        team.box.write(team.path, "".join(text))
        team.box.commit(branch)
    team.on("main")
    team.box.commit("work", code="2\n")
    team.merge("one", "two", "three")
    assert len(team.box.out("log", "-1", "--format=%P").split()) == 4
    assert len(team.repair()) == 1
    record = team.now()
    assert sorted(record.conflicts["impact"]) == ["One", "Two"]
    assert record.rationale == "One file\nAny reader"
    assert team.repair() == []


def test_two_files_of_one_record_become_one(team: Team) -> None:
    """One side renamed and rewrote the file, the other edited it; somebody kept both."""
    rewritten = "\n".join(f"All of it is new, line {number}" for number in range(40))
    renamed = f"{team.path.rpartition('/')[0]}/{ID}-another-name.yaml"
    team.on("side")
    team.box.run("mv", team.path, renamed)
    text = codec.dumps(replace(team.now(renamed), rationale=rewritten, tags=["side"]))
    team.box.write(renamed, text)
    team.box.commit("rename")
    team.on("main")
    team.edit(impact="Fewer servers")
    team.merge(ok=False)
    team.box.run("add", "-A", ".kagura")
    team.box.run("commit", "-q", "-m", "keep both")
    assert (team.box.top / team.path).exists()
    assert (team.box.top / renamed).exists()
    (done,) = team.repair()
    assert "2 files" in done.wrong
    (left,) = [p for p in (team.path, renamed) if (team.box.top / p).exists()]
    record = team.now(left)
    assert record.impact == "Fewer servers"
    assert record.tags == ["side"]
    assert record.rationale == rewritten
    assert sorted(team.status().split("\n")) == sorted(
        [f"M  {left}", f"D  {renamed if left == team.path else team.path}"]
    )
    assert team.repair() == []


def test_a_copy_under_another_name_goes(team: Team) -> None:
    copy = f"{team.path.rpartition('/')[0]}/{ID}-copy.yaml"
    team.box.write(copy, (team.box.top / team.path).read_bytes())
    assert len(team.repair()) == 1
    assert (team.box.top / team.path).exists()
    assert not (team.box.top / copy).exists()
    assert team.status() == ""


def test_the_repaired_record_is_found_by_the_words_of_both_sides(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGURA_SEARCH_MODEL", "test:hash")
    team.edit_on("side", impact="Xylophones everywhere")
    team.edit(impact="Bassoons nowhere")
    team.merge_keeping_ours()
    team.repair()
    team.box.run("commit", "-q", "-m", "repaired")
    memory = SyncCodingMemory(str(team.box.top))
    for words in ("xylophones", "bassoons"):
        assert [hit.id for hit in memory.search(words)][:1] == [ID]
